"""Figures of the whole platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.platform import EDITION

if TYPE_CHECKING:
    from jobs.needs import Clock, UnitOfWork


async def count(uow: UnitOfWork, clock: Clock) -> None:
    async with uow.last() as db:
        await db.editions.move_on(EDITION)
        await db.figures.count(clock())
