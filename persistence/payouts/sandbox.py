"""The book of the sandbox that plays a payout provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, DateTime, Text, and_, bindparam, case, func, or_, select, update

from domain.money.sandbox_payouts import account_after, transfer_after
from persistence.engine.statements import insertion
from persistence.models import SandboxPayout, SandboxPayoutAccount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.money.payouts import PayoutOrder
    from persistence.engine.connection import Connection

Account, Transfer = SandboxPayoutAccount, SandboxPayout
MOST = 20
TIME = DateTime(timezone=True)
OPENED = insertion(Account, "key").on_conflict_do_nothing(index_elements=["key"])
OF_KEY = select(Account).where(Account.key == bindparam("key"))
FOUND = select(Account).where(Account.id == bindparam("account_id"))
HELD = FOUND.with_for_update()
LEFT = (
    update(Account)
    .where(Account.id == bindparam("of"))
    .values(return_url=bindparam("return_url_"))
    .returning(Account.id)
)
CHANGED = update(Account).where(Account.id == bindparam("of")).values(state=bindparam("state_"))
PAID = (
    insertion(Transfer, "key", "payout_id", "amount", "currency", "account_id", "state")
    .values(paid_at=case((bindparam("paid", type_=Boolean), func.now())))
    .on_conflict_do_nothing(index_elements=["key"])
)
TRANSFER_OF_KEY = select(Transfer).where(Transfer.key == bindparam("key"))
TRANSFER = select(Transfer).where(Transfer.id == bindparam("transfer_id"))
TRANSFER_HELD = TRANSFER.with_for_update()
_state = bindparam("state_", type_=Text)
TRANSFER_CHANGED = (
    update(Transfer)
    .where(Transfer.id == bindparam("of"))
    .values(
        state=_state,
        paid_at=case((_state == "PAID", func.now()), else_=Transfer.paid_at),
        returned_at=case((_state == "RETURNED", func.now()), else_=Transfer.returned_at),
    )
)
_begin, _end = bindparam("begin", type_=TIME), bindparam("end", type_=TIME)
MOVED = (
    select(Transfer)
    .where(
        or_(
            and_(Transfer.paid_at >= _begin, Transfer.paid_at < _end),
            and_(Transfer.returned_at >= _begin, Transfer.returned_at < _end),
        )
    )
    .order_by(Transfer.created_at, Transfer.id)
)
NEWEST = (
    select(Transfer)
    .where(Transfer.account_id == bindparam("account_id"))
    .order_by(Transfer.created_at.desc())
    .limit(MOST)
)


class SandboxPayoutRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, key: str) -> SandboxPayoutAccount:
        """The account that was made under the key, now or before."""
        await self._connection.execute(OPENED, key=key)
        account: SandboxPayoutAccount = await self._connection.scalar_one(OF_KEY, key=key)
        return account

    async def find(self, account_id: UUID) -> SandboxPayoutAccount | None:
        return await self._connection.scalar(FOUND, account_id=account_id)

    async def leave(self, account_id: UUID, return_url: str) -> bool:
        return await self._connection.scalar(LEFT, of=account_id, return_url_=return_url) is not None

    async def change(self, account_id: UUID, action: str) -> bool:
        """False where that cannot be done to it, or there is none."""
        row: Any = await self._connection.scalar(HELD, account_id=account_id)
        state = None if row is None else account_after(row.state, action)
        if state is None:
            return False
        await self._connection.execute(CHANGED, of=account_id, state_=state)
        return True

    async def pay(self, order: PayoutOrder, account_id: UUID | None, state: str) -> SandboxPayout:
        """The transfer that was made under the order's key, now or before."""
        await self._connection.execute(
            PAID, key=order.key, payout_id=order.payout_id, amount=order.amount, currency=order.currency,
            account_id=account_id, state=state, paid=state == "PAID",
        )  # fmt: skip
        made: SandboxPayout = await self._connection.scalar_one(TRANSFER_OF_KEY, key=order.key)
        return made

    async def of_key(self, key: str) -> SandboxPayout | None:
        return await self._connection.scalar(TRANSFER_OF_KEY, key=key)

    async def moved(self, begin: datetime, end: datetime) -> Sequence[SandboxPayout]:
        """Those that were paid or came back in that time."""
        return await self._connection.scalars(MOVED, begin=begin, end=end)

    async def transfers(self, account_id: UUID) -> Sequence[SandboxPayout]:
        return await self._connection.scalars(NEWEST, account_id=account_id)

    async def transfer(self, transfer_id: UUID) -> SandboxPayout | None:
        return await self._connection.scalar(TRANSFER, transfer_id=transfer_id)

    async def settle(self, transfer_id: UUID, action: str) -> bool:
        """False where that cannot be done to it, or there is none."""
        row: Any = await self._connection.scalar(TRANSFER_HELD, transfer_id=transfer_id)
        state = None if row is None else transfer_after(row.state, action)
        if state is None:
            return False
        await self._connection.execute(TRANSFER_CHANGED, of=transfer_id, state_=state)
        return True
