"""Successes and conditions of second factors, passwords, sessions and reactivation, for the test of side effects."""

from datetime import UTC, datetime

from tests.contract.scenario import (
    PAGES,
    Act,
    Conditional,
    Scenario,
    calling,
    of_creators,
    open_email_changes,
    with_proofs_open,
)
from tests.handlers.auth.test_changes import undo_token
from tests.handlers.auth.test_known_devices import FIREFOX
from tests.handlers.auth.test_oauth import linked
from tests.handlers.auth.test_passwords import NEW, reset_token
from tests.handlers.auth.test_reactivation import deactivated
from tests.handlers.auth.test_two_factor import WRONG, Factor
from tests.handlers.support import account, change, insert
from tests.handlers.users.test_emails import change_token
from tests.harness import PASSWORD, Api, Tables, bearer
from tests.restrictions import excluded

RELEASED = {"statements_of_reasons", "bans", "email.restriction_ended"}


def second_factor(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    challenge = factor.start_sign_in()
    return lambda: factor.finish(challenge, factor.code())


def second_factor_by_backup_code(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    challenge = factor.start_sign_in()
    return lambda: factor.finish(challenge, factor.backup_codes[0])


def wrong_second_factor(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    challenge = factor.start_sign_in()
    return lambda: factor.finish(challenge, WRONG)


def wrong_second_factor_again(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    challenge = factor.start_sign_in()
    for _ in range(4):
        factor.finish(challenge, WRONG)
    return lambda: factor.finish(challenge, WRONG)


def second_factor_from_a_new_device(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    api.headers.update(FIREFOX)
    challenge = factor.start_sign_in()
    return lambda: factor.finish(challenge, factor.code())


def login_from_a_new_device(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    api.headers.update(FIREFOX)
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


def login_after_failures(api: Api, tables: Tables) -> Act:
    account(api, tables)
    for _ in range(5):
        api.call("auth.login", {"email": "ada@example.com", "password": "Wrong-Horse-7"})
    tables.run("UPDATE login_attempts SET locked_until = NULL")
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


def asked_for_second_factor(api: Api, tables: Tables) -> Act:
    Factor(api, tables).enable()
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


def deactivated_login(api: Api, tables: Tables) -> Act:
    account(api, tables, status="DEACTIVATED")
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


def verify_factor(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables)
    headers = bearer(factor.token)
    return lambda: api.call("auth.two_factor.verify", {"code": factor.code()}, headers=headers)


def verify_factor_wrongly(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables)
    return lambda: api.call("auth.two_factor.verify", {"code": WRONG}, headers=bearer(factor.token))


def verify_factor_with_all_else_open(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables)
    open_email_changes(tables)
    insert(tables, "challenges", purpose="login", user_id=factor.user_id, expires_at="2999-01-01")
    headers = bearer(factor.token)
    return lambda: api.call("auth.two_factor.verify", {"code": factor.code()}, headers=headers)


def disable_factor(api: Api, tables: Tables) -> Act:
    headers = bearer(Factor(api, tables).enable().sign_in())
    return lambda: api.call("auth.two_factor.disable", {"password": PASSWORD}, headers=headers)


def _regenerate(factor: Factor, code: str) -> Act:
    headers = bearer(factor.sign_in())
    return lambda: factor.api.call("auth.two_factor.regenerate_backup_codes", {"code": code}, headers=headers)


def regenerate_codes(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    return _regenerate(factor, factor.code())


def regenerate_codes_beside_another_session(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    factor.sign_in()
    return _regenerate(factor, factor.code())


def regenerate_codes_wrongly(api: Api, tables: Tables) -> Act:
    return _regenerate(Factor(api, tables).enable(), WRONG)


def _reset(api: Api) -> Act:
    token = reset_token(api)
    return lambda: api.call("auth.passwords.reset", {"token": token, "newPassword": NEW})


def reset_password(api: Api, tables: Tables) -> Act:
    account(api, tables)
    return _reset(api)


def reset_password_of_signed_in(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    api.call("auth.login", {"email": "ada@example.com", "password": "Wrong-Horse-7"})
    return _reset(api)


def reset_password_of_unverified(api: Api, tables: Tables) -> Act:
    assert api.register().status_code == 201
    return _reset(api)


def _unproven(api: Api, tables: Tables) -> Factor:
    """An account with a second factor and a platform whose owner did not show yet to read its mail."""
    factor = Factor(api, tables).enable()
    change(tables, "users", factor.user_id, owner_unproven=True)
    insert(tables, "social_accounts", user_id=factor.user_id, platform="x", platform_user_id="1", verified=True)
    api.server.work_off()
    return factor


def reset_password_of_unproven(api: Api, tables: Tables) -> Act:
    _unproven(api, tables)
    return _reset(api)


def _undo(api: Api) -> Act:
    api.server.work_off()
    token = undo_token(api)
    return lambda: api.call("auth.changes.undo", {"token": token})


def disown_verified(api: Api, tables: Tables) -> Act:
    """Somebody signed in to it."""
    act = disown(api, tables)
    api.call("auth.verify_email", {"token": api.verification_token()})
    tables.run("UPDATE users SET last_login_at = now()")
    return act


def disown_with_files(api: Api, tables: Tables) -> Act:
    act = disown_verified(api, tables)
    owner = tables.one("SELECT id FROM users")["id"]
    request_id = insert(tables, "gdpr_requests", user_id=owner, kind="EXPORT", status="COMPLETED")
    file = {"user_id": owner, "provider": "local", "expires_at": datetime.now(UTC)}
    insert(tables, "uploads", key="u", kind="media", content_type="image/png", max_bytes=9, status="STORED", **file)
    insert(tables, "data_exports", key="e", request_id=request_id, size=9, **file)
    return act


def disown(api: Api, tables: Tables) -> Act:
    api.register()
    return _undo(api)


def undo_factor(api: Api, tables: Tables) -> Act:
    factor = Factor(api, tables).enable()
    act = _undo(api)
    factor.start_sign_in()
    insert(tables, "social_accounts", user_id=factor.user_id, platform="x", platform_user_id="1", verified=True)
    open_email_changes(tables)
    factor.sign_in()
    return act


def undo_move(api: Api, tables: Tables) -> Act:
    account(api, tables)
    token = change_token(api, api.sign_in())
    api.call("auth.verify_email_change", {"token": token})
    return _undo(api)


def undo_username(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables, username="ada")
    insert(tables, "referral_links", user_id=user_id, code="ada")
    api.call("users.usernames.change", {"username": "countess"}, headers=bearer(api.sign_in()))
    return _undo(api)


def undo_deletion(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.call("gdpr.delete", headers=bearer(api.sign_in()))
    return _undo(api)


def change_password_with_all_else_open(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    tables.run("UPDATE known_devices SET network = 'elsewhere'")
    headers = bearer(api.sign_in())
    linked(tables, tables.one("SELECT id FROM users")["id"])
    reset_token(api)
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    return lambda: api.call("auth.passwords.change", body, headers=headers)


def revoke_session(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    other = tables.one("SELECT id FROM sessions")["id"]
    headers = bearer(api.sign_in())
    return lambda: api.call("auth.sessions.revoke", path=f"/auth/sessions/{other}", headers=headers)


def revoke_other_sessions(api: Api, tables: Tables) -> Act:
    account(api, tables)
    api.sign_in()
    tables.run("UPDATE known_devices SET network = 'elsewhere'")
    headers = bearer(api.sign_in())
    return lambda: api.call("auth.sessions.revoke_all", headers=headers)


def validate_reactivation(api: Api, tables: Tables) -> Act:
    token = deactivated(api, tables)
    return lambda: api.call("auth.reactivation.validate", params={"token": token})


def reactivate_by_session(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables)
    headers = bearer(api.sign_in())
    change(tables, "users", user_id, status="DEACTIVATED")
    return lambda: api.call("users.reactivate", headers=headers)


def reactivate_by_token_with_deletion_pending(api: Api, tables: Tables) -> Act:
    token = deactivated(api, tables)
    insert(tables, "gdpr_requests", user_id=tables.one("SELECT id FROM users")["id"], kind="DELETION")
    return lambda: api.call("users.reactivate", {"token": token})


def forgot_password(api: Api, tables: Tables) -> Act:
    account(api, tables)
    return lambda: api.call("auth.passwords.forgot", {"email": "ada@example.com"})


SCENARIOS: dict[str, Scenario] = {
    "auth.two_factor.login": second_factor,
    "auth.two_factor.setup": calling("auth.two_factor.setup"),
    "auth.two_factor.setup_init": calling("auth.two_factor.setup_init"),
    "auth.two_factor.verify": verify_factor,
    "auth.two_factor.disable": calling("auth.two_factor.disable", {"password": PASSWORD}),
    "auth.two_factor.regenerate_backup_codes": regenerate_codes,
    "auth.two_factor.status": calling("auth.two_factor.status"),
    "auth.changes.undo": disown_verified,
    "auth.passwords.forgot": forgot_password,
    "auth.passwords.reset": reset_password,
    "auth.passwords.change": calling("auth.passwords.change", {"currentPassword": PASSWORD, "newPassword": NEW}),
    "auth.sessions.list": calling("auth.sessions.list"),
    "auth.sessions.revoke": revoke_session,
    "auth.sessions.revoke_all": calling("auth.sessions.revoke_all"),
    "auth.reactivation.validate": validate_reactivation,
    "users.reactivate": reactivate_by_session,
}

FAILED = {"login_attempts"}
UNDONE = {"email.change_undone"}
CANCELLED = {"gdpr_requests", "email.deletion_cancelled", "gdpr.delete.cancelled"}
CONDITIONAL: Conditional = {
    "auth.two_factor.login": [
        (second_factor_by_backup_code, {"backup_codes", "credential_changes"}),
        (wrong_second_factor, {"login_attempts", "auth.2fa.login.failure"}),
        (
            wrong_second_factor_again,
            {"login_attempts", "mail_quotas", "email.wrong_second_factors", "auth.2fa.login.failure"},
        ),
        (second_factor_from_a_new_device, {"email.new_sign_in"}),
    ],
    "auth.two_factor.verify": [
        (verify_factor_wrongly, FAILED),
        (verify_factor_with_all_else_open, {"challenges", "email_changes"}),
    ],
    "auth.two_factor.disable": [
        (with_proofs_open(disable_factor), {"users", "backup_codes", "challenges", "email_changes"})
    ],
    "auth.two_factor.regenerate_backup_codes": [
        (regenerate_codes_wrongly, FAILED),
        (with_proofs_open(regenerate_codes_beside_another_session), {"challenges", "email_changes", "sessions"}),
    ],
    "auth.changes.undo": [
        (disown, {"email_verifications", "consent_records"}),
        (disown_with_files, {"uploads", "data_exports"}),
        (
            undo_factor,
            {
                "password_resets",
                "sessions",
                "known_devices",
                "social_accounts",
                "backup_codes",
                "challenges",
                "email_changes",
            }
            | UNDONE,
        ),
        (undo_move, {"password_resets", "email.address_returned"} | UNDONE),
        (undo_username, {"username_history", "referral_links", "referral_link_aliases"} | UNDONE),
        (
            of_creators(undo_username),
            {"username_history", "referral_links", "referral_link_aliases"} | UNDONE | PAGES,
        ),
        (undo_deletion, {"reactivation_tokens", "gdpr_requests", "password_resets"} | UNDONE),
    ],
    "auth.passwords.reset": [
        (reset_password_of_unproven, {"social_accounts", "backup_codes"}),
        (
            with_proofs_open(reset_password_of_signed_in),
            {"sessions", "email_changes", "challenges", "known_devices", "login_attempts"},
        ),
        (reset_password_of_unverified, {"email_verifications"}),
    ],
    "auth.passwords.change": [
        (
            with_proofs_open(change_password_with_all_else_open),
            {"sessions", "password_resets", "email_changes", "challenges", "known_devices", "social_accounts"},
        )
    ],
    "auth.sessions.revoke": [(with_proofs_open(revoke_session), {"challenges", "users", "email_changes"})],
    "auth.sessions.revoke_all": [
        (
            with_proofs_open(revoke_other_sessions),
            {"sessions", "challenges", "users", "email_changes", "known_devices"},
        )
    ],
    "users.reactivate": [
        (reactivate_by_token_with_deletion_pending, {"reactivation_tokens"} | CANCELLED),
        (of_creators(reactivate_by_session), PAGES),
    ],
}


def login_after_an_exclusion(api: Api, tables: Tables) -> Act:
    excluded(tables, account(api, tables), datetime.now(UTC))
    return lambda: api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


LOGIN: list[tuple[Scenario, set[str]]] = [
    (asked_for_second_factor, {"challenges", "-auth.login.success"}),
    (login_from_a_new_device, {"email.new_sign_in"}),
    (login_after_an_exclusion, RELEASED),
    (of_creators(login_after_an_exclusion), RELEASED | PAGES),
    (login_after_failures, {"email.sign_in_after_failures"}),
    (deactivated_login, {"reactivation_tokens", "mail_quotas", "email.reactivation", "auth.login.failure"}),
]
