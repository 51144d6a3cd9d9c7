"""``x-biore-side-effects`` against the tables: what an operation declares is what it does, no more and no less."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import httpx
import pytest

from contract.policy import SideEffect
from tests.contract import (
    account_scenarios,
    admin_audit_scenarios,
    admin_cases_scenarios,
    admin_config_scenarios,
    admin_content_scenarios,
    admin_coupons_scenarios,
    admin_creators_scenarios,
    admin_finance_scenarios,
    admin_jobs_scenarios,
    admin_payout_scenarios,
    admin_providers_scenarios,
    admin_recoveries_scenarios,
    admin_rules_scenarios,
    admin_scenarios,
    admin_translations_scenarios,
    admin_trust_scenarios,
    admin_user_scenarios,
    bank_scenarios,
    confirmation_scenarios,
    content_scenarios,
    creator_bio_scenarios,
    creator_kyc_scenarios,
    creator_links_scenarios,
    creator_modes_scenarios,
    creator_social_scenarios,
    creator_subscribers_scenarios,
    creator_visits_scenarios,
    discover_lists_scenarios,
    discover_scenarios,
    gdpr_scenarios,
    legal_scenarios,
    oauth_scenarios,
    payout_account_scenarios,
    payout_batches_scenarios,
    payout_scenarios,
    platform_scenarios,
    referral_scenarios,
    report_scenarios,
    simulation_scenarios,
    tax_scenarios,
    ticket_scenarios,
    user_scenarios,
    wallet_scenarios,
)
from tests.contract.operations import CONTRACT, IDS
from tests.contract.scenario import Act, Conditional, Scenario, with_proofs_open
from tests.handlers.support import account, insert
from tests.harness import PASSWORD, Api, Tables, bearer
from tests.recording import record_effects

PHONE = "+905551112212"
CODE_REQUEST = {"phone": PHONE, "purpose": "verify-phone-fan"}


class Seen(NamedTuple):
    """What one call left behind."""

    tables: set[str]
    topics: set[str]
    actions: set[str]


def register(api: Api, tables: Tables) -> Act:
    return api.register


def verify_email(api: Api, tables: Tables) -> Act:
    api.register()
    token = api.verification_token()
    return lambda: api.call("auth.verify_email", {"token": token})


def resend_verification(api: Api, tables: Tables) -> Act:
    api.register()
    return lambda: api.call("auth.resend_verification", {"email": "ada@example.com"})


def login(api: Api, tables: Tables) -> Act:
    account(api, tables)
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": "Correct-Horse-7"})


def refresh(api: Api, tables: Tables) -> Act:
    _sign_in(api, tables)
    return lambda: api.call("auth.refresh")


def logout(api: Api, tables: Tables) -> Act:
    return lambda: api.call("auth.logout")


def reading(operation_id: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        headers = bearer(_sign_in(api, tables))
        return lambda: api.call(operation_id, headers=headers)

    return prepare


def _sign_in(api: Api, tables: Tables) -> str:
    account(api, tables)
    return api.sign_in()


def send_code(api: Api, tables: Tables) -> Act:
    return lambda: api.call("auth.otp.send", CODE_REQUEST)


def verify_code(api: Api, tables: Tables) -> Act:
    answer = {"challengeId": _open_challenge(api), "code": _sent_code(api)}
    return lambda: api.call("auth.otp.verify", answer)


def resend_code(api: Api, tables: Tables) -> Act:
    api.server.configure(**{"auth.otp_resend_cooldown_seconds": 0})
    challenge_id = _open_challenge(api)
    return lambda: api.call("auth.otp.resend", {"challengeId": challenge_id})


def look_at_challenge(api: Api, tables: Tables) -> Act:
    path = f"/auth/challenge/{_open_challenge(api)}"
    return lambda: api.call("auth.otp.challenge", path=path)


def _open_challenge(api: Api, token: str | None = None) -> str:
    purpose, headers = ("verify-phone-profile", bearer(token)) if token else ("verify-phone-fan", {})
    response = api.call("auth.otp.send", CODE_REQUEST | {"purpose": purpose}, headers=headers)
    return str(response.json()["data"]["challengeId"])


def _sent_code(api: Api) -> str:
    match = re.search(r"[0-9]{6}", api.mails(PHONE)[0]["text"])
    assert match is not None
    return match[0]


SCENARIOS: dict[str, Scenario] = (
    account_scenarios.SCENARIOS
    | admin_audit_scenarios.SCENARIOS
    | admin_jobs_scenarios.SCENARIOS
    | admin_config_scenarios.SCENARIOS
    | admin_scenarios.SCENARIOS
    | bank_scenarios.SCENARIOS
    | payout_batches_scenarios.SCENARIOS
    | tax_scenarios.SCENARIOS
    | admin_user_scenarios.SCENARIOS
    | admin_cases_scenarios.SCENARIOS
    | admin_rules_scenarios.SCENARIOS
    | admin_content_scenarios.SCENARIOS
    | admin_recoveries_scenarios.SCENARIOS
    | admin_translations_scenarios.SCENARIOS
    | admin_trust_scenarios.SCENARIOS
    | admin_providers_scenarios.SCENARIOS
    | confirmation_scenarios.SCENARIOS
    | content_scenarios.SCENARIOS
    | creator_modes_scenarios.SCENARIOS
    | creator_bio_scenarios.SCENARIOS
    | creator_links_scenarios.SCENARIOS
    | creator_subscribers_scenarios.SCENARIOS
    | creator_kyc_scenarios.SCENARIOS
    | payout_account_scenarios.SCENARIOS
    | creator_social_scenarios.SCENARIOS
    | oauth_scenarios.SCENARIOS
    | discover_scenarios.SCENARIOS
    | discover_lists_scenarios.SCENARIOS
    | platform_scenarios.SCENARIOS
    | user_scenarios.SCENARIOS
    | gdpr_scenarios.SCENARIOS
    | legal_scenarios.SCENARIOS
    | referral_scenarios.SCENARIOS
    | report_scenarios.SCENARIOS
    | simulation_scenarios.SCENARIOS
    | admin_coupons_scenarios.SCENARIOS
    | admin_creators_scenarios.SCENARIOS
    | admin_finance_scenarios.SCENARIOS
    | admin_payout_scenarios.SCENARIOS
    | creator_visits_scenarios.SCENARIOS
    | ticket_scenarios.SCENARIOS
    | wallet_scenarios.SCENARIOS
    | payout_scenarios.SCENARIOS
    | {
        "auth.register": register,
        "auth.verify_email": verify_email,
        "auth.resend_verification": resend_verification,
        "auth.login": login,
        "auth.refresh": refresh,
        "auth.logout": logout,
        "auth.me": reading("auth.me"),
        "users.profile": reading("users.profile"),
        "creators.social": reading("creators.social"),
        "auth.otp.send": send_code,
        "auth.otp.verify": verify_code,
        "auth.otp.resend": resend_code,
        "auth.otp.challenge": look_at_challenge,
        "dev.mailbox": reading("dev.mailbox"),
    }
)


def failed_login(api: Api, tables: Tables) -> Act:
    account(api, tables)
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": "Wrong-Horse-7"})


def stolen_refresh(api: Api, tables: Tables) -> Act:
    _sign_in(api, tables)
    stolen = api.cookies["biore_refresh"]
    for _ in range(2):
        api.keep_cookie(api.call("auth.refresh"))
    api.cookies.set("biore_refresh", stolen, path="/api/v1/auth")
    return lambda: api.call("auth.refresh")


def stolen_refresh_with_alert(api: Api, tables: Tables) -> Act:
    api.server.configure(**{"security.alert_email": "alert@example.com"})
    return stolen_refresh(api, tables)


def live_logout(api: Api, tables: Tables) -> Act:
    _sign_in(api, tables)
    return lambda: api.call("auth.logout")


def verify_phone_of_profile(api: Api, tables: Tables) -> Act:
    challenge_id = _open_challenge(api, _sign_in(api, tables))
    answer = {"challengeId": challenge_id, "code": _sent_code(api)}
    return lambda: api.call("auth.otp.verify", answer)


def verify_email_with_password(api: Api, tables: Tables) -> Act:
    api.register()
    body = {"token": api.verification_token(), "password": PASSWORD}
    return lambda: api.call("auth.verify_email", body)


def verify_email_of_platform(api: Api, tables: Tables) -> Act:
    """A platform that did not verify the address opened the account."""
    api.register()
    tables.run("UPDATE users SET password_hash = NULL")
    insert(
        tables,
        "social_accounts",
        user_id=tables.one("SELECT id FROM users")["id"],
        platform="x",
        platform_user_id="1",
        verified=True,
    )
    body = {"token": api.verification_token()}
    return lambda: api.call("auth.verify_email", body)


def wrong_code(api: Api, tables: Tables) -> Act:
    challenge_id = _open_challenge(api)
    wrong = f"{(int(_sent_code(api)) + 1) % 10**6:06}"
    return lambda: api.call("auth.otp.verify", {"challengeId": challenge_id, "code": wrong})


# What each scenario shows of the effects that are declared with ``when``.
CONDITIONAL: Conditional = (
    account_scenarios.CONDITIONAL
    | admin_audit_scenarios.CONDITIONAL
    | admin_jobs_scenarios.CONDITIONAL
    | admin_config_scenarios.CONDITIONAL
    | admin_scenarios.CONDITIONAL
    | bank_scenarios.CONDITIONAL
    | payout_batches_scenarios.CONDITIONAL
    | admin_user_scenarios.CONDITIONAL
    | admin_cases_scenarios.CONDITIONAL
    | admin_rules_scenarios.CONDITIONAL
    | admin_content_scenarios.CONDITIONAL
    | admin_recoveries_scenarios.CONDITIONAL
    | admin_translations_scenarios.CONDITIONAL
    | admin_trust_scenarios.CONDITIONAL
    | admin_providers_scenarios.CONDITIONAL
    | creator_links_scenarios.CONDITIONAL
    | creator_subscribers_scenarios.CONDITIONAL
    | creator_kyc_scenarios.CONDITIONAL
    | payout_account_scenarios.CONDITIONAL
    | creator_social_scenarios.CONDITIONAL
    | oauth_scenarios.CONDITIONAL
    | platform_scenarios.CONDITIONAL
    | user_scenarios.CONDITIONAL
    | creator_modes_scenarios.CONDITIONAL
    | creator_bio_scenarios.CONDITIONAL
    | gdpr_scenarios.CONDITIONAL
    | referral_scenarios.CONDITIONAL
    | report_scenarios.CONDITIONAL
    | simulation_scenarios.CONDITIONAL
    | admin_creators_scenarios.CONDITIONAL
    | admin_finance_scenarios.CONDITIONAL
    | admin_payout_scenarios.CONDITIONAL
    | discover_lists_scenarios.CONDITIONAL
    | creator_visits_scenarios.CONDITIONAL
    | ticket_scenarios.CONDITIONAL
    | wallet_scenarios.CONDITIONAL
    | tax_scenarios.CONDITIONAL
    | {
        "auth.login": [(failed_login, {"login_attempts", "auth.login.failure"}), *account_scenarios.LOGIN],
        "auth.refresh": [
            (
                with_proofs_open(stolen_refresh),
                {
                    "email.session_theft",
                    "auth.refresh.reuse_detected",
                    "challenges",
                    "users",
                    "email_changes",
                    "known_devices",
                    "password_resets",
                },
            ),
            (
                stolen_refresh_with_alert,
                {"email.session_theft", "email.session_theft_alert", "auth.refresh.reuse_detected", "password_resets"},
            ),
        ],
        "auth.otp.verify": [
            (verify_phone_of_profile, {"users", "credential_changes", "email.phone_changed"}),
            (wrong_code, {"auth.otp.verify.failure"}),
        ],
        "auth.verify_email": [
            (verify_email_with_password, {"credential_changes"}),
            (
                verify_email_of_platform,
                {"credential_changes", "social_accounts", "password_resets", "email.reset_password"},
            ),
        ],
        "auth.logout": [(live_logout, {"sessions", "auth.logout.success"})],
        confirmation_scenarios.CONFIRM: confirmation_scenarios.CONFIRMED,
    }
)
for _operation_id, _scenarios in [
    *confirmation_scenarios.GUESSED.items(),
    *admin_rules_scenarios.WRITTEN.items(),
    *referral_scenarios.REFERRED.items(),
]:
    CONDITIONAL[_operation_id] = [*CONDITIONAL.get(_operation_id, ()), *_scenarios]


def declared(effects: Iterable[SideEffect]) -> Seen:
    by_kind: dict[str, set[str]] = {"write": set(), "job": set(), "audit": set()}
    for effect in effects:
        by_kind[effect.kind].update(effect.what)
    implied = ({"outbox"} if by_kind["job"] else set()) | ({"audit_logs"} if by_kind["audit"] else set())
    return Seen(by_kind["write"] | implied, by_kind["job"], by_kind["audit"])


def observe(tables: Tables, act: Act) -> tuple[httpx.Response, Seen]:
    before, topics, actions = tables.fingerprints(), names(tables, "outbox"), names(tables, "audit_logs")
    response = act()
    return response, Seen(
        tables.changed_since(before),
        set(names(tables, "outbox") - topics),
        set(names(tables, "audit_logs") - actions),
    )


def names(tables: Tables, table: str) -> Counter[Any]:
    column = {"outbox": "topic", "audit_logs": "action"}[table]
    return Counter(row[column] for row in tables.rows(f"SELECT {column} FROM {table}"))  # noqa: S608


@pytest.mark.parametrize("operation_id", IDS)
def test_a_success_does_what_is_declared(api: Api, tables: Tables, operation_id: str) -> None:
    assert operation_id in SCENARIOS, f"write a scenario in which {operation_id} succeeds"
    response, seen = observe(tables, SCENARIOS[operation_id](api, tables))
    record_effects(operation_id, *seen)
    assert response.status_code < 300, response.text
    effects = CONTRACT.policies[operation_id].side_effects
    assert seen == declared(effect for effect in effects if not effect.conditional)


@pytest.mark.parametrize(
    ("operation_id", "scenario", "shown"),
    [(name, scenario, shown) for name, scenarios in CONDITIONAL.items() for scenario, shown in scenarios],
)
def test_a_condition_does_what_is_declared(
    api: Api, tables: Tables, operation_id: str, scenario: Scenario, shown: set[str]
) -> None:
    response, seen = observe(tables, scenario(api, tables))
    record_effects(operation_id, *seen)
    effects = CONTRACT.policies[operation_id].side_effects
    conditional = declared(effect for effect in effects if effect.conditional)
    everything = declared(effects)
    always = declared(effect for effect in effects if not effect.conditional and response.status_code < 300)
    lacking = {name.removeprefix("-") for name in shown if name.startswith("-")}
    shown = {name for name in shown if not name.startswith("-")}
    expected = (shown & (everything.topics | everything.actions)).union(*always[1:]) - lacking
    assert seen.topics | seen.actions == expected
    assert shown <= seen.tables | seen.topics | seen.actions
    assert shown <= conditional.tables | conditional.topics | conditional.actions
    assert seen.tables <= everything.tables


@pytest.mark.parametrize("operation_id", IDS)
def test_every_condition_is_seen(operation_id: str) -> None:
    effects = CONTRACT.policies[operation_id].side_effects
    wanted = {what for effect in effects if effect.conditional for what in effect.what}
    shown = {what for _, shown in CONDITIONAL.get(operation_id, ()) for what in shown}
    seen = {what for what in shown if not what.startswith("-")}
    assert seen == wanted, f"write a scenario for each condition of {operation_id}"


@pytest.mark.parametrize("operation_id", [name for name in IDS if CONTRACT.policies[name].dry_run])
def test_a_dry_run_leaves_nothing_in_any_table(api: Api, tables: Tables, operation_id: str) -> None:
    """It is answered like the call itself, and nothing of all that the call would leave is there."""
    act = SCENARIOS[operation_id](api, tables)
    before = tables.fingerprints()
    api.params = {"dryRun": "true"}
    response = act()
    assert response.status_code < 300, response.text
    assert response.json()["dryRun"] is True
    assert tables.changed_since(before) == set()
