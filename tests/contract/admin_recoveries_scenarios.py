"""What recoveries, replaced usernames and erasures on behalf leave behind, for the test of side effects."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.contract.scenario import PAGES, Act, Conditional, Scenario, as_staff, of_creators, with_proofs_open
from tests.handlers.admin.test_recoveries import (
    ADA,
    CONFIRM,
    ELSEWHERE,
    EVIDENCE,
    FACTOR,
    PHONE,
    REASON,
    STOP,
    token_of,
)
from tests.handlers.admin.test_recoveries import move as ask_to_move
from tests.handlers.admin.test_recoveries import reset as ask_to_reset
from tests.handlers.admin.test_usernames import BAD, GOOD, STATEMENT
from tests.handlers.support import account, insert
from tests.harness import Api, Tables
from tests.staff import member

USER = "/admin/users/{id}"
RESET, EMAIL = "admin.recoveries.reset_two_factor", "admin.recoveries.change_email"
REPLACE, ERASE, SPARE = "admin.usernames.replace", "admin.erasures.request", "admin.erasures.cancel"
ASKED = {"evidence": EVIDENCE, "reason": REASON}
PROVEN: dict[str, Any] = {"phone": PHONE, "phone_verified_at": datetime(2026, 1, 1, tzinfo=UTC)}
RENAMED = {"username": GOOD, "statement": STATEMENT, "reason": REASON}
WHY = {"reason": REASON}


def of(**columns: Any) -> Callable[[Tables], Mapping[str, Any]]:
    """An account that staff acts on."""

    def prepare(tables: Tables) -> Mapping[str, Any]:
        row = {"email": ADA, "email_verified": True, "locale": "en"} | columns
        return {"id": insert(tables, "users", **row)}

    return prepare


def leaving(status: str) -> Callable[[Tables], Mapping[str, Any]]:
    def prepare(tables: Tables) -> Mapping[str, Any]:
        filled = of(status=status)(tables)
        insert(tables, "gdpr_requests", user_id=filled["id"], kind="DELETION")
        return filled

    return prepare


def signed_in(tables: Tables) -> Mapping[str, Any]:
    filled = of()(tables)
    lives = {"last_active_at": datetime.now(UTC), "expires_at": "2999-01-01"}
    insert(tables, "sessions", user_id=filled["id"], **lives)
    told = {"token_hash": b"x", "expires_at": "2999-01-01"}
    insert(tables, "password_resets", user_id=filled["id"], **told)
    return filled


def linked(tables: Tables) -> Mapping[str, Any]:
    filled = of(username=BAD)(tables)
    insert(tables, "referral_links", user_id=filled["id"], code=BAD)
    return filled


def cancel(api: Api, tables: Tables) -> Act:
    caller = member(api.server, "ADMIN")
    request = ask_to_reset(api, caller, account(api, tables, **FACTOR)).json()["data"]["id"]
    path = f"/admin/recoveries/{request}/cancel"
    return lambda: api.call("admin.recoveries.cancel", WHY, path=path, headers=caller.headers)


def stop(api: Api, tables: Tables) -> Act:
    ask_to_reset(api, member(api.server, "ADMIN"), account(api, tables, **FACTOR))
    token = token_of(api.mails(ADA)[0], STOP)
    return lambda: api.call("auth.recoveries.stop", {"token": token})


def confirm(api: Api, tables: Tables) -> Act:
    ask_to_move(api, member(api.server, "ADMIN"), account(api, tables))
    token = token_of(api.mails(ELSEWHERE)[0], CONFIRM)
    return lambda: api.call("auth.recoveries.confirm", {"token": token})


def resetting(**columns: Any) -> Scenario:
    return as_staff(RESET, ASKED, path=f"{USER}/two-factor/reset", prepare=of(**FACTOR, **columns))


def moving(**columns: Any) -> Scenario:
    return as_staff(EMAIL, ASKED | {"newEmail": ELSEWHERE}, path=f"{USER}/email", prepare=of(**columns))


def renaming(prepare: Callable[[Tables], Mapping[str, Any]], **told: Any) -> Scenario:
    body = RENAMED | {"statement": STATEMENT | told}
    return as_staff(REPLACE, body, path=f"{USER}/username", prepare=prepare, headers={"If-Match": '"1"'})


def erasing(prepare: Callable[[Tables], Mapping[str, Any]], **fields: Any) -> Scenario:
    return as_staff(ERASE, WHY | fields, path=f"{USER}/erasure", prepare=prepare)


def sparing(status: str) -> Scenario:
    return as_staff(SPARE, WHY, path=f"{USER}/erasure/cancel", prepare=leaving(status))


TOLD = "email.statement_of_reasons"
LINKS = {"referral_links", "referral_link_aliases", TOLD}
SCENARIOS: dict[str, Scenario] = {
    RESET: resetting(),
    EMAIL: moving(),
    "admin.recoveries.list": as_staff("admin.recoveries.list"),
    "admin.recoveries.cancel": cancel,
    "auth.recoveries.stop": stop,
    "auth.recoveries.confirm": confirm,
    REPLACE: renaming(of(username=BAD), massSpam=True),
    ERASE: erasing(of(status="BANNED")),
    SPARE: sparing("BANNED"),
}
CONDITIONAL: Conditional = {
    RESET: [(resetting(**PROVEN), {"sms.recovery_requested"})],
    EMAIL: [(moving(**PROVEN), {"sms.recovery_requested"})],
    REPLACE: [(renaming(linked), LINKS), (of_creators(renaming(of(username=BAD), massSpam=True)), PAGES)],
    ERASE: [
        (of_creators(erasing(of())), {"users"} | PAGES),
        (with_proofs_open(erasing(signed_in)), {"users", "sessions", "challenges", "email_changes", "password_resets"}),
        (erasing(of(status="BANNED"), skipGrace=True), {"gdpr.erase", "-email.deletion_scheduled"}),
    ],
    SPARE: [(of_creators(sparing("DEACTIVATED")), {"users"} | PAGES)],
}
