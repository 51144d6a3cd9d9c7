"""Privacy policy and terms of service as everybody reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.clock import timestamp
from tests.handlers.support import statements, until
from tests.harness import Api, Server, broken_rules, code_of
from tests.legal import announced, published, withdrawn

DAY = timedelta(days=1)


def read(api: Api, slug: str, **params: Any) -> dict[str, Any]:
    response = api.call(f"legal.{slug}", params=params)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestPrivacy:
    def test_before_any_is_published_it_says_so(self, api: Api) -> None:
        nothing = {"lastUpdated": None, "version": None, "locale": None}
        assert read(api, "privacy") == {"content": "Privacy policy not yet published."} | nothing

    def test_the_one_in_force_is_read(self, api: Api, server: Server) -> None:
        since = datetime(2026, 1, 2, 10, tzinfo=UTC)
        published(server, "privacy", "<p>Old.</p>", "1.0", shown_from=since - DAY, shown_until=since)
        published(server, "privacy", "<p>New.</p>", "1.1", shown_from=since)
        published(server, "terms", "<p>Terms.</p>")
        told = {"lastUpdated": timestamp(since), "version": "1.1", "locale": "en"}
        assert read(api, "privacy") == {"content": "<p>New.</p>"} | told

    def test_caches_may_keep_it_until_the_next_takes_effect(self, api: Api, server: Server) -> None:
        published(server, "privacy", "<p>Old.</p>")
        response = api.call("legal.privacy")
        assert response.headers["cache-control"] == "public, s-maxage=300, stale-while-revalidate=600"
        again = api.call("legal.privacy", headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        published(server, "privacy", "<p>New.</p>", "2.0", shown_from=datetime.now(UTC) + timedelta(seconds=90))
        cut = api.call("legal.privacy").headers["cache-control"]
        seconds = int(cut.removeprefix("public, s-maxage="))
        assert 0 < seconds <= 90

    def test_the_next_takes_effect_by_the_clock_alone(self, api: Api, server: Server) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=1)
        published(server, "privacy", "<p>Old.</p>", shown_until=soon)
        published(server, "privacy", "<p>New.</p>", "2.0", shown_from=soon)
        assert read(api, "privacy")["version"] == "1.0"
        until(lambda: datetime.now(UTC) >= soon)
        assert read(api, "privacy")["version"] == "2.0"

    def test_no_query_runs_for_a_text_that_is_kept(self, api: Api, server: Server) -> None:
        published(server, "privacy", "<p>Text.</p>")
        read(api, "privacy", locale="de")
        with statements(server) as asked:
            read(api, "privacy", locale="de")
        assert [text for text in asked if "publications" in text] == []

    def test_a_language_without_it_gets_the_default_one(self, api: Api, server: Server) -> None:
        published(server, "privacy", "<p>English.</p>")
        published(server, "privacy", "<p>Deutsch.</p>", locale="de")
        found = {locale: read(api, "privacy", locale=locale) for locale in ("de", "tr")}
        assert {locale: (text["content"], text["locale"]) for locale, text in found.items()} == {
            "de": ("<p>Deutsch.</p>", "de"),
            "tr": ("<p>English.</p>", "en"),
        }
        server.configure(**{"platform.supported_locales": ["de", "en", "tr"]})
        assert read(api, "privacy")["locale"] == "de"
        assert read(api, "privacy", locale="tr")["locale"] == "de"

    def test_a_language_that_there_is_not_is_refused(self, api: Api) -> None:
        assert broken_rules(api.call("legal.privacy", params={"locale": "xx"})) == {("locale", "enum")}


class TestTerms:
    def test_before_any_is_published_it_says_so(self, api: Api) -> None:
        nothing = {"lastUpdated": None, "version": None, "locale": None}
        assert read(api, "terms") == {"content": "Terms of service not yet published."} | nothing

    def test_the_one_in_force_is_read(self, api: Api, server: Server) -> None:
        published(server, "terms", "<p>Terms.</p>", "3.0")
        published(server, "privacy", "<p>Privacy.</p>")
        assert read(api, "terms")["content"] == "<p>Terms.</p>"
        tag = api.call("legal.terms").headers["etag"]
        assert api.call("legal.terms", headers={"If-None-Match": tag}).status_code == 304

    def test_former_versions_stay_readable(self, api: Api, server: Server) -> None:
        now = datetime.now(UTC)
        published(server, "terms", "<p>Old.</p>", "1.0", shown_from=now - 2 * DAY, shown_until=now - DAY)
        published(server, "terms", "<p>Alt.</p>", "1.0", locale="de", shown_from=now - 2 * DAY, shown_until=now - DAY)
        published(server, "terms", "<p>New.</p>", "2.0", shown_from=now - DAY)
        assert read(api, "terms")["content"] == "<p>New.</p>"
        assert read(api, "terms", version="1.0")["content"] == "<p>Old.</p>"
        assert read(api, "terms", version="1.0", locale="de")["content"] == "<p>Alt.</p>"
        assert read(api, "terms", version="2.0", locale="de")["content"] == "<p>New.</p>"

    def test_one_that_comes_is_readable_once_it_is_announced(self, api: Api, server: Server) -> None:
        published(server, "terms", "<p>Secret.</p>", "2.0", shown_from=datetime.now(UTC) + DAY)
        assert read(api, "terms")["version"] is None
        response = api.call("legal.terms", params={"version": "2.0"})
        assert (response.status_code, code_of(response)) == (404, "legal.version_not_found")
        announced(server)
        assert read(api, "terms", version="2.0")["content"] == "<p>Secret.</p>"
        assert read(api, "terms")["version"] is None
        assert withdrawn(server)
        published(server, "terms", "<p>Former.</p>", "0.9")  # whoever withdraws it changes the texts, too
        assert api.call("legal.terms", params={"version": "2.0"}).status_code == 404

    @pytest.mark.parametrize("version", ["0.1", "2", "1.0.0"])
    def test_a_version_that_there_is_not_is_not_found(self, api: Api, server: Server, version: str) -> None:
        published(server, "terms", "<p>Terms.</p>")
        response = api.call("legal.terms", params={"version": version})
        assert (response.status_code, code_of(response)) == (404, "legal.version_not_found")
        assert response.headers["cache-control"] == "no-store"

    def test_a_version_has_a_name_that_consents_can_state(self, api: Api) -> None:
        assert broken_rules(api.call("legal.terms", params={"version": "1 0"})) == {("version", "pattern")}
