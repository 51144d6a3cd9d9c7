"""Bio pages as their owners and everybody else read them, and their templates."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.clock import timestamp, utc_now
from domain.css import cleaned
from tests.contract.stopwatch import Stopwatch
from tests.contract.verdicts import Request, put
from tests.creators import Creator, creator, link, signed_in
from tests.editions import move_on
from tests.handlers.conftest import Clients
from tests.handlers.support import account, change, insert, statements, until
from tests.harness import Api, Server, Tables, code_of
from tests.moderation import ruled

PAGES = 40
SEEDED = ["Classic", "Midnight", "Sunrise", "Forest", "Minimal", "Terminal"]


@pytest.fixture(autouse=True)
def fresh(server: Server) -> None:
    move_on(server, "bio_templates")


def names(api: Api) -> list[str]:
    response = api.call("creators.bio.templates")
    assert response.status_code == 200, response.text
    return [each["name"] for each in response.json()["data"]]


class TestTemplates:
    def test_six_come_with_the_platform(self, api: Api) -> None:
        response = api.call("creators.bio.templates")
        assert names(api) == SEEDED
        classic = response.json()["data"][0]
        assert classic.keys() == {"id", "name", "description", "tokens", "thumbnail"}
        assert classic["tokens"]["background"] == "#ffffff"
        assert response.headers["Cache-Control"] == "public, s-maxage=300, stale-while-revalidate=600"

    def test_in_their_order_without_those_switched_off(self, api: Api, server: Server, tables: Tables) -> None:
        insert(tables, "bio_templates", name="B", sort_order=5)
        insert(tables, "bio_templates", name="A", sort_order=5)
        insert(tables, "bio_templates", name="C", active=False)
        move_on(server, "bio_templates")
        assert names(api) == ["Classic", "A", "B", *SEEDED[1:]]

    def test_the_second_read_is_unchanged(self, api: Api) -> None:
        first = api.call("creators.bio.templates")
        again = api.call("creators.bio.templates", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_a_hundred_at_most(self, api: Api, server: Server, tables: Tables) -> None:
        for number in range(100):
            insert(tables, "bio_templates", name=f"Paper {number:03}", sort_order=100)
        move_on(server, "bio_templates")
        assert names(api)[-1] == "Paper 093"


def page(api: Api, one: Creator, creator_id: Any = None) -> httpx.Response:
    path = f"/creators/{creator_id or one.creator_id}/bio"
    return api.call("creators.bio.find", path=path, headers=signed_in(api, one))


def change_page(api: Api, one: Creator, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    path = f"/creators/{one.creator_id}/bio"
    return api.call("creators.bio.update", body, path=path, headers=headers or signed_in(api, one))


def shown(api: Api, username: str = "ada", operation: str = "public", **headers: str) -> httpx.Response:
    place = "embed/" if operation == "embed" else ""
    return api.call(f"creators.bio.{operation}", path=f"/bio/{place}{username}", headers=headers)


def told(api: Api, username: str = "ada") -> dict[str, Any]:
    response = shown(api, username)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


class TestFind:
    def test_the_owner_sees_all_links(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables, page={"bio": "Hi", "published": False})
        later = link(tables, one.page_id, scheduled_start=utc_now() + timedelta(days=1))
        off = link(tables, one.page_id, active=False)
        response = page(api, one)
        assert response.status_code == 200, response.text
        data = response.json()["data"]
        assert (data["bio"], data["published"], data["template"]) == ("Hi", False, None)
        assert [each["id"] for each in data["links"]] == [str(later), str(off)]

    def test_that_of_another_is_not_told_from_none(self, api: Api, tables: Tables) -> None:
        one, other = creator(api, tables), creator(api, tables, "eve@example.com", "eve")
        for creator_id in (other.creator_id, uuid4()):
            response = page(api, one, creator_id)
            assert (response.status_code, code_of(response)) == (403, "creator.bio.not_owner")

    def test_without_a_page_there_is_none(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        tables.run("DELETE FROM bio_pages")
        assert code_of(page(api, one)) == "creator.bio.not_found"
        assert code_of(change_page(api, one, bio="x")) == "creator.bio.not_found"


class TestUpdate:
    def test_the_given_fields_change(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        template_id = insert(tables, "bio_templates", name="Paper", tokens={"primary": "red"})
        fields: dict[str, Any] = {
            "bio": "Notes <b>on</b> engines",
            "templateId": str(template_id),
            "themeOverride": {"primary": "#be185d"},
            "customCss": "a{top:0}",
            "embedEnabled": False,
            "emailCollectionEnabled": True,
        }
        response = change_page(api, one, **fields)
        assert (response.status_code, response.json()["data"]) == (200, None)
        assert page(api, one).json()["data"].items() >= (fields | {"bio": "Notes on engines"}).items()
        public = told(api)
        assert (public["bio"], public["bioPage"]["customCss"]) == ("Notes on engines", "a{top:0}")
        assert public["bioPage"]["template"] == {"id": str(template_id), "name": "Paper", "tokens": {"primary": "red"}}
        nothing: dict[str, Any] = {"templateId": None, "themeOverride": None, "customCss": None}
        assert change_page(api, one, **nothing).status_code == 200
        assert page(api, one).json()["data"].items() >= nothing.items()

    def test_nothing_changes_nothing(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        headers = signed_in(api, one)
        before = tables.fingerprints()
        assert change_page(api, one, headers).status_code == 200
        assert "bio_pages" not in tables.changed_since(before)

    def test_a_style_sheet_is_cleaned(self, api: Api, server: Server, tables: Tables) -> None:
        one = creator(api, tables)
        sheet = "a{behavior:url(https://x.example/);content:'</style><script>';top:0}"
        assert change_page(api, one, customCss=sheet).status_code == 200
        assert told(api)["bioPage"]["customCss"] == 'a{content:"\\3c /style>\\3c script>";top:0;}'
        server.configure(**{"bio.css_allowed_hosts": ["cdn.example.com"]})
        assert change_page(api, one, customCss="a{background:url(https://x.example/);top:0}").status_code == 200
        assert told(api)["bioPage"]["customCss"] == "a{top:0;}"

    @pytest.mark.parametrize("sheet", ["a{" + "b:c;" * 2499 + "}", "a{b:-}" * 1666, "a{b:url(x);c:d}" * 666])
    def test_nobody_waits_while_a_long_one_is_cleaned(
        self, api: Api, server: Server, tables: Tables, sheet: str
    ) -> None:
        """Which takes longer than all else of its request."""
        one = creator(api, tables)
        headers = {"content-type": "application/json"} | signed_in(api, one)
        raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
        body = json.dumps({"customCss": sheet}).encode()
        request = Request("PATCH", f"/api/v1/creators/{one.creator_id}/bio", raw, body)
        cleaning, kept = [], []
        for _ in range(3):
            began = time.thread_time()
            cleaned(sheet)
            cleaning.append(time.thread_time() - began)
            watch = Stopwatch(server.app.asgi)
            assert server.on_loop(put(watch, request)).status == 200
            kept.append(watch.longest)
        assert tables.one("SELECT custom_css FROM bio_pages")["custom_css"] == cleaned(sheet)
        assert min(kept) < min(cleaning) / 2

    @pytest.mark.parametrize("sheet", ["{" * 40, "a{" * 5_000, "a{width:" + "9" * 9_900 + "}"])
    def test_a_hostile_style_sheet_is_refused(self, api: Api, tables: Tables, sheet: str) -> None:
        one = creator(api, tables)
        response = change_page(api, one, customCss=sheet)
        assert (response.status_code, code_of(response)) == (400, "creator.bio.css_invalid")

    @pytest.mark.parametrize(
        "bio",
        ["<script>alert(1)</script>", "</script><script>alert(1)", "&lt;script&gt;", "<img src=x onerror=alert(1)>"],
    )
    def test_no_tag_is_left_of_a_text(self, api: Api, tables: Tables, bio: str) -> None:
        one = creator(api, tables)
        assert change_page(api, one, bio=bio).status_code == 200
        assert "<" not in told(api)["bio"]
        assert "<" not in shown(api).text

    @pytest.mark.parametrize("value", ["url(https://evil.example/x)", "</style>", "red;top:0", "x" * 101])
    def test_an_override_is_plain(self, api: Api, tables: Tables, value: str) -> None:
        one = creator(api, tables)
        assert code_of(change_page(api, one, themeOverride={"primary": value})) == "validation.failed"

    def test_what_rules_block_is_not_written(self, api: Api, server: Server, tables: Tables) -> None:
        one = creator(api, tables)
        ruled(server, "casino", "BLOCK")
        response = change_page(api, one, bio="My casino", published=False)
        assert (response.status_code, code_of(response)) == (400, "creator.bio.content_flagged")
        assert tables.one("SELECT published FROM bio_pages")["published"] is True
        assert tables.count("moderation_cases") == 0

    @pytest.mark.parametrize("shown", ["'My casino'", "'My ca' 'sino'", "'My c\\61 sino'", "'My c\\200b asino'"])
    def test_a_style_sheet_says_nothing_that_a_text_may_not(
        self, api: Api, server: Server, tables: Tables, shown: str
    ) -> None:
        one, sheet = creator(api, tables), f"a::after{{content:{shown}}}"
        ruled(server, "casino", "BLOCK")
        response = change_page(api, one, customCss=sheet)
        assert (response.status_code, code_of(response)) == (400, "creator.bio.content_flagged")
        assert [detail["field"] for detail in response.json()["error"]["details"]] == ["customCss"]
        assert tables.one("SELECT custom_css FROM bio_pages")["custom_css"] is None
        assert change_page(api, one, customCss="/* casino */ .casino { top: 0 }").status_code == 200

    def test_what_rules_flag_in_a_style_sheet_is_looked_at(self, api: Api, server: Server, tables: Tables) -> None:
        one = creator(api, tables)
        ruled(server, "casino")
        assert change_page(api, one, customCss="a::after{content:'My casino'}b{top:0}").status_code == 200
        (flag,) = tables.one("SELECT evidence FROM moderation_cases")["evidence"]["flags"]
        assert (flag["scope"], flag["text"]) == ("bio", "My casino")

    def test_what_rules_flag_is_looked_at(self, api: Api, server: Server, tables: Tables) -> None:
        one = creator(api, tables)
        ruled(server, "casino")
        assert change_page(api, one, bio="My casino").status_code == 200
        assert tables.count("moderation_cases") == 1

    def test_a_template_must_be_offered(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        off = insert(tables, "bio_templates", name="Paper", active=False)
        for template_id in (off, uuid4()):
            response = change_page(api, one, templateId=str(template_id))
            assert (response.status_code, code_of(response)) == (404, "creator.bio.template_not_found")


class TestPublic:
    def test_all_of_it_is_told(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables, dm_price="5.00", dm_type="SINGLE_PAY", dm_active=True, avg_rating="4.5")
        shop = link(tables, one.page_id)
        response = shown(api, "ADA")
        assert response.headers["Cache-Control"] == "public, s-maxage=60, stale-while-revalidate=300"
        assert response.json()["data"] == {
            "creatorId": str(one.creator_id),
            "userId": str(one.user_id),
            "username": "ada",
            "displayName": None,
            "bio": "",
            "avatarUrl": None,
            "level": "BRONZE",
            "dmType": "SINGLE_PAY",
            "dmPrice": "5.00",
            "dmActive": True,
            "vacationMode": False,
            "vacationEnd": None,
            "avgRating": "4.50",
            "ratingCount": 0,
            "totalFollowers": 0,
            "userStatus": "ACTIVE",
            "categories": [],
            "bioPage": {
                "id": str(one.page_id),
                "template": None,
                "themeOverride": None,
                "customCss": None,
                "emailCollectionEnabled": False,
                "embedEnabled": True,
                "links": [
                    {
                        "id": str(shop),
                        "title": "My shop",
                        "url": "https://shop.example.com/",
                        "icon": None,
                        "sortOrder": 0,
                        "isSocial": False,
                        "platform": None,
                        "embedType": None,
                        "embedMeta": None,
                    }
                ],
            },
        }

    def test_the_second_read_is_unchanged(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        first = shown(api)
        again = shown(api, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert change_page(api, one, bio="x").status_code == 200
        assert shown(api, **{"If-None-Match": first.headers["ETag"]}).status_code == 200

    @pytest.mark.parametrize("operation", ["public", "embed"])
    @pytest.mark.parametrize(
        ("table", "column", "value"),
        [
            *[("users", "status", status) for status in ("SUSPENDED", "BANNED", "DEACTIVATED", "DELETED")],
            *[("creator_profiles", "creator_status", status) for status in ("SUSPENDED", "BANNED", "DEACTIVATED")],
            ("bio_pages", "published", False),
        ],
    )
    def test_what_is_not_public_does_not_exist(
        self, api: Api, tables: Tables, operation: str, table: str, column: str, value: Any
    ) -> None:
        one = creator(api, tables)
        assert shown(api, operation=operation).status_code == 200
        rows = {"users": one.user_id, "creator_profiles": one.creator_id, "bio_pages": one.page_id}
        change(tables, table, rows[table], **{column: value})
        response = shown(api, operation=operation)
        assert (response.status_code, code_of(response)) == (404, "creator.bio.not_found")
        assert response.headers["Cache-Control"] == "no-store"

    def test_unknown_names_and_those_without_a_page(self, api: Api, tables: Tables) -> None:
        account(api, tables, username="eve")
        for username in ("eve", "nobody", "x" * 100, "%E2%80%8Bada", "ada%27--", "ada%20"):
            assert shown(api, username).status_code == 404
        assert code_of(shown(api, "x" * 101)) == "validation.failed"
        assert code_of(shown(api, "x" * 101, "embed")) == "validation.failed"

    def test_links_are_shown_within_their_schedule(self, api: Api, tables: Tables) -> None:
        one, now = creator(api, tables), utc_now()
        hour = timedelta(hours=1)
        link(tables, one.page_id, title="off", active=False)
        link(tables, one.page_id, title="over", scheduled_end=now - hour)
        link(tables, one.page_id, title="to come", scheduled_start=now + hour)
        link(tables, one.page_id, title="now", scheduled_start=now - hour, scheduled_end=now + hour)
        assert [each["title"] for each in told(api)["bioPage"]["links"]] == ["now"]

    def test_a_boundary_cuts_how_long_caches_keep_it(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"ratelimit.enabled": False})
        one, soon = creator(api, tables), utc_now() + timedelta(seconds=4)
        link(tables, one.page_id, title="soon", scheduled_start=soon)
        response = shown(api)
        kept = re.fullmatch(r"public, s-maxage=(\d+)", response.headers["Cache-Control"])
        assert kept is not None
        assert int(kept[1]) <= 4
        assert response.json()["data"]["bioPage"]["links"] == []
        until(lambda: [each["title"] for each in told(api)["bioPage"]["links"]] == ["soon"])
        assert utc_now() >= soon

    def test_the_schedule_of_a_link_that_nobody_sees_cuts_nothing(self, api: Api, tables: Tables) -> None:
        one, soon = creator(api, tables), utc_now() + timedelta(seconds=30)
        link(tables, one.page_id, scheduled_start=soon, active=False)
        link(tables, one.page_id, scheduled_end=soon, statement_id=uuid4())
        response = shown(api)
        assert response.headers["Cache-Control"] == "public, s-maxage=60, stale-while-revalidate=300"
        assert response.json()["data"]["bioPage"]["links"] == []

    def test_a_vacation_ends_by_itself(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"ratelimit.enabled": False})
        ends = utc_now() + timedelta(seconds=4)
        creator(api, tables, dm_active=True, vacation_mode=True, vacation_end=ends, creator_status="VACATION")
        away = told(api)
        assert (away["vacationMode"], away["dmActive"], away["vacationEnd"]) == (True, False, timestamp(ends))
        until(lambda: told(api)["dmActive"])
        assert told(api)["vacationEnd"] is None

    def test_a_template_that_changes_is_shown_at_once(self, api: Api, tables: Tables) -> None:
        template_id = insert(tables, "bio_templates", name="Paper", tokens={"primary": "red"})
        creator(api, tables, page={"template_id": template_id})
        assert told(api)["bioPage"]["template"]["tokens"] == {"primary": "red"}
        tables.run("UPDATE bio_templates SET tokens = '{}', version = 2 WHERE id = %s", template_id)
        assert told(api)["bioPage"]["template"]["tokens"] == {}

    def test_a_page_that_is_known_costs_one_statement(self, server: Server, api: Api, tables: Tables) -> None:
        creator(api, tables)
        told(api)
        with statements(server) as seen:
            told(api)
        assert len(seen) == 1

    def test_readers_of_different_pages_share_statements(self, server: Server, api: Api, tables: Tables) -> None:
        """Whoever comes in the same moment shares the first statement; whoever comes while it runs, the next ones."""
        usernames = [f"reader{number}" for number in range(PAGES)]
        made = [creator(api, tables, f"{username}@example.com", username).creator_id for username in usernames]

        async def read_all() -> list[Any]:
            return await asyncio.gather(*(server.app.public_pages.head(name) for name in [*usernames, "nobody"]))

        with statements(server) as seen:
            *heads, nobody = server.on_loop(read_all())
        assert ([head.creator_id for head in heads], nobody) == (made, None)
        assert len(seen) == 1

    def test_the_account_speaks_where_the_page_says_nothing(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        change(tables, "users", one.user_id, bio="Of the account")
        assert told(api)["bio"] == "Of the account"


class TestEmbed:
    def test_it_is_the_same_and_may_be_framed(self, api: Api, tables: Tables) -> None:
        creator(api, tables)
        response = shown(api, operation="embed")
        assert response.content == shown(api).content
        assert response.headers["X-Frame-Options"] == "ALLOWALL"
        assert response.headers["Content-Security-Policy"].endswith("frame-ancestors *")
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Access-Control-Allow-Origin"] == "*"

    def test_unless_its_owner_does_not_want_it(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables, page={"embed_enabled": False})
        response = shown(api, operation="embed")
        assert (response.status_code, code_of(response)) == (403, "creator.bio.embed_disabled")
        change(tables, "bio_pages", one.page_id, published=False)
        assert code_of(shown(api, operation="embed")) == "creator.bio.not_found"


class TestNodes:
    def test_no_node_shows_a_former_page(
        self,
        api: Api,
        server: Server,
        start_server: Callable[..., Server],
        clients: Clients,
        tables: Tables,
        request: pytest.FixtureRequest,
    ) -> None:
        other = start_server(server.database_url)
        for node in (server, other):
            node.configure(**{"ratelimit.enabled": False})
        theirs, one = clients(other), creator(api, tables)
        headers = signed_in(api, one)
        rounds = 1_000 if request.config.getoption("--full-races") else 200
        for number in range(rounds):
            assert change_page(api, one, headers, bio=f"Text {number}").status_code == 200
            assert told(theirs)["bio"] == f"Text {number}"
