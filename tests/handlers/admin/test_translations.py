"""Translations as staff finds, writes, reviews, imports and exports them."""

import csv
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contract.texts import Texts
from domain.i18n import digest_of
from services.i18n.files import TextFiles
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.i18n import english, follow, language, text, version_of, waiting
from tests.staff import Hired, member

LIMIT = "At most {limit} characters."


@pytest.fixture(autouse=True)
def languages(tables: Tables) -> None:
    for code in ("en", "de", "tr"):
        language(tables, code)


@pytest.fixture
def translator(server: Server) -> Hired:
    return member(server, "TRANSLATOR")


@pytest.fixture
def editor(server: Server) -> Hired:
    return member(server, "EDITOR")


def listed(api: Api, caller: Hired, locale: str = "de", **params: Any) -> dict[str, Any]:
    response = api.call("admin.translations.list", params={"locale": locale} | params, headers=caller.headers)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def keys(page: dict[str, Any]) -> list[str]:
    return [f"{each['namespace']}.{each['key']}" for each in page["items"]]


def write(api: Api, caller: Hired, place: str, words: str, version: int = 0, **body: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/translations/{place}"
    return api.call("admin.translations.write", {"text": words} | body, path=path, headers=headers)


def review(api: Api, caller: Hired, *ids: Any, outcome: str = "APPROVED", **body: Any) -> list[tuple[str, str | None]]:
    body |= {"ids": [str(each) for each in ids], "outcome": outcome}
    response = api.call("admin.translations.review", body, headers=caller.headers)
    assert response.status_code == 200, response.text
    assert [each["id"] for each in response.json()["data"]["results"]] == body["ids"]
    return [(each["outcome"], each["code"]) for each in response.json()["data"]["results"]]


def entries(**texts: str) -> list[dict[str, str]]:
    return [{"key": key, "text": each} for key, each in texts.items()]


def take_in(api: Api, caller: Hired, mode: str, given: Any, locale: str = "de", **options: Any) -> httpx.Response:
    body = {"locale": locale, "namespace": options.pop("namespace", "web"), "mode": mode, "entries": given}
    return api.call("admin.translations.import_texts", body, headers=caller.headers, **options)


def outcomes(response: httpx.Response) -> dict[str, tuple[str, str | None]]:
    assert response.status_code == 200, response.text
    return {each["key"]: (each["outcome"], each["code"]) for each in response.json()["data"]["results"]}


def stored(tables: Tables, locale: str, key: str) -> dict[str, Any]:
    return tables.one("SELECT * FROM translations WHERE locale = %s AND key = %s", locale, key)


class TestList:
    @pytest.fixture(autouse=True)
    def texts(self, tables: Tables) -> None:
        english(tables, a="A", b="B", c="C", d="D")
        text(tables, "en/errors/x.y", "X")
        text(tables, "de/web/a", "Ä", made_from=digest_of("A"))
        text(tables, "de/web/b", "alt", outdated=True)
        waiting(tables, "de/web/c", "Entwurf")
        text(tables, "tr/web/d", "D-tr")

    def test_every_english_text_and_what_the_language_has_of_it(self, api: Api, translator: Hired) -> None:
        page = listed(api, translator)
        assert keys(page) == ["errors.x.y", "web.a", "web.b", "web.c", "web.d"]
        missing, approved, _, draft, _ = page["items"]
        assert missing == {
            "id": None, "locale": "de", "namespace": "errors", "key": "x.y", "source": "X", "text": None,
            "draft": None, "status": None, "outdated": False, "origin": None, "note": None, "draftBy": None,
            "version": 0, "updatedAt": None,
        }  # fmt: skip
        assert (approved["source"], approved["text"], approved["status"], approved["version"]) == (
            "A", "Ä", "APPROVED", 1,
        )  # fmt: skip
        assert (draft["text"], draft["draft"], draft["status"]) == (None, "Entwurf", "IN_REVIEW")

    @pytest.mark.parametrize(
        ("params", "found"),
        [
            ({"namespace": "errors"}, ["errors.x.y"]),
            ({"missing": "true"}, ["errors.x.y", "web.c", "web.d"]),
            ({"missing": "false"}, ["web.a", "web.b"]),
            ({"outdated": "true"}, ["web.b"]),
            ({"outdated": "false"}, ["errors.x.y", "web.a", "web.c", "web.d"]),
            ({"status": "IN_REVIEW"}, ["web.c"]),
            ({"status": "APPROVED"}, ["web.a", "web.b"]),
            ({"status": "APPROVED", "outdated": "true"}, ["web.b"]),
            ({"status": "REJECTED"}, []),
            ({"q": "x."}, ["errors.x.y"]),
            ({"q": "a", "missing": "false"}, ["web.a"]),
            ({"locale": "en"}, ["errors.x.y", "web.a", "web.b", "web.c", "web.d"]),
            ({"locale": "tr", "missing": "false"}, ["web.d"]),
        ],
    )
    def test_filters(self, api: Api, translator: Hired, params: dict[str, Any], found: list[str]) -> None:
        assert keys(listed(api, translator, **params)) == found

    @pytest.mark.parametrize("params", [{}, {"missing": "true"}, {"outdated": "false"}, {"status": "APPROVED"}])
    def test_page_by_page(self, api: Api, translator: Hired, params: dict[str, Any]) -> None:
        found: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = listed(api, translator, limit=2, **params, **cursor)
            found += keys(page)
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}
        assert found == keys(listed(api, translator, **params))

    def test_a_cursor_is_of_its_filters(self, api: Api, translator: Hired) -> None:
        cursor = listed(api, translator, limit=1)["nextCursor"]
        params = {"locale": "tr", "limit": 1, "cursor": cursor}
        response = api.call("admin.translations.list", params=params, headers=translator.headers)
        assert code_of(response) == "admin.cursor_invalid"

    def test_a_language_is_asked_for(self, api: Api, translator: Hired) -> None:
        response = api.call("admin.translations.list", headers=translator.headers)
        assert broken_rules(response) == {("locale", "required")}


