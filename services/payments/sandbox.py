"""The book of the sandbox, as its adapter and its page see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.keys import DigestsOf
    from domain.money.payments import Order
    from domain.money.sandbox import Action
    from persistence.engine.database import Database


def payment_secrets(digests: DigestsOf) -> Callable[[], list[str]]:
    """What the sandbox signs with: of the deployment's secret, which the first start makes, and rotated with it."""
    return lambda: [digest.value.hex() for digest in digests(Purpose.SANDBOX, "payment")]


class PaymentSandboxStorage:
    """In transactions of its own, as a vendor's book is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, order: Order) -> Any:
        async with self._database.unit() as db:
            return await db.sandbox_payments.open(order)

    async def find(self, sandbox_id: UUID) -> Any:
        async with self._database.reading() as db:
            return await db.sandbox_payments.find(sandbox_id)

    async def lines(self, begin: datetime, end: datetime) -> Sequence[Any]:
        async with self._database.reading() as db:
            return await db.sandbox_payments.lines(begin, end)

    async def act(self, sandbox_id: UUID, action: Action, now: datetime) -> bool:
        """Press a button of its page; False for one that is not there."""
        async with self._database.unit() as db:
            return await db.sandbox_payments.act(sandbox_id, action, now)
