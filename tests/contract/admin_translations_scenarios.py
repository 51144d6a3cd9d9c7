"""What staff leaves behind who manages languages and texts."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.harness import Api, Tables
from tests.i18n import english, language, waiting

LANGUAGE = {"name": "German", "nativeName": "Deutsch", "isRtl": False, "isDefault": False, "active": True}
LANGUAGE |= {"sortOrder": 30}
NEW = {"If-Match": '"0"'}
ENTRIES = [{"key": "hello", "text": "Hallo"}]
REVIEW, IMPORT = "admin.translations.review", "admin.translations.import_texts"


def known(tables: Tables) -> dict[str, Any]:
    """Two languages, and a text of which one has nothing yet."""
    language(tables, "en")
    language(tables, "de")
    english(tables, hello="Hello")
    return {}


def importing(mode: str) -> Scenario:
    body = {"locale": "de", "namespace": "web", "mode": mode, "entries": ENTRIES}
    return as_staff(IMPORT, body, prepare=known)


def importing_nothing(api: Api, tables: Tables) -> Act:
    """Of a text that English does not have."""
    body = {"locale": "de", "namespace": "web", "mode": "MISSING", "entries": [{"key": "gone", "text": "x"}]}
    return as_staff(IMPORT, body, prepare=known)(api, tables)


def reviewing(outcome: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        known(tables)
        draft = waiting(tables, "de/web/hello", "Hallo")
        return as_staff(REVIEW, {"ids": [str(draft)], "outcome": outcome, "note": "A test."})(api, tables)

    return prepare


LOCALE = {"locale": "de"}
SCENARIOS: dict[str, Scenario] = {
    "i18n.locales.list": lambda api, tables: lambda: api.call("i18n.locales.list"),
    "i18n.translations.bundle": lambda api, tables: (
        lambda: api.call("i18n.translations.bundle", path="/translations/de")
    ),
    "i18n.translations.namespace": lambda api, tables: (
        lambda: api.call("i18n.translations.namespace", path="/translations/de/web")
    ),
    "admin.languages.list": as_staff("admin.languages.list", prepare=known),
    "admin.languages.set": as_staff("admin.languages.set", LANGUAGE, path="/admin/languages/de", headers=NEW),
    "admin.translations.list": as_staff("admin.translations.list", prepare=known, params=LOCALE),
    "admin.translations.write": as_staff(
        "admin.translations.write",
        {"text": "Hallo"},
        path="/admin/translations/de/web/hello",
        prepare=known,
        headers=NEW,
    ),
    REVIEW: reviewing("REJECTED"),
    IMPORT: importing_nothing,
    "admin.translations.export": as_staff("admin.translations.export", prepare=known, params=LOCALE),
    "admin.translations.export_csv": as_staff("admin.translations.export_csv", prepare=known, params=LOCALE),
}
CONDITIONAL: Conditional = {
    REVIEW: [(reviewing("APPROVED"), {"languages"})],
    IMPORT: [(importing("DRAFTS"), {"translations"}), (importing("OVERWRITE"), {"translations", "languages"})],
}
