"""Themes as everybody reads them."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.clock import utc_now
from tests.editions import move_on
from tests.handlers.conftest import Clients
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import member

KEPT = "public, s-maxage=300, stale-while-revalidate=600"
FOLLOWED_SECONDS = 10.0
TOKENS = {"background": "#fff", "shadow": "0 1px 2px rgb(0 0 0 / 10%)"}


def theme(tables: Tables, slug: str, state: str = "PUBLISHED", target: str = "CLIENT", **columns: Any) -> UUID:
    published = None if state == "DRAFT" else utc_now()
    row: dict[str, Any] = {"name": slug.title(), "slug": slug, "target": target, "state": state}
    return insert(tables, "theme_presets", **(row | {"published_at": published} | columns))


def active(api: Api, target: str = "CLIENT", **headers: str) -> httpx.Response:
    return api.call("themes.active", params={"target": target}, headers=headers)


def preset(api: Api, target: str = "CLIENT") -> Any:
    response = active(api, target)
    assert response.status_code == 200, response.text
    return response.json()["data"]["preset"]


def listed(api: Api, **params: str) -> list[str]:
    response = api.call("themes.list", params=params)
    assert response.status_code == 200, response.text
    return [each["slug"] for each in response.json()["data"]["themes"]]


@pytest.fixture
def other(server: Server, start_server: Callable[..., Server]) -> Server:
    """Another node on the same database, which looks for changes at a pace of its own."""
    return start_server(server.database_url)


class TestActive:
    def test_all_of_it_is_told(self, api: Api, server: Server, tables: Tables) -> None:
        colors = {"background": "#fff", "foreground": "#000", "primary": "#4338ca"}
        others: dict[str, Any] = {
            "typography": {"fontSans": "system-ui", "baseSize": "1rem"},
            "layout": {"radius": "1rem"},
        }
        others["assets"] = {"logo": "https://cdn.bio.re/brand/logo.svg"}
        theme(tables, "day", "ACTIVE", light_tokens=colors, dark_tokens=colors, **others)
        move_on(server, "themes")
        told = preset(api)
        assert {name: told[name] for name in ("lightTokens", "darkTokens", *others)} == {
            "lightTokens": colors, "darkTokens": colors, **others,
        }  # fmt: skip
        (listed,) = api.call("themes.list").json()["data"]["themes"]
        assert (listed["lightTokens"], listed["typography"]) == (colors, others["typography"])

    def test_without_one_the_preset_is_null(self, api: Api, server: Server, tables: Tables) -> None:
        theme(tables, "draft", "DRAFT")
        theme(tables, "offered")
        theme(tables, "former", "ARCHIVED")
        move_on(server, "themes")
        response = active(api)
        assert (response.status_code, response.json()["data"]) == (200, {"preset": None})
        assert response.headers["Cache-Control"] == KEPT

    def test_it_is_told_whole(self, api: Api, server: Server, tables: Tables) -> None:
        assets = {"logo": "https://cdn.bio.re/logo.svg"}
        lists: dict[str, Any] = {"light_tokens": TOKENS, "typography": {"a": "1"}, "layout": {"b": "2"}}
        made = theme(tables, "day", "ACTIVE", assets=assets, **lists)
        move_on(server, "themes")
        told = preset(api)
        assert told.pop("publishedAt").endswith("Z")
        assert told == {
            "id": str(made),
            "name": "Day",
            "slug": "day",
            "target": "CLIENT",
            "lightTokens": TOKENS,
            "darkTokens": {},
            "typography": {"a": "1"},
            "layout": {"b": "2"},
            "assets": assets,
        }

    @pytest.mark.parametrize("target", ["CLIENT", "client", " Client "])
    def test_the_target_is_read_in_any_case(self, api: Api, server: Server, tables: Tables, target: str) -> None:
        theme(tables, "day", "ACTIVE")
        theme(tables, "staff", "ACTIVE", target="ADMIN")
        move_on(server, "themes")
        assert preset(api, target)["slug"] == "day"
        assert preset(api, "admin")["slug"] == "staff"

    @pytest.mark.parametrize("target", ["BIO", "nothing", "x" * 50, "%", "'"])
    def test_an_unknown_target_has_none(self, api: Api, server: Server, tables: Tables, target: str) -> None:
        theme(tables, "day", "ACTIVE")
        move_on(server, "themes")
        assert preset(api, target) is None

    def test_the_target_is_required(self, api: Api) -> None:
        response = api.call("themes.active")
        assert (response.status_code, code_of(response)) == (400, "validation.failed")
        assert broken_rules(response) == {("target", "required")}
        assert response.headers["Cache-Control"] == "no-store"

    def test_the_second_read_is_unchanged(self, api: Api, server: Server, tables: Tables) -> None:
        theme(tables, "day", "ACTIVE")
        move_on(server, "themes")
        first = active(api)
        again = active(api, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        tables.run("UPDATE theme_presets SET name = 'Night'")
        move_on(server, "themes")
        assert active(api, **{"If-None-Match": first.headers["ETag"]}).status_code == 200

    def test_a_token_changes_nothing(self, api: Api, server: Server, tables: Tables) -> None:
        theme(tables, "day", "ACTIVE")
        move_on(server, "themes")
        plain, signed_in = active(api), active(api, **member(server, "OWNER").headers)
        assert plain.content == signed_in.content

    def test_another_node_follows(
        self, api: Api, server: Server, other: Server, clients: Clients, tables: Tables
    ) -> None:
        made = theme(tables, "day")
        move_on(server, "themes")
        theirs = clients(other)
        for node in (server, other):
            node.configure(**{"ratelimit.enabled": False})
        assert preset(api) is preset(theirs) is None
        headers = member(server, "ADMIN").headers | {"If-Match": '"1"'}
        response = api.call(
            "admin.themes.change_state", {"to": "ACTIVE"}, path=f"/admin/themes/{made}/state", headers=headers
        )
        assert response.status_code == 200, response.text
        deadline = time.monotonic() + FOLLOWED_SECONDS
        while not (preset(api) and preset(theirs)):
            assert time.monotonic() < deadline, "a node shows what is out of date"
        assert preset(api)["id"] == preset(theirs)["id"] == str(made)


class TestList:
    def test_the_published_ones_of_the_web_client(self, api: Api, server: Server, tables: Tables) -> None:
        for slug, state in (("b", "PUBLISHED"), ("a", "ACTIVE"), ("c", "DRAFT"), ("d", "ARCHIVED")):
            theme(tables, slug, state)
        theme(tables, "staff", target="ADMIN")
        move_on(server, "themes")
        assert listed(api) == listed(api, target="client") == ["a", "b"]
        assert listed(api, target="ADMIN") == ["staff"]
        assert listed(api, target="nothing") == []

    def test_nothing_of_staff_is_told(self, api: Api, server: Server, tables: Tables) -> None:
        theme(tables, "day", description="for staff", thumbnail="https://cdn.bio.re/t.png", light_tokens=TOKENS)
        move_on(server, "themes")
        response = api.call("themes.list")
        (told,) = response.json()["data"]["themes"]
        assert told.keys() == {"id", "name", "slug", "lightTokens", "darkTokens", "typography"}
        assert told["lightTokens"] == TOKENS
        assert response.headers["Cache-Control"] == KEPT
        again = api.call("themes.list", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304

    def test_they_are_by_name_and_a_hundred_at_most(self, api: Api, server: Server, tables: Tables) -> None:
        for number in range(101):
            theme(tables, f"t{number}", name=f"Theme {200 - number}")
        move_on(server, "themes")
        assert listed(api) == [f"t{number}" for number in range(100, 0, -1)]
