"""Wallets of accounts that are erased, and what was left in them until somebody claims it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Uuid,
    any_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from domain.auth import one_time_hash
from domain.money.ledger import WalletName
from domain.money.payouts import OPEN
from persistence.engine.statements import insertion
from persistence.models import (
    CreatorProfile,
    Escrow,
    LedgerAccount,
    Payment,
    PaymentDispute,
    Payout,
    Refund,
    UnclaimedBalance,
    User,
    Wallet,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from persistence.engine.connection import Connection

Row = UnclaimedBalance
MOST = 100
_USER = bindparam("user_id", type_=Uuid)
PRICES = (
    select(Escrow.id, Escrow.fan_id)
    .where(Escrow.status == "HELD", or_(Escrow.fan_id == _USER, Escrow.creator_user_id == _USER))
    .order_by(Escrow.id)
    .limit(MOST)
)
_disputes = exists().where(
    Wallet.user_id == _USER, PaymentDispute.wallet_id == Wallet.id, PaymentDispute.closed_at.is_(None)
)
_failed = exists().where(Refund.payment_id == Payment.id, Refund.status == "FAILED")
REFUNDABLE = (
    select(Payment.id)
    .join(Wallet, Wallet.id == Payment.wallet_id)
    .where(
        Wallet.user_id == _USER,
        Payment.status == "PAID",
        Payment.refunded + Payment.disputed < Payment.amount,
        Payment.paid_at > bindparam("since", type_=DateTime(timezone=True)),
        ~_failed,
    )
    .order_by(Payment.paid_at.desc(), Payment.id)
    .limit(MOST)
)
_refunds = exists().where(
    Wallet.user_id == _USER, Payment.wallet_id == Wallet.id, Refund.payment_id == Payment.id, Refund.status == "OPEN"
)
_payouts = exists().where(Payout.user_id == _USER, Payout.status.in_(OPEN))
BUSY = select(or_(_disputes, _refunds, _payouts))
OF_OWNER = select(Wallet).where(Wallet.user_id == _USER, Wallet.closed_at.is_(None)).order_by(Wallet.id)
USER_HELD = select(User.id).where(User.id == _USER).with_for_update()
PROFILE_HELD = select(CreatorProfile.id).where(CreatorProfile.user_id == _USER).with_for_update()
PAYOUTS_HELD = select(Payout.id).where(Payout.user_id == _USER).order_by(Payout.id).with_for_update()
CLOSED = update(Wallet).where(Wallet.id == bindparam("wallet")).values(closed_at=bindparam("now"))
_LATE = (Wallet.closed_at.is_not(None), Wallet.balance > literal_column("0"))
LATE = (
    select(Wallet.id)
    .where(*_LATE, Wallet.id > bindparam("after", type_=Uuid))
    .order_by(Wallet.id)
    .limit(bindparam("most", type_=Integer))
)
WALLET = select(Wallet).where(Wallet.id == bindparam("wallet"))
OF_FORMER = select(Wallet.id).where(Wallet.user_id == _USER)
ALL_HELD = select(Row).where(Row.wallet_id.in_(OF_FORMER)).order_by(Row.wallet_id).with_for_update()
MORE = (
    update(Row)
    .where(Row.wallet_id == bindparam("wallet"), Row.claimed_at.is_(None))
    .values(amount=Row.amount + bindparam("more", type_=BigInteger))
)
HEIR = select(
    exists().where(User.id == _USER, User.status != "DELETED"),
    exists().where(CreatorProfile.user_id == _USER),
    exists().where(Wallet.user_id == _USER, Wallet.closed_at.is_not(None)),
)
KEPT = insertion(Row, "wallet_id", "type", "currency", "amount", "code_hash").returning(Row)
STANDING_HELD = (
    select(Row)
    .where(Row.code_hash == bindparam("code_hash"), Row.claimed_at.is_(None))
    .order_by(Row.wallet_id)
    .with_for_update()
)
_closed, _other = aliased(Wallet), aliased(Wallet)
_debt = exists().where(LedgerAccount.wallet_id == _other.id, LedgerAccount.code == "debt", LedgerAccount.balance < 0)
_undecided = exists().where(PaymentDispute.wallet_id == _other.id, PaymentDispute.closed_at.is_(None))
BLOCKED = select(
    exists().where(
        _closed.id == any_(bindparam("wallets", type_=ARRAY(Uuid))),
        _other.user_id == _closed.user_id,
        or_(_other.frozen_for.is_not(None), _debt, _undecided),
    )
)
CLAIMED = (
    update(Row)
    .where(Row.wallet_id == bindparam("wallet"), Row.claimed_at.is_(None))
    .values(claimed_at=bindparam("now"), claimed_by=bindparam("by"))
)


class Closings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def prices(self, user_id: UUID) -> Sequence[tuple[UUID, bool]]:
        """Those that wait and are to or from the person, up to ``MOST``, and whether the person is to be paid them."""
        return [(row.id, row.fan_id != user_id) for row in await self._connection.rows(PRICES, user_id=user_id)]

    async def refundable(self, user_id: UUID, since: datetime) -> Sequence[UUID]:
        """Payments since then of which something may be left, the newest first. Of none a refund has failed."""
        return await self._connection.scalars(REFUNDABLE, user_id=user_id, since=since)

    async def is_busy(self, user_id: UUID) -> bool:
        """Whether money of the person is on its way, or a dispute on it is undecided."""
        return bool(await self._connection.scalar(BUSY, user_id=user_id))

    async def wallets(self, user_id: UUID) -> Sequence[WalletName]:
        """Those that are not closed."""
        rows = await self._connection.scalars(OF_OWNER, user_id=user_id)
        return [WalletName(row.user_id, row.type, row.currency) for row in rows]  # type: ignore[arg-type]

    async def hold(self, user_id: UUID) -> None:
        """The account, its profile and its payouts: whoever changes one of these holds the wallet after it."""
        for statement in (USER_HELD, PROFILE_HELD, PAYOUTS_HELD):
            await self._connection.scalars(statement, user_id=user_id)

    async def close(self, wallet: WalletName, now: datetime) -> None:
        await self._connection.execute(CLOSED, wallet=wallet.id, now=now)

    async def keep(self, wallet: WalletName, amount: int, code_hash: bytes) -> UnclaimedBalance:
        """What was left in it, for whoever has the code."""
        of = {"wallet_id": wallet.id, "type": wallet.type, "currency": wallet.currency}
        return await self._connection.scalar_one(KEPT, **of, amount=amount, code_hash=code_hash)

    async def late(self, after: UUID, most: int) -> Sequence[UUID]:
        """Closed wallets to which money came, in the order of their ids."""
        return await self._connection.scalars(LATE, after=after, most=most)

    async def wallet(self, wallet_id: UUID) -> Wallet:
        """As it is now: true where it is held."""
        return await self._connection.scalar_one(WALLET, wallet=wallet_id)

    async def kept_for(self, user_id: UUID) -> Sequence[UnclaimedBalance]:
        """What was left in all wallets of an account, claimed or not. It is held."""
        return await self._connection.scalars(ALL_HELD, user_id=user_id)

    async def keep_more(self, wallet_id: UUID, amount: int) -> None:
        """Of a balance that nobody has claimed."""
        await self._connection.execute(MORE, wallet=wallet_id, more=amount)

    async def can_have(self, user_id: UUID, type_: str) -> bool:
        """Whether an account has a wallet of the type that money can go to, or may get one."""
        there, creator, closed = await self._connection.one(HEIR, user_id=user_id)
        return bool(there and not closed and (creator or type_ == "FAN"))

    async def standing(self, code: UUID) -> Sequence[UnclaimedBalance]:
        """What nobody has claimed by the code. It is held."""
        return await self._connection.scalars(STANDING_HELD, code_hash=one_time_hash(code))

    async def is_blocked(self, balances: Sequence[UnclaimedBalance]) -> bool:
        """Whether a wallet of their former owner is frozen, owes something, or is disputed."""
        return bool(await self._connection.scalar(BLOCKED, wallets=[each.wallet_id for each in balances]))

    async def claim(self, balance: UnclaimedBalance, by: UUID, now: datetime) -> None:
        await self._connection.execute(CLAIMED, wallet=balance.wallet_id, by=by, now=now)
