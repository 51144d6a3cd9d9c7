"""Successes and conditions of the account's own operations, for the test of side effects."""

from datetime import UTC, datetime
from uuid import uuid4

from domain.auth import one_time_hash
from tests.contract.scenario import PAGES, Act, Conditional, Scenario, calling, of_creators, with_proofs_open
from tests.handlers.auth.test_passwords import reset_token
from tests.handlers.support import account, insert
from tests.handlers.users.test_emails import change_token, wish
from tests.harness import PASSWORD, Api, Tables, bearer
from tests.restrictions import restriction

AVATAR = {"avatarUrl": "https://cdn.bio.re/avatars/new.webp"}
FORMER = "https://cdn.bio.re/avatars/old.webp"


def check_username(api: Api, tables: Tables) -> Act:
    return lambda: api.call("users.usernames.check", params={"username": "ada"})


def change_username_with_link(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables, username="ada")
    insert(tables, "referral_links", user_id=user_id, code="ada")
    headers = bearer(api.sign_in())
    return lambda: api.call("users.usernames.change", {"username": "countess"}, headers=headers)


def settings_again(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    api.call("users.settings.get", headers=headers)
    return lambda: api.call("users.settings.get", headers=headers)


def block(api: Api, tables: Tables) -> Act:
    return _of_another(api, tables, "users.blocks.add")


def unblock(api: Api, tables: Tables) -> Act:
    return _of_another(api, tables, "users.blocks.remove", blocked=True)


def _of_another(api: Api, tables: Tables, operation_id: str, *, blocked: bool = False) -> Act:
    ada, eve = account(api, tables), account(api, tables, "eve@example.com")
    if blocked:
        insert(tables, "block_list", owner_id=ada, blocked_id=eve)
    headers = bearer(api.sign_in())
    return lambda: api.call(operation_id, path=f"/users/block/{eve}", headers=headers)


def verify_email_change(api: Api, tables: Tables) -> Act:
    """Long after the sign-in."""
    account(api, tables)
    token = change_token(api, api.sign_in())
    tables.run("UPDATE sessions SET confirmed_at = NULL")
    return lambda: api.call("auth.verify_email_change", {"token": token})


def verify_email_change_with_links_open(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables)
    token = change_token(api, api.sign_in())
    reset_token(api)
    row = {"user_id": user_id, "token_hash": b"x", "expires_at": "2999-01-01"}
    insert(tables, "reactivation_tokens", **row)
    return lambda: api.call("auth.verify_email_change", {"token": token})


def verify_email_change_to_a_squatted_address(api: Api, tables: Tables) -> Act:
    account(api, tables)
    token = change_token(api, api.sign_in())
    tables.run("UPDATE sessions SET confirmed_at = NULL")
    api.register("ada@example.org")
    owner = tables.one("SELECT id FROM users WHERE email = 'ada@example.org'")["id"]
    file = {"kind": "media", "key": "k", "provider": "local", "content_type": "image/png", "max_bytes": 9}
    insert(tables, "uploads", user_id=owner, status="STORED", expires_at=datetime.now(UTC), **file)
    return lambda: api.call("auth.verify_email_change", {"token": token, "password": PASSWORD})


def deactivate_with_links_open(api: Api, tables: Tables) -> Act:
    account(api, tables)
    access = api.sign_in()
    wish(api, access)
    reset_token(api)
    return lambda: api.call("users.deactivate", {"password": PASSWORD}, headers=bearer(access))


def appeal_by_link(api: Api, tables: Tables) -> Act:
    token = uuid4()
    restriction(tables, account(api, tables), appeal_hash=one_time_hash(token))
    return lambda: api.call("users.appeals.submit_by_link", {"token": str(token), "reason": "It was not me."})


SCENARIOS: dict[str, Scenario] = {
    "users.update_profile": calling("users.update_profile", {"bio": "Notes on engines."}),
    "users.attribution": calling("users.attribution"),
    "users.deactivate": calling("users.deactivate", {"password": PASSWORD}),
    "users.usernames.check": check_username,
    "users.usernames.change": calling("users.usernames.change", {"username": "ada"}),
    "users.avatars.change": calling("users.avatars.change", AVATAR),
    "users.avatars.remove": calling("users.avatars.remove"),
    "users.emails.change": calling("users.emails.change", {"newEmail": "ada@example.org", "password": PASSWORD}),
    "auth.verify_email_change": verify_email_change,
    "users.settings.get": settings_again,
    "users.settings.update": calling("users.settings.update", {"theme": "dark"}),
    "users.blocks.list": calling("users.blocks.list"),
    "users.blocks.add": block,
    "users.blocks.remove": unblock,
    "users.consents.list": calling("users.consents.list"),
    "users.consents.record": calling(
        "users.consents.record", {"documentType": "tos", "documentVersion": "1.0", "accepted": True}
    ),
    "users.appeals.submit": calling("users.appeals.submit", {"type": "ban", "reason": "It was not me."}),
    "users.appeals.submit_by_link": appeal_by_link,
    "users.statements.list": calling("users.statements.list"),
}

DELETED_FILE = {"storage.delete_file"}
CONDITIONAL: Conditional = {
    "users.update_profile": [(of_creators(calling("users.update_profile", {"bio": "Notes on engines."})), PAGES)],
    "users.usernames.change": [
        (
            of_creators(calling("users.usernames.change", {"username": "ada"})),
            {"credential_changes", "email.username_changed"} | PAGES,
        ),
        (
            change_username_with_link,
            {"referral_links", "referral_link_aliases", "credential_changes", "email.username_changed"},
        ),
    ],
    "users.avatars.change": [
        (of_creators(calling("users.avatars.change", AVATAR)), PAGES),
        (calling("users.avatars.change", AVATAR, avatar_url=FORMER, avatar_key="k"), DELETED_FILE),
    ],
    "users.avatars.remove": [
        (of_creators(calling("users.avatars.remove", avatar_url=FORMER)), {"users"} | PAGES),
        (calling("users.avatars.remove", avatar_url=FORMER, avatar_key="k"), {"users"} | DELETED_FILE),
    ],
    "users.settings.get": [(calling("users.settings.get"), {"user_settings"})],
    "users.settings.update": [(calling("users.settings.update", {"locale": "tr"}), {"users"})],
    "users.deactivate": [
        (of_creators(calling("users.deactivate", {"password": PASSWORD})), PAGES),
        (with_proofs_open(deactivate_with_links_open), {"email_changes", "password_resets", "challenges"}),
    ],
    "auth.verify_email_change": [
        (verify_email_change_to_a_squatted_address, {"email_verifications", "consent_records", "uploads"}),
        (
            with_proofs_open(verify_email_change_with_links_open),
            {"password_resets", "reactivation_tokens", "challenges", "sessions"},
        ),
    ],
}
