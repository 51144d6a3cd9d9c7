"""The books of the sandbox's providers, as they and their pages see them.

Each call has a transaction of its own, as a vendor's book has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.keys import Purpose
from providers.kyc.sandbox import SandboxCase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.keys import DigestsOf
    from domain.money.payments import Order, RefundOrder
    from domain.money.payouts import PayoutOrder
    from domain.money.sandbox import Action, Session
    from persistence.engine.database import Database
    from persistence.models import (
        SandboxPayment,
        SandboxPayout,
        SandboxPayoutAccount,
        SandboxRefund,
        SandboxVerification,
    )


def sandbox_secrets(digests: DigestsOf, family: str) -> Callable[[], list[str]]:
    """What the sandbox signs with: of the deployment's secret, which the first start makes, and rotated with it."""
    return lambda: [digest.value.hex() for digest in digests(Purpose.SANDBOX, family)]


class KycSandboxStorage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, ref: str) -> SandboxCase:
        async with self._database.unit() as db:
            await db.sandbox_verifications.open(ref)
            found = await db.sandbox_verifications.find(ref)
        return SandboxCase(ref, "OPEN", False, None, None) if found is None else _case(found)

    async def find(self, ref: str) -> SandboxCase | None:
        async with self._database.reading() as db:
            found = await db.sandbox_verifications.find(ref)
        return None if found is None else _case(found)

    async def judge(self, ref: str, case: SandboxCase) -> bool:
        async with self._database.unit() as db:
            rows, until = db.sandbox_verifications, case.document_until
            return await rows.judge(ref, case.status, case.document, until, final=case.final)


def _case(row: SandboxVerification) -> SandboxCase:
    return SandboxCase(row.ref, row.status, row.final, row.document, row.document_until)


class PaymentSandboxStorage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, order: Order) -> Any:
        async with self._database.unit() as db:
            return await db.sandbox_payments.open(order)

    async def of_key(self, key: str) -> SandboxPayment | None:
        async with self._database.reading() as db:
            return await db.sandbox_payments.of_key(key)

    async def find(self, sandbox_id: UUID) -> Session | None:
        async with self._database.reading() as db:
            return await db.sandbox_payments.find(sandbox_id)

    async def refund(self, sandbox_id: UUID, order: RefundOrder) -> SandboxRefund | str:
        """The refund that was made under the key, now or before, or why there is none."""
        async with self._database.unit() as db:
            return await db.sandbox_payments.refund(sandbox_id, order)

    async def lines(self, begin: datetime, end: datetime) -> Sequence[Any]:
        async with self._database.reading() as db:
            return await db.sandbox_payments.lines(begin, end)

    async def act(self, sandbox_id: UUID, action: Action, now: datetime) -> bool:
        """Press a button of its page; False for one that is not there."""
        async with self._database.unit() as db:
            return await db.sandbox_payments.act(sandbox_id, action, now)


class PayoutSandboxStorage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, key: str) -> SandboxPayoutAccount:
        async with self._database.unit() as db:
            return await db.sandbox_payouts.open(key)

    async def find(self, account_id: UUID) -> SandboxPayoutAccount | None:
        async with self._database.reading() as db:
            return await db.sandbox_payouts.find(account_id)

    async def leave(self, account_id: UUID, return_url: str) -> bool:
        async with self._database.unit() as db:
            return await db.sandbox_payouts.leave(account_id, return_url)

    async def change(self, account_id: UUID, action: str) -> bool:
        """Press a button of an account's page; False for one that is not there."""
        async with self._database.unit() as db:
            return await db.sandbox_payouts.change(account_id, action)

    async def pay(self, order: PayoutOrder, account_id: UUID | None, state: str) -> SandboxPayout:
        async with self._database.unit() as db:
            return await db.sandbox_payouts.pay(order, account_id, state)

    async def of_key(self, key: str) -> SandboxPayout | None:
        async with self._database.reading() as db:
            return await db.sandbox_payouts.of_key(key)

    async def moved(self, begin: datetime, end: datetime) -> Sequence[SandboxPayout]:
        async with self._database.reading() as db:
            return await db.sandbox_payouts.moved(begin, end)

    async def transfers(self, account_id: UUID) -> Sequence[SandboxPayout]:
        async with self._database.reading() as db:
            return await db.sandbox_payouts.transfers(account_id)

    async def transfer(self, transfer_id: UUID) -> SandboxPayout | None:
        async with self._database.reading() as db:
            return await db.sandbox_payouts.transfer(transfer_id)

    async def settle(self, transfer_id: UUID, action: str) -> bool:
        """Press a button of a transfer's page; False for one that is not there."""
        async with self._database.unit() as db:
            return await db.sandbox_payouts.settle(transfer_id, action)
