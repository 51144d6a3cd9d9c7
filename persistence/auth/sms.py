"""What text messages a day may cost, counted by country and by who may ask."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.auth.sms import EVERYWHERE, Spending
from persistence.engine.connection import Connection
from persistence.models import SmsBudget


class SmsBudgets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, spending: Spending, of_country: int, of_all: int, messages: int = 1) -> bool:
        """Count the messages; False when the country or all of them had as many today. The caller then rolls back."""
        for country, most in ((spending.country, of_country), (EVERYWHERE, of_all)):
            if most == 0:  # the first of a day meets no row that could say so
                return False
            row = SmsBudget
            key = {"day": spending.day, "asked_by": spending.asked_by, "country": country}
            first = pg_insert(row).values(**key, sent=messages)
            counted = first.on_conflict_do_update(
                index_elements=[row.day, row.asked_by, row.country],
                set_={"sent": row.sent + messages},
                where=row.sent < most,
            )
            if await self._connection.scalar(counted.returning(row.sent)) is None:
                return False
        return True

    async def note_verified(self, spending: Spending) -> None:
        for country in (spending.country, EVERYWHERE):
            row = SmsBudget
            key = {"day": spending.day, "asked_by": spending.asked_by, "country": country}
            first = pg_insert(row).values(**key, verified=1)
            noted = first.on_conflict_do_update(
                index_elements=[row.day, row.asked_by, row.country], set_={"verified": row.verified + 1}
            )
            await self._connection.execute(noted)

    async def list_of(self, day: date) -> Sequence[SmsBudget]:
        return await self._connection.scalars(select(SmsBudget).where(SmsBudget.day == day))

    async def mark_alerted(self, budget: SmsBudget, now: datetime) -> bool:
        """False when another worker did so before."""
        row = SmsBudget
        this = (row.day == budget.day, row.asked_by == budget.asked_by, row.country == budget.country)
        marked = update(row).where(*this, row.alerted_at.is_(None)).values(alerted_at=now)
        return await self._connection.scalar(marked.returning(row.sent)) is not None

    async def purge(self, before: date) -> None:
        await self._connection.execute(delete(SmsBudget).where(SmsBudget.day < before))
