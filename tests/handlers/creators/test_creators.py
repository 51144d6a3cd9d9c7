from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.creators import creator, link, signed_in
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.moderation import ruled


def upgrade(api: Api, headers: dict[str, str], **body: Any) -> httpx.Response:
    return api.call("creators.upgrade", body, headers=headers)


def refused(api: Api, headers: dict[str, str], **body: Any) -> tuple[int, str]:
    response = upgrade(api, headers, **body)
    return response.status_code, code_of(response)


@pytest.fixture
def nameless(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables)
    return bearer(api.sign_in())


class TestUpgrade:
    def test_an_account_gets_a_profile_and_a_page(self, api: Api, nameless: dict[str, str], tables: Tables) -> None:
        template_id = insert(tables, "bio_templates", name="Paper")
        body = {
            "username": " Ada ",
            "displayName": "Ada <b>L</b>",
            "bio": "Notes &amp; engines",
            "themeId": str(template_id),
        }
        response = upgrade(api, nameless, **body)
        assert response.status_code == 201, response.text
        told = response.json()["data"]
        profile, page = tables.one("SELECT * FROM creator_profiles"), tables.one("SELECT * FROM bio_pages")
        assert told == {"creatorId": str(profile["id"]), "bioPageUrl": "bio.re/ada"}
        assert (profile["level"], profile["kyc_status"], page["published"]) == ("BRONZE", "NOT_STARTED", True)
        assert (page["creator_id"], page["template_id"], page["bio"]) == (profile["id"], template_id, "Notes & engines")
        user = tables.one("SELECT * FROM users")
        assert (user["username"], user["display_name"], user["intent"]) == ("ada", "Ada L", "CREATOR")
        assert len(audited(tables, "creator.upgrade.success")) == 1
        assert api.call("users.profile", headers=nameless).json()["data"]["isCreator"] is True

    def test_the_page_says_the_display_name_where_no_text_is_given(
        self, api: Api, nameless: dict[str, str], tables: Tables
    ) -> None:
        assert upgrade(api, nameless, username="ada", displayName="Ada").status_code == 201
        assert tables.one("SELECT bio FROM bio_pages")["bio"] == "Ada"

    def test_an_account_that_is_gone_becomes_none(self, api: Api, nameless: dict[str, str], tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert refused(api, nameless, username="ada") == (404, "error.user.not_found")

    def test_nothing_but_a_name_is_needed(self, api: Api, tables: Tables) -> None:
        account(api, tables, username="ada", display_name="Countess")
        headers = bearer(api.sign_in())
        assert upgrade(api, headers, username="ada").status_code == 201
        user, page = tables.one("SELECT * FROM users"), tables.one("SELECT * FROM bio_pages")
        assert (user["display_name"], page["bio"], tables.count("username_history")) == ("Countess", "", 0)

    def test_a_username_is_needed_and_stays(self, api: Api, nameless: dict[str, str], tables: Tables) -> None:
        assert refused(api, nameless) == (400, "creator.upgrade.username_required")
        assert refused(api, nameless, username=" ") == (400, "creator.upgrade.username_required")
        tables.run("UPDATE users SET username = 'ada'")
        assert refused(api, nameless, username="eve") == (400, "creator.upgrade.username_differs")
        assert tables.count("creator_profiles") == 0

    @pytest.mark.parametrize(
        ("username", "expected"),
        [
            ("ab", (400, "error.user.username_length")),
            ("a" * 31, (400, "error.user.username_length")),
            ("ad a", (400, "error.user.username_format")),
            ("\u0430da", (400, "error.user.username_format")),
            ("taken", (409, "auth.register.username_unavailable")),
            ("admin", (409, "auth.register.username_unavailable")),
            ("embed", (409, "auth.register.username_unavailable")),
            ("templates", (409, "auth.register.username_unavailable")),
            ("click", (409, "auth.register.username_unavailable")),
            ("view", (409, "auth.register.username_unavailable")),
            ("robots.txt", (409, "auth.register.username_unavailable")),
        ],
    )
    def test_the_rules_of_usernames_hold(
        self, api: Api, nameless: dict[str, str], tables: Tables, username: str, expected: tuple[int, str]
    ) -> None:
        account(api, tables, "eve@example.com", username="taken")
        assert refused(api, nameless, username=username) == expected
        assert tables.count("creator_profiles") == tables.count("bio_pages") == 0

    def test_a_template_must_be_offered(self, api: Api, nameless: dict[str, str], tables: Tables) -> None:
        off = insert(tables, "bio_templates", name="Paper", active=False)
        for theme in (str(off), str(uuid4()), "classic", ""):
            expected = (404, "creator.bio.template_not_found")
            assert refused(api, nameless, username="ada", themeId=theme) == expected

    @pytest.mark.parametrize("field", ["bio", "displayName"])
    def test_what_rules_block_is_not_written(
        self, api: Api, server: Server, nameless: dict[str, str], tables: Tables, field: str
    ) -> None:
        ruled(server, "casino", "BLOCK")
        response = upgrade(api, nameless, **{"username": "ada", field: "My CASINO"})
        assert (response.status_code, code_of(response)) == (400, "creator.bio.content_flagged")
        assert tables.count("creator_profiles") == 0
        assert tables.one("SELECT username FROM users")["username"] is None

    def test_what_rules_flag_is_written_and_looked_at(
        self, api: Api, server: Server, nameless: dict[str, str], tables: Tables
    ) -> None:
        ruled(server, "casino")
        assert upgrade(api, nameless, username="ada", bio="My casino").status_code == 201
        assert tables.count("moderation_cases") == 1

    def test_once(self, api: Api, nameless: dict[str, str], server: Server, clients: Clients, tables: Tables) -> None:
        callers = [clients(server) for _ in range(10)]
        with ThreadPoolExecutor(len(callers)) as pool:
            statuses = list(pool.map(lambda each: upgrade(each, nameless, username="ada").status_code, callers))
        assert sorted(statuses) == [201, *[409] * 9]
        assert refused(api, nameless, username="ada") == (409, "creator.upgrade.already_creator")
        assert tables.count("creator_profiles") == tables.count("bio_pages") == 1

    def test_a_name_that_two_want_is_of_one(self, server: Server, clients: Clients, api: Api, tables: Tables) -> None:
        for name in ("eve", "mallory"):
            account(api, tables, f"{name}@example.com")
        callers = [(clients(server), bearer(api.sign_in(f"{name}@example.com"))) for name in ("eve", "mallory")]
        with ThreadPoolExecutor(2) as pool:
            statuses = list(pool.map(lambda each: upgrade(*each, username="ada").status_code, callers))
        assert sorted(statuses) == [201, 409]
        assert tables.count("creator_profiles") == 1

    def test_it_can_be_switched_off(self, api: Api, server: Server, nameless: dict[str, str]) -> None:
        server.configure(**{"kill_switch.CREATOR_UPGRADE": True})
        assert refused(api, nameless, username="ada") == (503, "features.creator_upgrade_disabled")


class TestProfile:
    def test_all_of_it_is_told(self, api: Api, tables: Tables) -> None:
        template_id = insert(tables, "bio_templates", name="Paper", tokens={"primary": "red"})
        one = creator(api, tables, page={"template_id": template_id, "bio": "Hi"}, dm_price="5.00", avg_rating="4.5")
        second = link(tables, one.page_id, sort_order=1, active=False)
        first = link(tables, one.page_id, title="First")
        response = api.call("creators.profile", headers=signed_in(api, one))
        assert response.status_code == 200, response.text
        told = response.json()["data"]
        assert (told["id"], told["userId"]) == (str(one.creator_id), str(one.user_id))
        assert (told["dmPrice"], told["avgRating"], told["totalEarnings"]) == ("5.00", "4.50", "0.00")
        page = told["bioPage"]
        assert [each["id"] for each in page["links"]] == [str(first), str(second)]
        assert (page["bio"], page["template"]["tokens"]) == ("Hi", {"primary": "red"})

    def test_what_messages_were_offered_for_is_told(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        headers, path = signed_in(api, one), f"/creators/{one.creator_id}/dm-config"
        assert api.call("creators.profile", headers=headers).json()["data"]["dmPackages"] == []
        for kind, price in (("SINGLE_PAY", 4.5), ("FREE", None)):
            body = {"dmType": kind, "dmPrice": price, "dmActive": True}
            assert api.call("creators.dm.update", body, path=path, headers=headers).status_code == 200
        told = api.call("creators.profile", headers=headers).json()["data"]["dmPackages"]
        assert [(each["dmType"], each["price"], each["active"]) for each in told] == [
            ("SINGLE_PAY", "4.50", False),
            ("FREE", None, True),
        ]

    def test_who_is_none_has_none(self, api: Api, nameless: dict[str, str]) -> None:
        response = api.call("creators.profile", headers=nameless)
        assert (response.status_code, code_of(response)) == (404, "error.creator.not_found")

    def test_a_profile_without_a_page_is_none_yet(self, api: Api, nameless: dict[str, str], tables: Tables) -> None:
        insert(tables, "creator_profiles", user_id=tables.one("SELECT id FROM users")["id"])
        response = api.call("creators.profile", headers=nameless)
        assert (response.status_code, code_of(response)) == (404, "error.creator.not_found")
