"""Languages and texts in the state that a test needs."""

from itertools import count
from typing import Any
from uuid import UUID

from domain.i18n import digest_of
from tests.handlers.support import insert
from tests.harness import Server, Tables

# Processes keep texts by their version, so no version of one test may come again in another.
_versions = count(1000, 1000)


def language(tables: Tables, code: str, **columns: Any) -> int:
    """The version of its texts."""
    row: dict[str, Any] = {"code": code, "name": code.upper(), "native_name": code, "is_rtl": False}
    row |= {"texts_version": next(_versions)} | columns
    names, holders = ", ".join(row), ", ".join(["%s"] * len(row))
    tables.run(f"INSERT INTO languages ({names}) VALUES ({holders})", *row.values())  # noqa: S608
    return int(row["texts_version"])


def text(tables: Tables, place: str, text: str | None = None, **columns: Any) -> UUID:
    """``place`` is ``<locale>/<namespace>/<key>``; without a text there is a draft alone."""
    locale, namespace, key = place.split("/")
    row: dict[str, Any] = {"locale": locale, "namespace": namespace, "key": key, "text": text}
    row |= {"origin": "STAFF" if text is not None else None, "status": "APPROVED"}
    return insert(tables, "translations", **(row | columns))


def waiting(tables: Tables, place: str, draft: str, text_now: str | None = None, **columns: Any) -> UUID:
    """A draft that waits for a review; ``source`` is the English text that it was made from."""
    source = columns.pop("source", "Hello")
    row = {"draft": draft, "status": "IN_REVIEW", "draft_from": digest_of(source)} | columns
    return text(tables, place, text_now, **row)


def english(tables: Tables, **texts: str) -> None:
    """Texts of the namespace ``web``, approved in English."""
    for key, each in texts.items():
        text(tables, f"en/web/{key}", each, made_from=digest_of(each))


def version_of(tables: Tables, code: str) -> int:
    return int(tables.one("SELECT texts_version FROM languages WHERE code = %s", code)["texts_version"])


def follow(server: Server) -> None:
    """Read now what has changed."""
    server.on_loop(server.app.parts.wordings.refresh())
