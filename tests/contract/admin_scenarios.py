"""What operations of the staff about itself leave behind."""

from domain.codes import clean_code
from domain.keys import Purpose
from tests.contract.confirmation_scenarios import GUESSES
from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.handlers.support import account, insert
from tests.harness import PASSWORD, Api, Tables
from tests.staff import code, grant, member

CONFIRM = "admin.session.confirm"
REASON = "A test of what it leaves behind."


def confirming(**wrong: str) -> Scenario:
    """With password and code of the app, in place of which something ``wrong`` may be sent."""

    def prepare(api: Api, tables: Tables) -> Act:
        caller = member(api.server, "AUDITOR")
        body = {"password": PASSWORD, "code": code()} | wrong
        return lambda: api.call(CONFIRM, body, headers=caller.headers)

    return prepare


def confirm_with_backup_code(api: Api, tables: Tables) -> Act:
    caller, spare = member(api.server, "AUDITOR"), "ABCD-EFGH"
    digest = api.server.app.parts.keyring.digests(Purpose.BACKUP_CODE, str(caller.id), clean_code(spare))[0]
    insert(tables, "backup_codes", user_id=caller.id, code_hash=digest.value, kid=digest.kid)
    told = {"kind": "two_factor_enabled", "token_hash": caller.id.bytes, "expires_at": "2999-01-01", "former": "sealed"}
    insert(tables, "credential_changes", user_id=caller.id, **told)
    body = {"password": PASSWORD, "code": spare}
    return lambda: api.call(CONFIRM, body, headers=caller.headers)


def guessing(times: int) -> Scenario:
    """The last of so many wrong passwords in a row."""

    def prepare(api: Api, tables: Tables) -> Act:
        caller = member(api.server, "AUDITOR")
        body = {"password": "Wrong-Horse-7", "code": "492039"}
        api.server.configure(**{"ratelimit.enabled": False})
        for _ in range(times - 1):
            api.call(CONFIRM, body, headers=caller.headers)
        return lambda: api.call(CONFIRM, body, headers=caller.headers)

    return prepare


def grant_role(api: Api, tables: Tables) -> Act:
    caller = member(api.server, "OWNER")
    account(api, tables)
    body = {"email": "ada@example.com", "role": "OPERATOR", "reason": REASON}
    return lambda: api.call("admin.staff.grant", body, headers=caller.headers)


def revoke_role(api: Api, tables: Tables) -> Act:
    caller = member(api.server, "OWNER")
    user_id = account(api, tables)
    grant(api.server, user_id, "OPERATOR")
    path, body = f"/admin/staff/{user_id}/revoke", {"role": "OPERATOR", "reason": REASON}
    return lambda: api.call("admin.staff.revoke", body, path=path, headers=caller.headers)


SCENARIOS: dict[str, Scenario] = {
    "admin.me": as_staff("admin.me"),
    "admin.roles.list": as_staff("admin.roles.list"),
    CONFIRM: confirming(),
    "admin.staff.grant": grant_role,
    "admin.staff.list": as_staff("admin.staff.list"),
    "admin.staff.revoke": revoke_role,
}
FAILED = {"login_attempts", "auth.password.failure"}
CONDITIONAL: Conditional = {
    CONFIRM: [
        (confirm_with_backup_code, {"backup_codes", "credential_changes"}),
        (confirming(code="000000"), {"login_attempts", "admin.session.confirm_failure"}),
        (guessing(1), FAILED),
        (guessing(GUESSES), FAILED | {"email.password_guessed"}),
    ]
}
