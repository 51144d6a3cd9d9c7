"""Languages as staff manages them."""

from typing import Any

import httpx
import pytest

from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, code_of
from tests.i18n import english, follow, language, text, waiting
from tests.staff import Hired, grant, member

GERMAN = {"name": "German", "nativeName": "Deutsch", "isRtl": False, "isDefault": False, "active": True}
GERMAN |= {"sortOrder": 30}


@pytest.fixture
def editor(server: Server) -> Hired:
    return member(server, "EDITOR")


def put(api: Api, caller: Hired, code: str, version: int, **changes: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.languages.set", GERMAN | changes, path=f"/admin/languages/{code}", headers=headers)


def listed(api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
    response = api.call("admin.languages.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestList:
    def test_all_in_their_order_with_the_state_of_their_texts(self, api: Api, editor: Hired, tables: Tables) -> None:
        language(tables, "en", sort_order=1, is_default=True)
        language(tables, "de", sort_order=2, active=False)
        english(tables, a="A", b="B", c="C")
        text(tables, "de/web/a", "Ä")
        waiting(tables, "de/web/b", "Bä", "B", outdated=True)
        waiting(tables, "de/web/c", "Zä")
        first, second = listed(api, editor)["items"]
        counts = ("texts", "translated", "coverage", "outdated", "inReview")
        assert (first["code"], *(first[name] for name in counts)) == ("en", 3, 3, 100.0, 0, 0)
        assert (second["code"], *(second[name] for name in counts)) == ("de", 3, 2, 66.6, 1, 2)
        assert second["active"] is False

    def test_page_by_page(self, api: Api, editor: Hired, tables: Tables) -> None:
        for place, code in enumerate(("en", "tr", "de", "fr", "es")):
            language(tables, code, sort_order=place // 2)
        found, cursor = [], None
        while True:
            page = listed(api, editor, limit=2, **({"cursor": cursor} if cursor else {}))
            found += [each["code"] for each in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert found == ["en", "tr", "de", "fr", "es"]
        broken = api.call("admin.languages.list", params={"cursor": "x"}, headers=editor.headers)
        assert code_of(broken) == "admin.cursor_invalid"


class TestSet:
    def test_a_language_begins_with_version_0(self, api: Api, server: Server, editor: Hired, tables: Tables) -> None:
        response = put(api, editor, "de", 0)
        stored = response.json()["data"]
        assert (response.status_code, stored["version"], stored["nativeName"]) == (200, 1, "Deutsch")
        assert response.headers["etag"] == '"1"'
        (entry,) = audited(tables, "admin.languages.set")
        assert (entry["target_id"], entry["before"], entry["after"]) == ("de", None, GERMAN)
        follow(server)
        assert api.call("i18n.locales.list").json()["data"]["versions"] == {"de": 1}
        assert put(api, editor, "de", 0).status_code == 412

    def test_a_change_moves_both_versions(self, api: Api, editor: Hired, tables: Tables) -> None:
        before = language(tables, "ar")
        changed = put(api, editor, "ar", 1, name="Arabic", nativeName="العربية", isRtl=True)
        stored = changed.json()["data"]
        assert (stored["isRtl"], stored["version"], stored["textsVersion"]) == (True, 2, before + 1)
        (entry,) = audited(tables, "admin.languages.set")
        assert (entry["before"]["isRtl"], entry["after"]["isRtl"]) == (False, True)
        again = put(api, editor, "ar", 1)
        assert (again.status_code, again.json()["error"]["i18nVars"]) == (412, {"version": 2})

    def test_one_is_the_default(self, api: Api, editor: Hired, tables: Tables) -> None:
        former = language(tables, "en", is_default=True)
        language(tables, "de")
        assert put(api, editor, "de", 1, isDefault=True).status_code == 200
        rows = {row["code"]: row for row in tables.rows("SELECT * FROM languages")}
        assert {code: row["is_default"] for code, row in rows.items()} == {"en": False, "de": True}
        assert (rows["en"]["version"], rows["en"]["texts_version"]) == (2, former + 1)

    @pytest.mark.parametrize("changes", [{"isDefault": False}, {"isDefault": True, "active": False}])
    def test_it_stays_the_default_and_active(
        self, api: Api, editor: Hired, tables: Tables, changes: dict[str, Any]
    ) -> None:
        language(tables, "en", is_default=True)
        response = put(api, editor, "en", 1, **changes)
        assert (response.status_code, code_of(response)) == (409, "admin.language.default")

    def test_no_other_becomes_it_without_being_active(self, api: Api, editor: Hired, tables: Tables) -> None:
        language(tables, "en", is_default=True)
        response = put(api, editor, "de", 0, isDefault=True, active=False)
        assert (response.status_code, code_of(response)) == (409, "admin.language.default")
        assert tables.count("languages") == 1

    def test_whose_role_is_for_some_languages_changes_none(self, api: Api, server: Server, tables: Tables) -> None:
        translator = member(server)
        grant(server, translator.id, "TRANSLATOR")
        tables.run("UPDATE staff_roles SET locales = '{de}' WHERE user_id = %s", translator.id)
        response = put(api, translator, "de", 0)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")

    def test_a_version_is_asked_for(self, api: Api, editor: Hired) -> None:
        response = api.call("admin.languages.set", GERMAN, path="/admin/languages/de", headers=editor.headers)
        assert (response.status_code, code_of(response)) == (428, "precondition.required")
