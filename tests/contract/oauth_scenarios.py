"""Successes and conditions of sign-in through platforms, for the test of side effects."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.contract.scenario import PAGES, Act, Conditional, Scenario, of_creators, with_proofs_open
from tests.handlers.auth.test_known_devices import FIREFOX
from tests.handlers.auth.test_oauth import linked, opened, told, traded
from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer
from tests.oidc_server import Platform
from tests.restrictions import excluded

Body = dict[str, Any]
Proof = Callable[[Platform], Body]


def entering(proof: Proof = told, columns: dict[str, Any] | None = None, *, link: bool = False) -> Scenario:
    """Somebody signs in; ``columns`` are of an account that has the address, ``link`` of one that is linked."""

    def prepare(api: Api, tables: Tables) -> Act:
        if columns is not None:
            user_id = account(api, tables, **columns)
            if link:
                linked(tables, user_id)
        return _while_open(api, lambda platform: api.call("auth.oauth.login", proof(platform)))

    return prepare


def _kept_mailbox(platform: Platform) -> Body:
    """The platform keeps the mailbox of the address."""
    return told(platform, hd="example.com")


def proving(api: Api, tables: Tables) -> Act:
    """Who opened an account through a platform shows what was mailed to its address."""
    token: list[str] = []

    def come(platform: Platform) -> None:
        api.call("auth.oauth.login", unverified(platform))
        token.append(api.verification_token())

    def come_again(platform: Platform) -> httpx.Response:
        return api.call("auth.oauth.login", unverified(platform) | {"verificationToken": token[0]})

    return _while_open(api, come_again, come)


def linking_of_unproven(api: Api, tables: Tables) -> Act:
    account(api, tables, owner_unproven=True)
    headers = bearer(api.sign_in())
    return _while_open(api, lambda platform: api.call("auth.oauth.link", _kept_mailbox(platform), headers=headers))


def linking(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    return _while_open(api, lambda platform: api.call("auth.oauth.link", told(platform), headers=headers))


def unlinking(api: Api, tables: Tables) -> Act:
    linked(tables, account(api, tables))
    headers = bearer(api.sign_in())
    return lambda: api.call("auth.oauth.unlink", path="/auth/oauth/unlink/google", headers=headers)


def adopting(api: Api, tables: Tables) -> Act:
    """An account whose owner was not proven, with all that may be pending."""
    factor: dict[str, Any] = {
        "two_factor_enabled": True,
        "two_factor_secret": "x",
        "two_factor_enabled_at": datetime.now(UTC),
    }
    user_id = account(api, tables, owner_unproven=True, **factor)
    insert(tables, "backup_codes", user_id=user_id, code_hash=b"1")
    link = {"user_id": user_id, "token_hash": b"1", "expires_at": "2999-01-01"}
    insert(tables, "email_changes", new_email="eve@example.org", **link)
    insert(tables, "password_resets", **link)
    return _while_open(api, lambda platform: api.call("auth.oauth.login", _kept_mailbox(platform)))


def looking(api: Api, tables: Tables) -> Act:
    return _while_open(api, lambda _: api.call("auth.oauth.providers"))


def _while_open(
    api: Api, call: Callable[[Platform], httpx.Response], before: Callable[[Platform], None] = lambda _: None
) -> Act:
    """The platform stands from now on until the call has its answer."""
    with ExitStack() as stack:
        platform = stack.enter_context(opened(api.server))
        before(platform)
        standing = stack.pop_all()

    def act() -> httpx.Response:
        with standing:
            return call(platform)

    return act


def unverified(platform: Platform) -> Body:
    return traded(platform, profile={"confirmed_email": "ada@example.com"})


SCENARIOS: dict[str, Scenario] = {
    "auth.oauth.providers": looking,
    "auth.oauth.login": entering(columns={}, link=True),
    "auth.oauth.link": linking,
    "auth.oauth.unlink": unlinking,
}
LINKED = {"social_accounts", "credential_changes", "email.provider_linked", "auth.oauth.link.success"}
REFUSED = {"auth.oauth.login.failure"}


def unlinking_with_another_session(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables)
    linked(tables, user_id)
    api.sign_in()
    headers = bearer(api.sign_in())
    return lambda: api.call("auth.oauth.unlink", path="/auth/oauth/unlink/google", headers=headers)


def from_a_new_device(api: Api, tables: Tables) -> Act:
    linked(tables, account(api, tables))
    api.sign_in()
    api.headers.update(FIREFOX)
    return _while_open(api, lambda platform: api.call("auth.oauth.login", told(platform)))


def after_an_exclusion(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables)
    linked(tables, user_id)
    excluded(tables, user_id, datetime.now(UTC))
    return _while_open(api, lambda platform: api.call("auth.oauth.login", told(platform)))


CONDITIONAL: Conditional = {
    "auth.oauth.link": [(linking_of_unproven, {"users"})],
    "auth.oauth.unlink": [
        (with_proofs_open(unlinking_with_another_session), {"challenges", "users", "email_changes", "sessions"})
    ],
    "auth.oauth.login": [
        (entering(), {"social_accounts", "consent_records"}),
        (from_a_new_device, {"email.new_sign_in"}),
        (after_an_exclusion, {"statements_of_reasons", "bans", "email.restriction_ended"}),
        (of_creators(after_an_exclusion), {"statements_of_reasons", "bans", "email.restriction_ended"} | PAGES),
        (
            entering(unverified),
            {"social_accounts", "consent_records", "email_verifications", "credential_changes", "email.verify_address"}
            | REFUSED,
        ),
        (entering(_kept_mailbox, {}), LINKED),
        (adopting, LINKED | {"email_changes", "password_resets", "backup_codes"}),
        (proving, {"email_verifications", "credential_changes", "auth.verify_email.success"}),
        (
            entering(columns={"two_factor_enabled": True, "two_factor_secret": "sealed"}, link=True),
            {"challenges", "-auth.oauth.login.success"},
        ),
        (
            entering(columns={"status": "DEACTIVATED"}, link=True),
            {"reactivation_tokens", "mail_quotas", "email.reactivation"} | REFUSED,
        ),
    ],
}
