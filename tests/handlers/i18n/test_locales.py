"""The languages that are offered, and the versions of their texts."""

from tests.handlers.support import statements
from tests.harness import Api, Server, Tables
from tests.i18n import follow, language


class TestList:
    def test_active_languages_in_their_order(self, api: Api, server: Server, tables: Tables) -> None:
        english = language(tables, "en", name="English", native_name="English", is_default=True, sort_order=2)
        arabic = language(tables, "ar", name="Arabic", native_name="العربية", is_rtl=True, sort_order=1)
        language(tables, "de", active=False)
        follow(server)
        response = api.call("i18n.locales.list")
        assert response.json()["data"] == {
            "locales": [
                {"code": "ar", "name": "Arabic", "nativeName": "العربية", "isRtl": True, "isDefault": False},
                {"code": "en", "name": "English", "nativeName": "English", "isRtl": False, "isDefault": True},
            ],
            "versions": {"ar": arabic, "en": english},
        }
        assert response.headers["cache-control"] == "public, s-maxage=60, stale-while-revalidate=300"

    def test_none_is_an_empty_list(self, api: Api, server: Server) -> None:
        follow(server)
        assert api.call("i18n.locales.list").json()["data"] == {"locales": [], "versions": {}}

    def test_nothing_is_asked_of_the_database(self, api: Api, server: Server, tables: Tables) -> None:
        language(tables, "en")
        follow(server)
        known = api.call("i18n.locales.list").headers["etag"]
        with statements(server) as asked:
            answers = [api.call("i18n.locales.list", headers={"If-None-Match": tag}) for tag in (known, '"other"')]
        assert [answer.status_code for answer in answers] == [304, 200]
        assert [statement for statement in asked if "translations" in statement] == []

    def test_a_new_version_is_told_within_two_seconds(self, api: Api, server: Server, tables: Tables) -> None:
        version = language(tables, "en")
        follow(server)
        before = api.call("i18n.locales.list").headers["etag"]
        tables.run("UPDATE languages SET texts_version = texts_version + 1")
        follow(server)
        after = api.call("i18n.locales.list", headers={"If-None-Match": before})
        assert after.json()["data"]["versions"] == {"en": version + 1}