class TestWrite:
    def test_a_draft_waits_beside_the_text(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        text(tables, "de/web/hello", "Hallo")
        before = version_of(tables, "de")
        response = write(api, translator, "de/web/hello", "Guten Tag", 1, submit=True)
        row = response.json()["data"]
        assert (row["text"], row["draft"], row["status"], row["version"]) == ("Hallo", "Guten Tag", "IN_REVIEW", 2)
        assert (row["source"], row["draftBy"]) == ("Hello", str(translator.id))
        assert response.headers["etag"] == '"2"'
        assert version_of(tables, "de") == before
        (entry,) = audited(tables, "admin.translations.write")
        assert (entry["target_id"], entry["actor_id"]) == ("de/web/hello", translator.id)
        assert entry["before"] == {"draft": None, "status": "APPROVED"}
        assert entry["after"] == {"draft": "Guten Tag", "status": "IN_REVIEW"}

    def test_the_first_text_begins_with_version_0(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        row = write(api, translator, "de/web/hello", "Hallo").json()["data"]
        assert (row["text"], row["draft"], row["status"], row["version"]) == (None, "Hallo", "DRAFT", 1)
        again = write(api, translator, "de/web/hello", "Servus")
        assert (again.status_code, again.json()["error"]["i18nVars"]) == (412, {"version": 1})
        wrong = write(api, translator, "tr/web/hello", "Merhaba", 1)
        assert (wrong.status_code, wrong.json()["error"]["i18nVars"]) == (412, {"version": 0})
        assert tables.rows("SELECT 1 FROM translations WHERE locale = 'tr'") == []

    def test_of_two_at_once_one_is_told(self, api: Api, translator: Hired, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        assert write(api, translator, "de/web/hello", "Hallo").status_code == 200
        assert write(api, translator, "de/web/hello", "Servus", 1).status_code == 200
        late = write(api, editor, "de/web/hello", "Moin", 1)
        assert (late.status_code, code_of(late)) == (412, "precondition.failed")
        assert stored(tables, "de", "hello")["draft"] == "Servus"

    def test_the_approved_text_takes_the_draft_away(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        waiting(tables, "de/web/hello", "Servus", "Hallo")
        row = write(api, translator, "de/web/hello", "Hallo", 1).json()["data"]
        assert (row["text"], row["draft"], row["status"], row["draftBy"]) == ("Hallo", None, "APPROVED", None)

    def test_a_new_key_begins_in_english(self, api: Api, translator: Hired, tables: Tables) -> None:
        response = write(api, translator, "de/web/new", "Neu")
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert response.json()["error"]["i18nVars"] == {"what": "translation"}
        assert write(api, translator, "en/web/new", "New {thing}").status_code == 200
        assert write(api, translator, "de/web/new", "{thing}, neu").status_code == 200

    def test_an_unknown_language(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        response = write(api, translator, "xx/web/hello", "x")
        assert (response.status_code, response.json()["error"]["i18nVars"]) == (404, {"what": "language"})

    @pytest.mark.parametrize(
        ("words", "missing", "extra"),
        [
            ("Höchstens viele Zeichen.", "{limit}", "-"),
            ("Höchstens {limit} von {name}.", "-", "{name}"),
            ("Höchstens {Limit} Zeichen.", "{limit}", "{Limit}"),
            ("Höchstens {limit.__class__} Zeichen.", "{limit}", "{limit.__class__}"),
            ("Höchstens {limit!r} Zeichen.", "{limit}", "{limit!r}"),
            ("Höchstens {limit} Zeichen {.", "-", "{"),
            ("Höchstens {{limit}} Zeichen.", "-", "{, }"),
        ],
    )
    def test_placeholders_are_those_of_english(
        self, api: Api, translator: Hired, tables: Tables, words: str, missing: str, extra: str
    ) -> None:
        english(tables, limit=LIMIT)
        response = write(api, translator, "de/web/limit", words)
        assert (response.status_code, code_of(response)) == (400, "admin.translation.placeholders")
        assert response.json()["error"]["i18nVars"] == {"missing": missing, "extra": extra}

    def test_english_keeps_those_of_the_server(self, api: Api, translator: Hired) -> None:
        refused = write(api, translator, "en/validation/maxLength", "Too long.")
        assert (code_of(refused), refused.json()["error"]["i18nVars"]["missing"]) == (
            "admin.translation.placeholders",
            "{limit}",
        )
        assert write(api, translator, "en/validation/maxLength", "No more than {limit}.").status_code == 200

    def test_whose_role_is_for_some_languages_writes_these(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        tables.run("UPDATE staff_roles SET locales = '{tr}' WHERE user_id = %s", translator.id)
        refused = write(api, translator, "de/web/hello", "Hallo")
        assert (refused.status_code, code_of(refused)) == (403, "admin.permission_denied")
        assert write(api, translator, "tr/web/hello", "Merhaba").status_code == 200


class TestReview:
    def test_an_approved_draft_is_served(self, api: Api, server: Server, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello", bye="Bye")
        first, second = waiting(tables, "de/web/hello", "Guten Tag", "Hallo"), waiting(tables, "de/web/bye", "Tschüs")
        before = version_of(tables, "de")
        assert review(api, editor, first, second, note="Both fine.") == [("DONE", None)] * 2
        assert version_of(tables, "de") == before + 1
        row = stored(tables, "de", "hello")
        assert (row["text"], row["draft"], row["status"], row["origin"]) == ("Guten Tag", None, "APPROVED", "STAFF")
        assert (row["version"], row["outdated"], row["reviewed_by"]) == (2, False, editor.id)
        follow(server)
        bundle = api.call("i18n.translations.bundle", path="/translations/de")
        assert bundle.json() == {"web.bye": "Tschüs", "web.hello": "Guten Tag"}
        (entry,) = audited(tables, "admin.translations.review")
        assert (entry["reason"], entry["details"]["outcome"]) == ("Both fine.", "APPROVED")
        assert set(entry["details"]["texts"]) == {"de/web/hello", "de/web/bye"}

    def test_a_rejected_one_is_not(self, api: Api, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        draft, before = waiting(tables, "de/web/hello", "Quatsch", "Hallo"), version_of(tables, "de")
        assert review(api, editor, draft, outcome="REJECTED", note="Not a word.") == [("DONE", None)]
        row = stored(tables, "de", "hello")
        assert (row["text"], row["draft"], row["status"], row["note"]) == (
            "Hallo", "Quatsch", "REJECTED", "Not a word.",
        )  # fmt: skip
        assert version_of(tables, "de") == before
        assert review(api, editor, draft, outcome="REJECTED") == [("UNCHANGED", None)]

    def test_each_draft_has_a_result(self, api: Api, editor: Hired, tables: Tables) -> None:
        english(tables, a="A", b="B", c="{limit}", d="D")
        approved, unfinished = text(tables, "de/web/a", "Ä"), text(tables, "de/web/b", draft="B", status="DRAFT")
        broken, good = waiting(tables, "de/web/c", "C"), waiting(tables, "de/web/d", "D")
        assert review(api, editor, approved, unfinished, broken, uuid4(), good) == [
            ("UNCHANGED", None),
            ("FAILED", "admin.transition_invalid"),
            ("FAILED", "admin.translation.placeholders"),
            ("FAILED", "admin.not_found"),
            ("DONE", None),
        ]
        assert stored(tables, "de", "c")["text"] is None

    def test_a_draft_that_was_changed_after_it_was_read_is_not_approved_unseen(
        self, api: Api, translator: Hired, editor: Hired, tables: Tables
    ) -> None:
        english(tables, hello="Hello", bye="Bye")
        changed = write(api, translator, "de/web/hello", "Hallo", submit=True).json()["data"]
        same = write(api, translator, "de/web/bye", "Tschüs", submit=True).json()["data"]
        assert write(api, translator, "de/web/hello", "Quatsch", changed["version"], submit=True).status_code == 200
        ids, versions = (changed["id"], same["id"]), [changed["version"], same["version"]]
        for outcome in ("REJECTED", "APPROVED"):
            first = review(api, editor, changed["id"], outcome=outcome, versions=versions[:1])
            assert first == [("FAILED", "precondition.failed")]
        assert review(api, editor, *ids, versions=versions) == [("FAILED", "precondition.failed"), ("DONE", None)]
        row = stored(tables, "de", "hello")
        assert (row["text"], row["draft"], row["status"], row["version"]) == (None, "Quatsch", "IN_REVIEW", 2)
        assert stored(tables, "de", "bye")["text"] == "Tschüs"
        assert review(api, editor, changed["id"], versions=[2]) == [("DONE", None)]

    @pytest.mark.parametrize("versions", [[1], [1, 1, 1]])
    def test_each_text_has_its_version_or_none_has(
        self, api: Api, editor: Hired, tables: Tables, versions: list[int]
    ) -> None:
        drafts = [str(waiting(tables, f"de/web/{key}", "Hallo")) for key in ("hello", "bye")]
        body = {"ids": drafts, "versions": versions, "outcome": "APPROVED"}
        response = api.call("admin.translations.review", body, headers=editor.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.translation.versions_mismatch")
        assert stored(tables, "de", "hello")["status"] == "IN_REVIEW"

    def test_own_drafts_only_where_that_is_allowed(
        self, api: Api, server: Server, editor: Hired, tables: Tables
    ) -> None:
        english(tables, hello="Hello")
        draft = write(api, editor, "de/web/hello", "Hallo", submit=True).json()["data"]["id"]
        assert review(api, editor, draft) == [("FAILED", "admin.permission_denied")]
        server.configure(**{"i18n.self_review": True})
        assert review(api, editor, draft) == [("DONE", None)]

    def test_whose_role_is_for_some_languages_approves_these(self, api: Api, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        german, turkish = waiting(tables, "de/web/hello", "Hallo"), waiting(tables, "tr/web/hello", "Merhaba")
        tables.run("UPDATE staff_roles SET locales = '{tr}' WHERE user_id = %s", editor.id)
        assert review(api, editor, german, turkish) == [("FAILED", "admin.permission_denied"), ("DONE", None)]

    def test_a_new_english_text_makes_its_translations_outdated(self, api: Api, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello", other="Other")
        text(tables, "de/web/hello", "Hallo", made_from=digest_of("Hello"))
        text(tables, "de/web/other", "Anderes", made_from=digest_of("Other"))
        source = tables.one("SELECT id FROM translations WHERE locale = 'en' AND key = 'hello'")["id"]
        tables.run(
            "UPDATE translations SET draft = 'Good day', status = 'IN_REVIEW', draft_from = 'x' WHERE id = %s", source
        )
        late = waiting(tables, "tr/web/hello", "Merhaba")
        versions = {code: version_of(tables, code) for code in ("en", "de", "tr")}
        assert review(api, editor, source, late) == [("DONE", None)] * 2
        outdated = {
            row["locale"]: row["outdated"] for row in tables.rows("SELECT * FROM translations WHERE key = 'hello'")
        }
        assert outdated == {"en": False, "de": True, "tr": True}
        assert stored(tables, "de", "other")["outdated"] is False
        assert {code: version_of(tables, code) - version for code, version in versions.items()} == {
            "en": 1, "de": 0, "tr": 1,
        }  # fmt: skip

    def test_a_repetition_gets_the_same_answer(self, api: Api, editor: Hired, tables: Tables) -> None:
        english(tables, hello="Hello")
        draft, before = waiting(tables, "de/web/hello", "Hallo"), version_of(tables, "de")
        body = {"ids": [str(draft)], "outcome": "APPROVED"}
        headers = editor.headers | {"Idempotency-Key": uuid4().hex}
        first, second = (api.call("admin.translations.review", body, headers=headers) for _ in range(2))
        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert version_of(tables, "de") == before + 1

    def test_a_translator_may_not(self, api: Api, translator: Hired) -> None:
        body = {"ids": [str(uuid4())], "outcome": "APPROVED"}
        response = api.call("admin.translations.review", body, headers=translator.headers)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


GIVEN = entries(new="Neu", approved="Anders", drafted="Anderer Entwurf", limit="Kein Platzhalter", gone="Weg")
REFUSED = {"limit": ("FAILED", "admin.translation.placeholders"), "gone": ("FAILED", "admin.not_found")}


class TestImportTexts:
    @pytest.fixture(autouse=True)
    def texts(self, tables: Tables) -> None:
        english(tables, new="New", approved="Approved", drafted="Drafted", limit=LIMIT)
        text(tables, "de/web/approved", "Genehmigt")
        waiting(tables, "de/web/drafted", "Entwurf")

    def test_missing_leaves_all_that_there_is(self, api: Api, translator: Hired, tables: Tables) -> None:
        before = version_of(tables, "de")
        response = take_in(api, translator, "MISSING", GIVEN)
        kept = dict.fromkeys(("approved", "drafted"), ("KEPT", None))
        assert outcomes(response) == REFUSED | kept | {"new": ("WRITTEN", None)}
        assert response.json()["data"]["written"] == 1
        row = stored(tables, "de", "new")
        assert (row["text"], row["draft"], row["status"], row["draft_by"]) == (None, "Neu", "IN_REVIEW", translator.id)
        assert version_of(tables, "de") == before

    def test_drafts_leave_what_is_approved(self, api: Api, translator: Hired, tables: Tables) -> None:
        before = version_of(tables, "de")
        found = outcomes(take_in(api, translator, "DRAFTS", GIVEN))
        assert found == REFUSED | dict.fromkeys(("new", "approved", "drafted"), ("WRITTEN", None))
        row = stored(tables, "de", "approved")
        assert (row["text"], row["draft"], row["version"]) == ("Genehmigt", "Anders", 2)
        assert stored(tables, "de", "drafted")["draft"] == "Anderer Entwurf"
        assert version_of(tables, "de") == before
        assert set(outcomes(take_in(api, translator, "DRAFTS", GIVEN[:3])).values()) == {("UNCHANGED", None)}

    def test_overwriting_is_served_at_once(self, api: Api, server: Server, editor: Hired, tables: Tables) -> None:
        before = version_of(tables, "de")
        found = outcomes(take_in(api, editor, "OVERWRITE", GIVEN))
        assert found == REFUSED | dict.fromkeys(("new", "approved", "drafted"), ("WRITTEN", None))
        assert version_of(tables, "de") == before + 1
        follow(server)
        bundle = api.call("i18n.translations.namespace", path="/translations/de/web").json()
        assert bundle == {"approved": "Anders", "drafted": "Anderer Entwurf", "new": "Neu"}
        row = stored(tables, "de", "drafted")
        assert (row["draft"], row["status"], row["origin"], row["made_from"]) == (
            None, "APPROVED", "STAFF", digest_of("Drafted"),
        )  # fmt: skip
        (entry,) = audited(tables, "admin.translations.import_texts")
        assert entry["details"] == {
            "locale": "de", "namespace": "web", "mode": "OVERWRITE", "texts": 5, "written": 3,
        }  # fmt: skip
        assert set(outcomes(take_in(api, editor, "OVERWRITE", GIVEN[:3])).values()) == {("UNCHANGED", None)}
        assert version_of(tables, "de") == before + 1

    def test_it_needs_the_permission_to_approve(self, api: Api, translator: Hired, tables: Tables) -> None:
        response = take_in(api, translator, "OVERWRITE", GIVEN)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")
        assert response.json()["error"]["i18nVars"] == {"permission": "i18n.approve"}

    def test_a_dry_run_leaves_nothing(self, api: Api, editor: Hired, tables: Tables) -> None:
        before = tables.fingerprints()
        response = take_in(api, editor, "OVERWRITE", GIVEN, params={"dryRun": "true"})
        assert response.json()["data"]["written"] == 3
        assert tables.changed_since(before) - {"sessions"} == set()

    def test_english_brings_new_keys(self, api: Api, editor: Hired, tables: Tables) -> None:
        found = outcomes(take_in(api, editor, "OVERWRITE", entries(fresh="Fresh", new="Newer"), "en"))
        assert found == dict.fromkeys(("fresh", "new"), ("WRITTEN", None))
        assert stored(tables, "en", "fresh")["text"] == "Fresh"
        refused = outcomes(take_in(api, editor, "DRAFTS", entries(maxLength="Too long."), "en", namespace="validation"))
        assert refused == {"maxLength": ("FAILED", "admin.translation.placeholders")}

    def test_so_translations_are_outdated(self, api: Api, editor: Hired, tables: Tables) -> None:
        tables.run(
            "UPDATE translations SET made_from = %s WHERE locale = 'de' AND key = 'approved'", digest_of("Approved")
        )
        take_in(api, editor, "OVERWRITE", entries(approved="Accepted"), "en")
        assert stored(tables, "de", "approved")["outdated"] is True
        take_in(api, editor, "OVERWRITE", entries(approved="Angenommen"))
        assert stored(tables, "de", "approved")["outdated"] is False

    def test_of_a_key_that_comes_twice_the_last_counts(self, api: Api, editor: Hired, tables: Tables) -> None:
        twice = [*entries(new="Neu"), *entries(new="Neuer")]
        assert outcomes(take_in(api, editor, "DRAFTS", twice)) == {"new": ("WRITTEN", None)}
        assert stored(tables, "de", "new")["draft"] == "Neuer"

    def test_an_unknown_language(self, api: Api, editor: Hired) -> None:
        response = take_in(api, editor, "DRAFTS", entries(new="x"), "xx")
        assert (response.status_code, response.json()["error"]["i18nVars"]) == (404, {"what": "language"})

    def test_two_thousand_texts(self, api: Api, editor: Hired, tables: Tables) -> None:
        given = entries(**{f"key.{number}": f"A text of usual length, number {number}." for number in range(2000)})
        response = take_in(api, editor, "OVERWRITE", given, "en")
        assert response.json()["data"]["written"] == 2000
        assert take_in(api, editor, "OVERWRITE", [*given, *entries(more="x")], "en").status_code == 400
        large = entries(**{f"key.{number}": "x" * 2000 for number in range(150)})
        assert code_of(take_in(api, editor, "OVERWRITE", large, "en")) == "request.too_large"


class TestExport:
    @pytest.fixture(autouse=True)
    def texts(self, tables: Tables, translator: Hired) -> None:
        english(tables, a="=1+1", b="B")
        text(tables, "en/errors/x", "X")
        text(tables, "de/web/a", "=HYPERLINK(1)")
        waiting(tables, "de/web/b", "-Entwurf", draft_by=translator.id)

    def export(self, api: Api, caller: Hired, **params: Any) -> httpx.Response:
        return api.call("admin.translations.export", params={"locale": "de"} | params, headers=caller.headers)

    def test_the_texts_of_the_list_without_an_envelope(self, api: Api, translator: Hired, tables: Tables) -> None:
        found = self.export(api, translator).json()
        assert found == listed(api, translator)["items"]
        assert [row["key"] for row in self.export(api, translator, namespace="web").json()] == ["a", "b"]
        first, second = audited(tables, "admin.translations.export")
        assert (first["actor_id"], first["details"]) == (
            translator.id, {"locale": "de", "namespace": None, "texts": 3},
        )  # fmt: skip
        assert second["details"]["texts"] == 2

    def test_too_many_are_refused(self, api: Api, translator: Hired, tables: Tables) -> None:
        tables.run(
            "INSERT INTO translations (locale, namespace, key, text, status) "
            "SELECT 'en', 'many', n, 'x', 'APPROVED' FROM generate_series(1, 100000) n"
        )
        for operation in ("admin.translations.export", "admin.translations.export_csv"):
            response = api.call(operation, params={"locale": "de"}, headers=translator.headers)
            assert (response.status_code, code_of(response)) == (400, "admin.translation.export_too_large")
        assert len(self.export(api, translator, namespace="web").json()) == 2


class TestExportCsv:
    def test_no_cell_is_a_formula(self, api: Api, translator: Hired, tables: Tables) -> None:
        english(tables, a="=1+1", b="+B", c='"C",\n{limit}')
        text(tables, "de/web/a", "=HYPERLINK(1)")
        waiting(tables, "de/web/b", "-Entwurf", note="@me")
        params = {"locale": "de", "namespace": "web"}
        response = api.call("admin.translations.export_csv", params=params, headers=translator.headers)
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        heading, *rows = csv.reader(StringIO(response.text, newline=""))
        assert heading == ["namespace", "key", "source", "text", "draft", "status", "outdated", "note"]
        assert rows == [
            ["web", "a", "'=1+1", "'=HYPERLINK(1)", "", "APPROVED", "false", ""],
            ["web", "b", "'+B", "", "'-Entwurf", "IN_REVIEW", "false", "'@me"],
            ["web", "c", '"C",\n{limit}', "", "", "", "false", ""],
        ]
        (entry,) = audited(tables, "admin.translations.export_csv")
        assert entry["details"]["texts"] == 3


def test_a_translators_walk(api: Api, server: Server, translator: Hired, editor: Hired, tables: Tables) -> None:
    """From what is missing to the bundle, an error message and a mail."""
    tables.run("DELETE FROM languages")
    server.on_loop(TextFiles(server.app.parts.database, Texts(server.app.parts.contract.errors)).take_in())
    tables.run("UPDATE languages SET texts_version = %s", language(tables, "zz"))
    tables.run("DELETE FROM translations WHERE locale = 'de' AND key = 'required'")
    error, mail = "validation/required", "mails/reset_password.heading"
    missing = listed(api, translator, missing="true", namespace="validation")
    assert keys(missing) == ["validation.required"]
    assert missing["items"][0]["source"] == "This field is required."

    first = write(api, translator, f"de/{error}", "Bitte nicht leer lassen.", submit=True)
    former = listed(api, translator, namespace="mails", q="reset_password.heading")["items"][0]
    second = write(api, translator, f"de/{mail}", "Hier geht es weiter", former["version"], submit=True)
    drafts = [row["id"] for row in listed(api, editor, status="IN_REVIEW")["items"]]
    assert set(drafts) == {answer.json()["data"]["id"] for answer in (first, second)}
    assert review(api, editor, *drafts) == [("DONE", None)] * 2
    follow(server)

    versions = api.call("i18n.locales.list").json()["data"]["versions"]
    bundle = api.call("i18n.translations.bundle", path="/translations/de", params={"v": versions["de"]})
    assert bundle.json()["validation.required"] == "Bitte nicht leer lassen."
    assert bundle.headers["cache-control"] == "public, max-age=31536000, immutable"
    refused = api.call("auth.login", {}, headers={"Accept-Language": "de"})
    assert {detail["message"] for detail in refused.json()["error"]["details"]} == {"Bitte nicht leer lassen."}
    tables.run("UPDATE users SET locale = 'de' WHERE id = %s", translator.id)
    api.call("auth.passwords.forgot", {"email": translator.email})
    assert "Hier geht es weiter" in api.mails(translator.email)[0]["text"]
