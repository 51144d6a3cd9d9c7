"""What rules of moderation do where people write texts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import account, insert, somebody, until
from tests.handlers.test_reports import report
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.moderation import follow, ruled, stored

CASE = "SELECT * FROM moderation_cases"


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables, username="ada", display_name="Ada")


@pytest.fixture
def access(api: Api, ada: UUID) -> str:
    return api.sign_in()


def write(api: Api, access: str, **fields: Any) -> httpx.Response:
    return api.call("users.update_profile", fields, headers=bearer(access))


def flags(tables: Tables) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables.one(CASE)["evidence"]["flags"]
    return found


class TestProfile:
    @pytest.mark.parametrize("field", ["displayName", "bio"])
    def test_a_blocked_text_is_refused(self, api: Api, access: str, tables: Tables, field: str) -> None:
        ruled(api.server, "scam", "BLOCK")
        response = write(api, access, **{field: "No \u0455cam here"})
        assert (response.status_code, code_of(response)) == (400, "error.user.text_not_allowed")
        assert broken_rules(response) == {(field, "blocked")}
        assert "cam" not in response.text
        assert tables.one("SELECT display_name, bio FROM users") == {"display_name": "Ada", "bio": None}
        assert tables.rows(CASE) == []

    @pytest.mark.parametrize("action", ["FLAG", "QUARANTINE"])
    def test_a_flagged_text_is_written_and_opens_a_case(
        self, api: Api, access: str, ada: UUID, tables: Tables, action: str
    ) -> None:
        rule_id = ruled(api.server, "scam", action)
        assert write(api, access, bio="No scam.").status_code == 200
        case = tables.one(CASE)
        assert (case["target_type"], case["target_id"], case["user_id"]) == ("USER", ada, ada)
        assert (case["origin"], case["state"], case["notices"], case["category"]) == ("RULE", "OPEN", 0, None)
        assert case["evidence"]["bio"] == "No scam."
        (flag,) = flags(tables)
        assert (flag["scope"], flag["text"], flag["rules"]) == ("bio", "No scam.", [str(rule_id)])

    def test_further_flags_join_the_open_case(self, api: Api, access: str, tables: Tables) -> None:
        ruled(api.server, "scam")
        write(api, access, bio="Scam.", displayName="Scam")
        write(api, access, bio="Another scam.")
        assert [flag["text"] for flag in flags(tables)] == ["Scam.", "Scam", "Another scam."]
        assert tables.one(CASE)["evidence"]["bio"] == "Scam."

    def test_a_case_keeps_so_many_flags(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ruled(api.server, "scam")
        many = {"flags": [{"text": str(number)} for number in range(20)]}
        insert(tables, "moderation_cases", target_type="USER", target_id=ada, user_id=ada, origin="RULE", evidence=many)
        assert write(api, access, bio="Scam.").status_code == 200
        assert tables.one(CASE)["evidence"] == many

    def test_reports_join_it_too(self, api: Api, access: str, tables: Tables) -> None:
        ruled(api.server, "scam")
        write(api, access, bio="Scam.")
        assert report(api, targetId="ada").status_code == 201
        assert tables.one("SELECT origin, notices FROM moderation_cases") == {"origin": "RULE", "notices": 1}

    def test_rules_of_another_language_do_not_hold(self, api: Api, access: str, tables: Tables) -> None:
        ruled(api.server, "gift", "BLOCK", locale="de")
        assert write(api, access, bio="A gift").status_code == 200
        tables.run("UPDATE users SET locale = 'de'")
        assert code_of(write(api, access, bio="Gift")) == "error.user.text_not_allowed"

    def test_a_text_that_is_cleared_is_no_text(self, api: Api, access: str) -> None:
        ruled(api.server, "scam", "BLOCK")
        assert write(api, access, bio=None, displayName="").status_code == 200


class TestNames:
    def change(self, api: Api, access: str, username: str) -> httpx.Response:
        return api.call("users.usernames.change", {"username": username}, headers=bearer(access))

    @pytest.mark.parametrize("username", ["scam", "big.scam", "s.c.4.m"])
    def test_a_blocked_one_is_unavailable(self, api: Api, server: Server, username: str) -> None:
        ruled(server, "scam", "BLOCK")
        response = self.change(api, somebody(server), username)
        assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")
        assert code_of(api.register(username=username)) == "auth.register.username_unavailable"
        told = api.call("users.usernames.check", params={"username": username}).json()["data"]
        assert told == {"available": False}

    def test_a_flagged_one_opens_a_case(self, api: Api, server: Server, tables: Tables) -> None:
        ruled(server, "scam")
        assert self.change(api, somebody(server), "big-scam").status_code == 200
        assert [flag["scope"] for flag in flags(tables)] == ["username"]
        assert tables.one(CASE)["evidence"]["username"] == "big-scam"

    def test_hits_of_reserved_names_are_counted(self, api: Api, server: Server, tables: Tables) -> None:
        hits = "SELECT hits FROM reserved_usernames WHERE username = 'admin'"
        before = tables.one(hits)["hits"]
        server.on_loop(_tried(server, "admin"))
        follow(server)
        assert tables.one(hits)["hits"] == before + 1


async def _tried(server: Server, username: str) -> None:
    with pytest.raises(Exception, match="username_unavailable"):
        server.app.moderation.name(username, "en")


class TestRegistration:
    def test_a_blocked_name_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        ruled(server, "scam", "BLOCK")
        response = api.register(displayName="Scam Inc.")
        assert (response.status_code, broken_rules(response)) == (400, {("displayName", "blocked")})
        assert tables.count("users") == 0

    def test_what_is_flagged_opens_a_case_of_the_new_account(self, api: Api, server: Server, tables: Tables) -> None:
        ruled(server, "scam")
        user_id = api.register(username="scam", displayName="Scam Inc.").json()["data"]["userId"]
        assert str(tables.one(CASE)["target_id"]) == user_id
        assert [flag["scope"] for flag in flags(tables)] == ["username", "display_name"]


class TestFollowing:
    def test_another_node_follows_by_itself(self, start_server: Callable[..., Server], server: Server) -> None:
        other = start_server(server.database_url)
        stored(server.tables, "scam", "BLOCK")
        until(lambda: other.app.moderation.rules.matches("scam", "bio"))

    def test_hits_wait_for_a_database_that_is_away(self, server: Server, api: Api, tables: Tables) -> None:
        ruled(server, "scam", "BLOCK")
        tables.run("ALTER TABLE moderation_rules RENAME TO away")
        try:
            api.register(displayName="Scam")
            with pytest.raises(Exception, match="moderation_rules"):
                follow(server)
        finally:
            tables.run("ALTER TABLE away RENAME TO moderation_rules")
        follow(server)
        assert tables.one("SELECT hits FROM moderation_rules") == {"hits": 1}


class TestRace:
    def test_texts_and_reports_at_once_open_one_case(
        self, server: Server, clients: Clients, api: Api, ada: UUID
    ) -> None:
        ruled(server, "scam")
        access = api.sign_in()
        reporters = [somebody(server) for _ in range(8)]
        callers = [clients(server) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            written = pool.map(lambda number: write(callers[number], access, bio=f"Scam {number}"), range(8))
            reported = pool.map(lambda number: report(callers[8 + number], reporters[number], targetId="ada"), range(8))
            assert [answer.status_code for answer in written] == [200] * 8
            assert [answer.status_code for answer in reported] == [201] * 8
        case = server.tables.one(CASE)
        assert (case["notices"], len(case["evidence"]["flags"])) == (8, 8)
