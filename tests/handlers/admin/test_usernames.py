"""Usernames that violate the rules: who replaces them, and what that leaves of them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.auth.test_changes import undo_token, undone
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, audited, change, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import Hired, member

BAD, GOOD = "slur", "user-4711"
STATEMENT = {
    "facts": "The username is a slur.",
    "ground": "TERMS",
    "reference": "Terms of use, section 4.2",
    "explanation": "Usernames must not insult others.",
}


@pytest.fixture
def moderator(server: Server) -> Hired:
    return member(server, "MODERATOR")


def replace(
    api: Api, caller: Hired, user_id: Any, username: str = GOOD, version: int | None = 1, **fields: Any
) -> httpx.Response:
    body = {"username": username, "statement": STATEMENT, "reason": "Reported in case 4711."} | fields
    headers = caller.headers | ({} if version is None else {"If-Match": f'"{version}"'})
    path = f"/admin/users/{user_id}/username"
    return api.call("admin.usernames.replace", body, path=path, headers=headers)


def name_of(tables: Tables, user_id: UUID) -> str:
    return str(tables.one("SELECT username FROM users WHERE id = %s", user_id)["username"])


class TestReplace:
    def test_sets_another_name_and_tells_why(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        answer = replace(api, moderator, user_id)
        assert answer.json()["data"] == {"userId": str(user_id), "username": GOOD, "version": 2}
        assert answer.headers["etag"] == '"2"'
        assert name_of(tables, user_id) == GOOD
        (mail,) = api.mails("ada@example.com")
        assert STATEMENT["facts"] in mail["text"]
        (row,) = tables.rows("SELECT * FROM statements_of_reasons")
        assert (row["type"], row["target_type"], row["decided_by"]) == ("VISIBILITY_REMOVED", "USERNAME", moderator.id)
        (entry,) = audited(tables, "admin.usernames.replace")
        assert (entry["actor_id"], entry["reason"]) == (moderator.id, "Reported in case 4711.")
        assert entry["after"] == {"version": 2, "statement": str(row["id"])}

    def test_overwrites_nothing_unseen(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        replace(api, moderator, user_id)
        assert code_of(replace(api, moderator, user_id, "user-1", None)) == "precondition.required"
        refused = replace(api, moderator, user_id, "user-1")
        assert (refused.status_code, code_of(refused)) == (412, "precondition.failed")
        assert refused.json()["error"]["i18nVars"] == {"version": 2}
        assert name_of(tables, user_id) == GOOD

    def test_a_name_that_its_owner_changed_meanwhile(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        body = {"username": "ada.lovelace"}
        assert api.call("users.usernames.change", body, headers=bearer(api.sign_in())).status_code == 200
        assert code_of(replace(api, moderator, user_id)) == "precondition.failed"
        assert name_of(tables, user_id) == "ada.lovelace"

    def test_has_no_cool_down(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username="first")
        api.call("users.usernames.change", {"username": BAD}, headers=bearer(api.sign_in()))
        assert replace(api, moderator, user_id, version=2).status_code == 200
        assert replace(api, moderator, user_id, "user-1", 3).status_code == 200

    def test_follows_the_rules_of_names(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        account(api, tables, "eve@example.com", username="taken")
        insert(tables, "users", email="joe@example.com")
        assert code_of(replace(api, moderator, user_id, "ab")) == "error.user.username_length"
        assert code_of(replace(api, moderator, user_id, "ä-ö-ü")) == "error.user.username_format"
        assert code_of(replace(api, moderator, user_id, BAD)) == "error.user.username_same"
        for name in ("taken", "admin", "index.html", "biore-support"):
            assert code_of(replace(api, moderator, user_id, name)) == "auth.register.username_unavailable"

    def test_the_former_name_is_free_for_others_alone(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        replace(api, moderator, user_id)
        api.server.configure(**{"username.change_cooldown_days": 0})
        own = bearer(api.sign_in())
        refused = api.call("users.usernames.change", {"username": BAD}, headers=own)
        assert code_of(refused) == "auth.register.username_unavailable"
        account(api, tables, "eve@example.com", username="eve")
        others = bearer(api.sign_in("eve@example.com"))
        assert api.call("users.usernames.change", {"username": BAD}, headers=others).status_code == 200

    def test_ends_with_the_restriction(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        replace(api, moderator, user_id)
        tables.run("UPDATE statements_of_reasons SET lifted_at = now(), ended_as = 'GRANTED'")
        api.server.configure(**{"username.change_cooldown_days": 0})
        own = bearer(api.sign_in())
        assert api.call("users.usernames.change", {"username": BAD}, headers=own).status_code == 200

    def test_no_link_brings_the_name_back(self, api: Api, tables: Tables, server: Server) -> None:
        """Neither one of an earlier change, which keeps all that the account was then."""
        factor = Factor(api, tables)
        change(tables, "users", factor.user_id, username=BAD)
        factor.enable()
        token = undo_token(api)
        replace(api, member(server, "MODERATOR"), factor.user_id)
        undone(api, token)
        assert name_of(tables, factor.user_id) == GOOD

    def test_the_referral_link_goes_along(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        insert(tables, "referral_links", user_id=user_id, code=BAD)
        replace(api, moderator, user_id)
        assert tables.one("SELECT code FROM referral_links")["code"] == GOOD

    def test_of_nobody_or_nothing(self, api: Api, tables: Tables, moderator: Hired) -> None:
        nameless, erased = account(api, tables), account(api, tables, "eve@example.com", status="DELETED")
        for user_id in (uuid4(), nameless, erased):
            refused = replace(api, moderator, user_id)
            assert (refused.status_code, code_of(refused)) == (404, "admin.not_found")

    def test_of_staff_takes_an_owner(self, api: Api, server: Server, moderator: Hired) -> None:
        other = member(server, "SUPPORT", username=BAD)
        assert code_of(replace(api, moderator, other.id)) == "admin.user.is_staff"
        assert replace(api, member(server, "OWNER"), other.id).status_code == 200

    def test_needs_a_statement_and_a_reason(self, api: Api, tables: Tables, moderator: Hired) -> None:
        user_id = account(api, tables, username=BAD)
        refused = replace(api, moderator, user_id, statement={"facts": "Too short."}, reason="no")
        fields = {field for field, _ in broken_rules(refused)}
        assert fields == {"statement.ground", "statement.reference", "statement.explanation", "reason"}
