"""Approved texts as clients fetch them."""

from typing import Any

import httpx
import pytest

from tests.handlers.support import statements
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.i18n import follow, language, text, waiting

FOREVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60, stale-while-revalidate=300"


def bundle(api: Api, locale: str = "de", v: Any = None, **options: Any) -> httpx.Response:
    params = {} if v is None else {"v": v}
    return api.call("i18n.translations.bundle", path=f"/translations/{locale}", params=params, **options)


def namespace(api: Api, name: str, locale: str = "de", v: Any = None, **options: Any) -> httpx.Response:
    params = {} if v is None else {"v": v}
    return api.call("i18n.translations.namespace", path=f"/translations/{locale}/{name}", params=params, **options)


@pytest.fixture
def version(server: Server, tables: Tables) -> int:
    """Of German, which has three texts, one of them the server's own, and a draft."""
    version = language(tables, "de")
    text(tables, "de/web/home.title", "Start")
    text(tables, "de/shop/cart", "Korb")
    text(tables, "de/mails/not_me.button", "Das war ich nicht")
    waiting(tables, "de/web/later", "Nur ein Entwurf")
    waiting(tables, "de/web/home.text", "Ein neuer Entwurf", "Willkommen")
    follow(server)
    return version


class TestBundle:
    def test_keys_have_their_namespace_in_front(self, api: Api, server: Server, tables: Tables) -> None:
        language(tables, "de")
        text(tables, "de/errors/auth.login.invalid_credentials", "Adresse oder Passwort sind falsch.")
        text(tables, "de/validation/required", "Dieses Feld ist erforderlich.")
        follow(server)
        assert bundle(api).json().keys() == {"errors.auth.login.invalid_credentials", "validation.required"}
        assert namespace(api, "validation").json() == {"required": "Dieses Feld ist erforderlich."}

    def test_all_approved_texts_without_an_envelope(self, api: Api, version: int) -> None:
        response = bundle(api)
        assert response.json() == {"shop.cart": "Korb", "web.home.text": "Willkommen", "web.home.title": "Start"}
        assert response.headers["etag"] == f'"i18n-de-{version}"'
        assert response.headers["cache-control"] == A_MINUTE
        assert response.headers["access-control-allow-origin"] == "*"

    def test_the_current_version_may_be_kept_for_ever(self, api: Api, version: int) -> None:
        assert bundle(api, v=version).headers["cache-control"] == FOREVER
        for other in (0, version - 1, version + 1):
            response = bundle(api, v=other)
            assert (response.headers["cache-control"], len(response.json())) == (A_MINUTE, 3)

    def test_what_is_known_is_not_sent_again(self, api: Api, version: int) -> None:
        for asked, control in ((None, A_MINUTE), (version, FOREVER)):
            response = bundle(api, v=asked, headers={"If-None-Match": f'"i18n-de-{version}"'})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["cache-control"] == control

    @pytest.mark.parametrize("locale", ["xx", "EN", "zh-Hant"])
    def test_an_unknown_language_is_empty(self, api: Api, version: int, locale: str) -> None:
        for asked in (None, 0):
            response = bundle(api, locale, v=asked)
            assert (response.status_code, response.json()) == (200, {})
            assert response.headers["etag"] == f'"i18n-{locale}-0"'
            assert response.headers["cache-control"] == A_MINUTE

    def test_one_that_is_not_active_is_empty(self, api: Api, server: Server, tables: Tables, version: int) -> None:
        tables.run("UPDATE languages SET active = false, texts_version = texts_version + 1")
        follow(server)
        assert bundle(api).json() == {}

    def test_a_change_is_another_version(self, api: Api, server: Server, tables: Tables, version: int) -> None:
        before = bundle(api)
        tables.run("UPDATE translations SET text = 'Anfang' WHERE key = 'home.title'")
        assert bundle(api).content == before.content
        tables.run("UPDATE languages SET texts_version = texts_version + 1")
        follow(server)
        after = bundle(api, headers={"If-None-Match": before.headers["etag"]})
        assert after.json()["web.home.title"] == "Anfang"
        assert after.headers["etag"] == f'"i18n-de-{version + 1}"'

    def test_body_and_version_are_of_one_moment(self, api: Api, server: Server, tables: Tables, version: int) -> None:
        """A text was approved after the last look at the versions, and before the first request."""
        tables.run("UPDATE translations SET text = 'Anfang' WHERE key = 'home.title'")
        tables.run("UPDATE languages SET texts_version = texts_version + 1")
        response = bundle(api, v=version)
        assert response.json()["web.home.title"] == "Anfang"
        assert response.headers["etag"] == f'"i18n-de-{version + 1}"'
        assert response.headers["cache-control"] == A_MINUTE

    def test_five_thousand_texts_are_sent_without_a_question(
        self, api: Api, server: Server, tables: Tables, version: int
    ) -> None:
        tables.run(
            "INSERT INTO translations (locale, namespace, key, text, status, origin) "
            "SELECT 'de', 'many', 'key.' || n, 'Text ' || n, 'APPROVED', 'STAFF' FROM generate_series(1, 5000) n"
        )
        tables.run("UPDATE languages SET texts_version = texts_version + 1")
        follow(server)
        assert len(bundle(api).json()) == 5003
        with statements(server) as asked:
            assert len(bundle(api).json()) == 5003
            assert len(namespace(api, "many").json()) == 5000
        assert [statement for statement in asked if "translations" in statement] == []

    @pytest.mark.parametrize("locale", ["d", "de_DE", "x" * 13])
    def test_what_cannot_be_a_code_is_refused(self, api: Api, locale: str) -> None:
        response = bundle(api, locale)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    @pytest.mark.parametrize("asked", ["-1", "x", "2147483648"])
    def test_so_is_what_cannot_be_a_version(self, api: Api, asked: str) -> None:
        assert {field for field, _ in broken_rules(bundle(api, v=asked))} == {"v"}


class TestNamespace:
    def test_its_texts_under_their_own_keys(self, api: Api, version: int) -> None:
        response = namespace(api, "web")
        assert response.json() == {"home.text": "Willkommen", "home.title": "Start"}
        assert response.headers["etag"] == f'"i18n-de-web-{version}"'
        assert response.headers["cache-control"] == A_MINUTE
        assert namespace(api, "web", v=version).headers["cache-control"] == FOREVER

    @pytest.mark.parametrize(("name", "locale"), [("nothing", "de"), ("mails", "de"), ("web", "xx")])
    def test_an_unknown_one_is_empty(self, api: Api, version: int, name: str, locale: str) -> None:
        for asked in (None, 0, version):
            response = namespace(api, name, locale, v=asked)
            assert (response.status_code, response.json()) == (200, {})
            assert response.headers["etag"] == f'"i18n-{locale}-{name}-0"'
            assert response.headers["cache-control"] == A_MINUTE

    def test_what_is_known_is_not_sent_again(self, api: Api, version: int) -> None:
        tags = f'"i18n-de-web-{version}"', f'"i18n-de-{version}"'
        known = [namespace(api, "web", headers={"If-None-Match": tag}).status_code for tag in tags]
        assert known == [304, 200]
