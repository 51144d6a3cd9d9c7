"""What moved at providers, read and compared as the job does it, with clocks of two days later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.clock import utc_now
from jobs.money import read_movements
from persistence.engine.database import NOBODY
from persistence.engine.uow import UnitOfWork
from services.money.movements import MovementBooks
from services.money.reconciler import Reconciler

if TYPE_CHECKING:
    from tests.harness import Server, Tables

FOUND = 'SELECT "check", what, expected, found, severe FROM ledger_findings WHERE closed_at IS NULL ORDER BY 1, 2'


def run(server: Server, now: datetime) -> None:
    """The job, and all that it leaves to be looked at."""
    parts = server.app.parts
    books = MovementBooks(parts.providers.payment, parts.providers.payout, Reconciler(parts.config.writer))
    server.on_loop(read_movements(UnitOfWork(parts.database, NOBODY), lambda: now, books))
    server.work_off()


def noon(days: int = 2) -> datetime:
    """So many days from now: what moves today has settled by then."""
    return (utc_now() + timedelta(days=days)).astimezone(UTC).replace(hour=12, minute=0)


def compare(server: Server, tables: Tables, days: int = 2) -> list[tuple[str, str, bool]]:
    """What is found: the check, what it is about, whether it stops payouts."""
    run(server, noon(days))
    run(server, noon(days) + timedelta(hours=1))
    return [(row["check"], row["what"], row["severe"]) for row in tables.rows(FOUND)]
