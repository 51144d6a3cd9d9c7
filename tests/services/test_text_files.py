"""Texts of the files, into the tables and back into what the server says."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from contract.loader import OPENAPI, read_errors
from contract.texts import Texts
from domain.i18n import SERVER, digest_of
from domain.locales import LOCALES
from persistence.engine.database import Database
from services.i18n.files import TextFiles
from services.i18n.wordings import Wordings
from tests.harness import Tables, bare_database
from tests.statements import asked

T = TypeVar("T")
ERRORS = read_errors(OPENAPI)
REQUIRED = {"en": "This field is required.", "de": "Dieses Feld ist erforderlich."}


class Release(Texts):
    """The texts of a release, with some of them changed: ``de/validation/required`` -> the text."""

    def __init__(self, **changed: str) -> None:
        super().__init__(ERRORS)
        for place, text in changed.items():
            locale, namespace, key = place.split("/")
            self._texts[locale][namespace][key] = text


def using(url: str, use: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        database = bare_database(url)
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def take_in(rows: Tables, database_url: str) -> Callable[..., tuple[str, ...]]:
    def taken(**changed: str) -> tuple[str, ...]:
        return using(database_url, lambda database: TextFiles(database, Release(**changed)).take_in())

    return taken


TakeIn = Callable[..., tuple[str, ...]]


def row(rows: Tables, locale: str, key: str = "required") -> dict[str, Any]:
    return rows.one("SELECT * FROM translations WHERE locale = %s AND key = %s", locale, key)


def versions(rows: Tables) -> dict[str, int]:
    return {each["code"]: each["texts_version"] for each in rows.rows("SELECT * FROM languages")}


def approve(rows: Tables, locale: str, text: str) -> None:
    """As staff does."""
    rows.run("UPDATE translations SET text = %s, origin = 'STAFF' WHERE locale = %s AND key = 'required'", text, locale)


class TestTakeIn:
    def test_all_texts_of_all_languages(self, rows: Tables, take_in: TakeIn) -> None:
        assert set(take_in()) == set(LOCALES)
        texts = Texts(ERRORS)
        expected = {
            (locale, namespace, key): text
            for locale in LOCALES
            for namespace in SERVER
            for key, text in texts.namespace(locale, namespace).items()
        }
        found = rows.rows("SELECT * FROM translations")
        assert {(each["locale"], each["namespace"], each["key"]): each["text"] for each in found} == expected
        assert {(each["origin"], each["status"], each["outdated"]) for each in found} == {("FILE", "APPROVED", False)}
        german = row(rows, "de")
        assert (german["made_from"], german["imported"]) == (digest_of(REQUIRED["en"]), digest_of(REQUIRED["de"]))

    def test_languages_are_named_as_cldr_does(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        found = {each["code"]: each for each in rows.rows("SELECT * FROM languages ORDER BY sort_order")}
        assert tuple(found) == LOCALES
        assert {code for code, each in found.items() if each["is_rtl"]} == {"ar", "he", "fa"}
        assert {code for code, each in found.items() if each["is_default"]} == {"en"}
        named = {code: (found[code]["name"], found[code]["native_name"]) for code in ("tr", "fr", "ar", "ja")}
        assert named == {
            "tr": ("Turkish", "Türkçe"), "fr": ("French", "Français"), "ar": ("Arabic", "العربية"),
            "ja": ("Japanese", "日本語"),
        }  # fmt: skip

    def test_again_it_changes_nothing(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        before = rows.fingerprints()
        assert take_in() == ()
        assert rows.changed_since(before) == set()

    def test_a_new_text_moves_its_language_alone(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        before = versions(rows)
        assert take_in(**{"de/validation/required": "Bitte ausfüllen."}) == ("de",)
        assert (row(rows, "de")["text"], row(rows, "de")["outdated"]) == ("Bitte ausfüllen.", False)
        assert versions(rows) == before | {"de": before["de"] + 1}

    def test_what_staff_approved_stays_and_is_outdated(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        approve(rows, "de", "Bitte!")
        before = versions(rows)
        assert take_in(**{"de/validation/required": "Bitte ausfüllen."}) == ()
        assert (row(rows, "de")["text"], row(rows, "de")["outdated"]) == ("Bitte!", True)
        assert versions(rows) == before

    def test_so_does_what_staff_translated_from_an_english_text_that_changed(
        self, rows: Tables, take_in: TakeIn
    ) -> None:
        take_in()
        approve(rows, "de", "Bitte!")
        take_in(**{"en/validation/required": "Fill this in."})
        assert row(rows, "en")["text"] == "Fill this in."
        assert (row(rows, "de")["text"], row(rows, "de")["outdated"]) == ("Bitte!", True)
        assert row(rows, "tr")["outdated"] is False  # of the files, which changed together

    def test_a_file_that_did_not_follow_an_edited_english_text_is_outdated(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        approve(rows, "en", "Necessary.")
        take_in(**{"de/validation/type": "Anders {limit}."})
        assert {locale: row(rows, locale)["outdated"] for locale in ("en", "de", "tr")} == {
            "en": False, "de": True, "tr": True,
        }  # fmt: skip

    def test_a_draft_stays_beside_a_new_text(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        rows.run(
            "UPDATE translations SET draft = 'Bitte!', status = 'IN_REVIEW' WHERE locale = 'de' AND key = 'required'"
        )
        take_in(**{"de/validation/required": "Bitte ausfüllen."})
        found = row(rows, "de")
        assert (found["text"], found["draft"], found["status"]) == ("Bitte ausfüllen.", "Bitte!", "IN_REVIEW")

    def test_a_language_keeps_what_staff_made_of_it(self, rows: Tables, take_in: TakeIn) -> None:
        take_in()
        rows.run("UPDATE languages SET is_default = false WHERE code = 'en'")
        rows.run("UPDATE languages SET is_default = true, name = 'X' WHERE code = 'de'")
        rows.run("DELETE FROM languages WHERE code = 'en'")
        take_in()
        found = {each["code"]: each for each in rows.rows("SELECT * FROM languages")}
        assert (found["en"]["is_default"], found["de"]["is_default"], found["de"]["name"]) == (False, True, "X")

    def test_it_takes_few_statements(self, rows: Tables, database_url: str) -> None:
        async def counted(database: Database) -> list[int]:
            counts = []
            for _ in range(2):
                with asked(database) as seen:
                    await TextFiles(database, Texts(ERRORS)).take_in()
                counts.append(len(seen))
            return counts

        first, again = using(database_url, counted)
        assert first < 2 * len(LOCALES) + 10
        assert again == 3


class TestWordings:
    @pytest.fixture
    def texts(self) -> Texts:
        return Texts(ERRORS)

    def follow(self, url: str, texts: Texts) -> None:
        using(url, lambda database: Wordings(database, texts).refresh())

    def test_what_was_approved_is_said(self, rows: Tables, database_url: str, take_in: TakeIn, texts: Texts) -> None:
        take_in()
        approve(rows, "de", "Bitte!")
        self.follow(database_url, texts)
        assert texts.say("de", "validation", "required") == "Bitte!"
        assert texts.say("de", "validation", "type", limit="string") == "Der Wert muss vom Typ string sein."
        assert texts.say("fr", "validation", "required") != "Bitte!"

    def test_english_stands_in_as_it_is_by_now(
        self, rows: Tables, database_url: str, take_in: TakeIn, texts: Texts
    ) -> None:
        take_in()
        approve(rows, "en", "Necessary.")
        self.follow(database_url, texts)
        assert texts.say("xx", "validation", "required") == "Necessary."

    @pytest.mark.parametrize("text", ["Kein Platzhalter.", "{limit} {other}", "{limit.real}", "{limit", "{limit!r}"])
    def test_what_was_approved_for_another_release_is_not(
        self, rows: Tables, database_url: str, take_in: TakeIn, texts: Texts, text: str
    ) -> None:
        take_in()
        rows.run("UPDATE translations SET text = %s, origin = 'STAFF' WHERE locale = 'de' AND key = 'minLength'", text)
        before = texts.say("de", "validation", "minLength", limit=3)
        self.follow(database_url, texts)
        assert texts.say("de", "validation", "minLength", limit=3) == before

    def test_an_imported_text_gives_way_to_that_of_this_release(
        self, rows: Tables, database_url: str, take_in: TakeIn, texts: Texts
    ) -> None:
        """While nodes are replaced, each says the texts of its own files."""
        take_in(**{"de/validation/required": "Von morgen."})
        self.follow(database_url, texts)
        assert texts.say("de", "validation", "required") == REQUIRED["de"]

    def test_what_is_taken_back_is_that_of_the_file_again(
        self, rows: Tables, database_url: str, take_in: TakeIn, texts: Texts
    ) -> None:
        async def twice(database: Database) -> None:
            wordings = Wordings(database, texts)
            await wordings.refresh()
            assert texts.say("de", "validation", "required") == "Bitte!"
            rows.run("UPDATE translations SET origin = 'FILE' WHERE locale = 'de' AND key = 'required'")
            rows.run("UPDATE languages SET texts_version = texts_version + 1 WHERE code = 'de'")
            await wordings.refresh()

        take_in()
        approve(rows, "de", "Bitte!")
        using(database_url, twice)
        assert texts.say("de", "validation", "required") == REQUIRED["de"]
