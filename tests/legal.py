"""Legal texts as staff publishes them, and versions as they are announced."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.editions import move_on
from tests.handlers.support import insert
from tests.harness import Server

YEAR = timedelta(days=365)


def published(
    server: Server,
    slug: str,
    html: str,
    label: str = "1.0",
    *,
    locale: str = "en",
    shown_from: datetime | None = None,
    shown_until: datetime | None = None,
    **columns: Any,
) -> UUID:
    """A text that the public sees between these times; from a year ago on where nothing is said."""
    since = shown_from or datetime.now(UTC) - YEAR
    known = server.tables.rows("SELECT id FROM content_entries WHERE slug = %s AND locale = %s", slug, locale)
    entry = (
        known[0]["id"] if known else insert(server.tables, "content_entries", kind="legal", slug=slug, locale=locale)
    )
    row = {
        "entry_id": entry,
        "revision": 1,
        "kind": "legal",
        "slug": slug,
        "locale": locale,
        "title": slug,
        "html": html,
    }
    row |= {"published_at": since, "updated_at": since, "shown_from": since, "shown_until": shown_until}
    row |= {"label": label, "sanitizer_version": 1}
    publication = insert(server.tables, "publications", **row | columns)
    move_on(server, "legal")
    return publication


def announced(
    server: Server,
    slug: str = "terms",
    label: str = "2.0",
    *,
    effective_at: datetime | None = None,
    requires_consent: bool = True,
    summary: str = "Refunds are quicker.",
) -> None:
    """A version that takes effect then; in a week where nothing is said."""
    now = datetime.now(UTC)

    async def announce() -> None:
        async with server.app.parts.database.unit() as db:
            await db.legal.announce(
                slug, label, effective_at or now + timedelta(days=7),
                requires_consent=requires_consent, summary=summary, now=now,
            )  # fmt: skip

    server.on_loop(announce())


def withdrawn(server: Server, slug: str = "terms", label: str = "2.0") -> bool:
    async def withdraw() -> bool:
        async with server.app.parts.database.unit() as db:
            return await db.legal.withdraw(slug, label, datetime.now(UTC))

    return server.on_loop(withdraw())


def agreed(server: Server, user_id: UUID, kind: str = "terms", version: str = "1.0", **columns: Any) -> UUID:
    row = {"user_id": user_id, "kind": kind, "version": version, "granted": True} | columns
    return insert(server.tables, "consent_records", **row)
