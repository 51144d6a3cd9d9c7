"""Categories of the blog, the help center and the FAQ, as staff arranges them."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.editions import follow
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import member
from tests.texts import POST, Desk, Json, data_of

NEWS: Json = {"slug": "news", "locale": "en", "name": "News", "active": True}
TIPS = NEWS | {"slug": "tips", "name": "Tips", "description": "How to.", "icon": "bulb", "iconBackground": "#FFCC00"}


@pytest.fixture
def desk(api: Api, server: Server) -> Desk:
    return Desk(api, member(server, "EDITOR"))


def put(desk: Desk, *items: Json, version: int = 0, kind: str = "blog") -> httpx.Response:
    return desk.call("content.categories.set", f"categories/{kind}", {"items": items}, version)


def shown(desk: Desk, kind: str = "blog") -> dict[str, Any]:
    return data_of(desk.call("content.categories.get", f"categories/{kind}"))


class TestGet:
    def test_none_before_the_first(self, desk: Desk) -> None:
        response = desk.call("content.categories.get", "categories/help")
        assert (data_of(response), response.headers["ETag"]) == ({"kind": "help", "version": 0, "items": []}, '"0"')

    def test_a_section_has_its_own(self, desk: Desk) -> None:
        put(desk, NEWS)
        put(desk, TIPS, kind="faq")
        assert [one["slug"] for one in shown(desk)["items"]] == ["news"]
        assert [one["slug"] for one in shown(desk, "faq")["items"]] == ["tips"]

    def test_others_may_not(self, api: Api, server: Server) -> None:
        response = Desk(api, member(server, "SUPPORT")).call("content.categories.get", "categories/blog")
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestSet:
    def test_the_list_is_as_it_was_put(self, desk: Desk, tables: Tables) -> None:
        told = data_of(put(desk, NEWS, TIPS))
        assert told["version"] == 1
        nothing = {"description": None, "icon": None, "iconBackground": None}
        assert [{**one, "id": None} for one in told["items"]] == [NEWS | nothing | {"id": None}, TIPS | {"id": None}]
        assert shown(desk) == told
        (entry,) = audited(tables, "admin.content.categories.set")
        assert (entry["before"], entry["after"]) == ({"items": []}, {"items": told["items"]})

    def test_is_changed_reordered_and_shortened(self, desk: Desk) -> None:
        news, tips = data_of(put(desk, NEWS, TIPS))["items"]
        told = data_of(put(desk, tips | {"slug": "news"}, news | {"slug": "tips"}, version=1))
        assert [(one["id"], one["slug"]) for one in told["items"]] == [(tips["id"], "news"), (news["id"], "tips")]
        told = data_of(put(desk, tips, version=2))
        assert [one["id"] for one in told["items"]] == [tips["id"]]

    def test_the_id_of_another_is_a_slug_like_any(self, desk: Desk) -> None:
        news, tips = data_of(put(desk, NEWS, TIPS))["items"]
        told = data_of(put(desk, news | {"slug": tips["id"]}, tips, version=1))
        assert [one["slug"] for one in told["items"]] == [tips["id"], "tips"]

    def test_nobody_overwrites_unseen(self, desk: Desk) -> None:
        put(desk, NEWS)
        response = put(desk, TIPS)
        assert (response.status_code, response.headers["ETag"]) == (412, '"1"')
        assert put(desk, version=7).status_code == 412

    def test_what_has_texts_stays(self, desk: Desk) -> None:
        (news,) = data_of(put(desk, NEWS))["items"]
        post = desk.made(POST | {"categoryIds": [news["id"]]})
        response = put(desk, TIPS, version=1)
        assert (response.status_code, code_of(response)) == (409, "admin.category.in_use")
        assert response.json()["error"]["i18nVars"] == {"slug": "news"}
        post = desk.published(post)
        post = desk.updated(post, categoryIds=[])
        assert code_of(put(desk, version=1)) == "admin.category.in_use"
        desk.published(post)
        assert data_of(put(desk, version=1))["items"] == []

    def test_refusals(self, desk: Desk) -> None:
        assert code_of(put(desk, NEWS, NEWS)) == "admin.content.slug_taken"
        response = put(desk, NEWS | {"id": str(uuid4())})
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        (news,) = data_of(put(desk, NEWS))["items"]
        assert code_of(put(desk, news, news | {"slug": "x"}, version=1)) == "admin.not_found"
        assert broken_rules(put(desk, NEWS | {"iconBackground": "red"})) == {("items.0.iconBackground", "pattern")}
        assert shown(desk)["version"] == 1

    def test_the_public_follows(self, desk: Desk, api: Api, server: Server) -> None:
        path = "/api/v1/public/help/categories"
        assert api.get(path).json()["data"] == []
        put(desk, NEWS, TIPS | {"active": False}, kind="help")
        follow(server)
        assert [one["slug"] for one in api.get(path).json()["data"]] == ["news"]

    def test_who_may_only_read_may_not(self, api: Api, server: Server) -> None:
        response = put(Desk(api, member(server, "AUDITOR")), NEWS)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")
