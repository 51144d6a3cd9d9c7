"""Successes and conditions of proofs in the middle of a session, for the test of side effects."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario
from tests.handlers.auth.test_oauth import linked, opened, told
from tests.handlers.auth.test_passwords import NEW
from tests.handlers.auth.test_two_factor import WRONG, Factor
from tests.handlers.support import account
from tests.harness import PASSWORD, Api, Tables, bearer

CONFIRM = "auth.confirmation.confirm"
WRONG_PASSWORD = "Wrong-Horse-7"
GUESSES = 5  # before a lock


def confirm(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call(CONFIRM, {"password": PASSWORD}, headers=headers)


def confirm_with_app(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    headers = bearer(factor.sign_in())
    return lambda: api.call(CONFIRM, {"password": PASSWORD, "code": factor.code()}, headers=headers)


def confirm_with_backup_code(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    headers = bearer(factor.sign_in())
    return lambda: api.call(CONFIRM, {"password": PASSWORD, "code": factor.backup_codes[0]}, headers=headers)


def confirm_with_wrong_code(api: Api, tables: Tables) -> Act:
    headers = bearer(Factor(api, tables).enable().sign_in())
    return lambda: api.call(CONFIRM, {"password": PASSWORD, "code": WRONG}, headers=headers)


def confirm_by_platform(api: Api, tables: Tables) -> Act:
    linked(tables, account(api, tables))
    headers = bearer(api.sign_in())
    with ExitStack() as stack:
        proof = {"platform": told(stack.enter_context(opened(api.server)))}
        standing = stack.pop_all()

    def act() -> Any:
        with standing:
            return api.call(CONFIRM, proof, headers=headers)

    return act


def guessing(operation_id: str, body: Mapping[str, str], times: int) -> Scenario:
    """The last of so many wrong passwords in a row."""

    def prepare(api: Api, tables: Tables) -> Act:
        account(api, tables)
        headers = bearer(api.sign_in())
        api.server.configure(**{"ratelimit.enabled": False})
        for _ in range(times - 1):
            api.call(operation_id, body, headers=headers)
        return lambda: api.call(operation_id, body, headers=headers)

    return prepare


def guessing_beside(operation_id: str, times: int) -> Scenario:
    """The last of so many wrong passwords in a row, beside a mailed token."""

    def prepare(api: Api, tables: Tables) -> Act:
        api.server.configure(**{"ratelimit.enabled": False})
        if operation_id == "auth.verify_email":
            api.register()
            token = api.verification_token()
        else:
            account(api, tables)
            change = {"newEmail": "ada@example.org", "password": PASSWORD}
            api.call("users.emails.change", change, headers=bearer(api.sign_in()))
            token = api.verification_token("ada@example.org")
        body = {"token": token, "password": WRONG_PASSWORD}
        for _ in range(times - 1):
            api.call(operation_id, body)
        return lambda: api.call(operation_id, body)

    return prepare


ASKING: Mapping[str, Mapping[str, str]] = {
    CONFIRM: {"password": WRONG_PASSWORD},
    "auth.passwords.change": {"currentPassword": WRONG_PASSWORD, "newPassword": NEW},
    "auth.two_factor.disable": {"password": WRONG_PASSWORD},
    "users.deactivate": {"password": WRONG_PASSWORD},
    "users.emails.change": {"newEmail": "ada@example.org", "password": WRONG_PASSWORD},
    "gdpr.delete_legacy": {"password": WRONG_PASSWORD},
}
"""Every operation that asks a signed-in person for the password, with a wrong one."""

SCENARIOS: dict[str, Scenario] = {CONFIRM: confirm}
FAILED = {"login_attempts", "auth.password.failure"}
GUESSED: Conditional = {
    operation_id: [
        (guessing(operation_id, body, 1), FAILED),
        (guessing(operation_id, body, GUESSES), FAILED | {"email.password_guessed"}),
    ]
    for operation_id, body in ASKING.items()
} | {
    operation_id: [
        (guessing_beside(operation_id, 1), FAILED),
        (guessing_beside(operation_id, GUESSES), FAILED | {"email.password_guessed"}),
    ]
    for operation_id in ("auth.verify_email", "auth.verify_email_change")
}
CONFIRMED: list[tuple[Scenario, set[str]]] = [
    (confirm_with_app, {"users"}),
    (confirm_with_backup_code, {"backup_codes", "credential_changes"}),
    (confirm_with_wrong_code, {"login_attempts", "auth.confirm.failure"}),
    (confirm_by_platform, {"oauth_used_tokens"}),
]
