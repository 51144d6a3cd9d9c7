"""Texts for everybody that a former cleaner made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from domain.content.publishing import EDITIONS, columns_of
from domain.html import SANITIZER_VERSION

if TYPE_CHECKING:
    from uuid import UUID

    from jobs.needs import UnitOfWork

BATCH = 50
MADE_BY_CLEANER = ("html", "folded", "minutes", "sanitizer_version")


async def reclean(uow: UnitOfWork) -> None:
    """From what was written, each in a transaction of its own."""
    while True:
        async with uow.reading() as db:
            due = await db.content_texts.cleaned_before(SANITIZER_VERSION, BATCH)
        if not due:
            return
        for publication_id in due:
            await _reclean(uow, publication_id)


async def _reclean(uow: UnitOfWork, publication_id: UUID) -> None:
    async with uow.reading() as db:
        found = await db.content_texts.source_of(publication_id)
    if found is None:
        return
    made = await asyncio.to_thread(columns_of, found.kind, found.source)
    async with uow() as db:
        await db.editions.move_on(EDITIONS[found.kind])
        await db.content_texts.reclean(publication_id, {name: made[name] for name in MADE_BY_CLEANER})
