"""Texts that the public reads, as rows of their tables."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from domain.content.publishing import EDITIONS, columns_of
from tests import editions
from tests.handlers.support import insert
from tests.harness import Server

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def draft(server: Server, kind: str, slug: str | None = None, locale: str = "en", **source: Any) -> UUID:
    """An entry with one revision, which nobody published; its id."""
    entry_id = insert(server.tables, "content_entries", kind=kind, slug=slug, locale=locale)
    written = {"title": slug or "A title", "html": "<p>Some words.</p>"} | source
    row = "INSERT INTO content_revisions (entry_id, number, source) VALUES (%s, 1, %s)"
    server.tables.run(row, entry_id, Jsonb(written))
    return entry_id


def published(server: Server, kind: str, slug: str | None = None, locale: str = "en", **given: Any) -> UUID:
    """An entry that is public from ``at`` until ``until``; its id. What else is given is its source.

    ``columns`` replace what its publication would hold.
    """
    at = given.pop("at", BEGAN)
    until, columns = given.pop("until", None), given.pop("columns", {})
    entry_id = draft(server, kind, slug, locale, **given)
    made = columns_of(kind, {"title": slug or "A title", "html": "<p>Some words.</p>"} | given)
    named = {"entry_id": entry_id, "revision": 1, "kind": kind, "slug": slug, "locale": locale}
    times = {"published_at": at, "updated_at": at, "shown_from": at, "shown_until": until}
    insert(server.tables, "publications", **(named | made | times | columns))
    editions.move_on(server, EDITIONS[kind])
    return entry_id


def category(server: Server, kind: str, slug: str, **columns: Any) -> str:
    """A category of the ``blog``, the ``help`` center or the ``faq``; its id."""
    category_id = insert(server.tables, "content_categories", **({"kind": kind, "slug": slug, "name": slug} | columns))
    editions.move_on(server, kind)
    return str(category_id)


def day(number: int) -> datetime:
    """Of January."""
    return BEGAN + timedelta(days=number - 1)
