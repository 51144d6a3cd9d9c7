"""Payouts, as their creators ask for them, and what is known of who asks.

Lock order: the account, the profile, the payouts, the wallet. Whoever holds the profile is the only one who requests.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.errors import UniqueViolation
from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    update,
)

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.amounts import WHOLE
from domain.money.payout_rules import Purse
from domain.money.payouts import NOT_COUNTED, UNSENT
from persistence.engine.statements import insertion
from persistence.models import (
    BankDetail,
    CreatorProfile,
    Escrow,
    KycSession,
    LedgerAccount,
    Payout,
    PayoutAccount,
    TaxForm,
    User,
    Wallet,
)
from persistence.payouts.bank_details import OWNER_HELD, PROFILE_HELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.money.payouts import NewPayout
    from persistence.engine.connection import Connection

Row = Payout
TIME = DateTime(timezone=True)
ONE_OPEN = "uq_payouts_open"
LEFT_FOR = timedelta(minutes=5)
"""A new payout is looked at after this time, should its job be lost."""
_USER: Any = bindparam("user_id", type_=Uuid)
_ACCOUNT: Any = bindparam("account_id", type_=Uuid)
_EXCEPT: Any = bindparam("but", type_=Uuid)
# Written out where an index has them: a plan for any status could not use it.
_OPEN = Row.status.in_([literal_column(f"'{status}'") for status in ("PENDING", "APPROVED", "PROCESSING")])

_kyc_until = (
    select(KycSession.valid_until)
    .where(KycSession.user_id == _USER)
    .order_by(KycSession.created_at.desc(), KycSession.id.desc())
    .limit(1)
    .scalar_subquery()
)
_account = and_(
    PayoutAccount.user_id == CreatorProfile.user_id,
    or_(PayoutAccount.id == _ACCOUNT, and_(_ACCOUNT.is_(None), PayoutAccount.closed_at.is_(None))),
)
_form = and_(TaxForm.user_id == CreatorProfile.user_id, TaxForm.state == literal_column("'APPROVED'"))
STANDING = (
    select(
        User.status, CreatorProfile.creator_status, CreatorProfile.kyc_status, _kyc_until.label("kyc_until"),
        BankDetail, PayoutAccount, TaxForm,
    )
    .join(User, User.id == CreatorProfile.user_id)
    .outerjoin(BankDetail, BankDetail.user_id == CreatorProfile.user_id)
    .outerjoin(PayoutAccount, _account)
    .outerjoin(TaxForm, _form)
    .where(CreatorProfile.user_id == _USER)
)  # fmt: skip


def _number(query: Any) -> Any:
    return func.coalesce(query.scalar_subquery(), 0)


_net = Escrow.price - Escrow.price * Escrow.commission_bps // literal_column(str(WHOLE), BigInteger)
_counted = (Row.user_id == _USER, or_(_EXCEPT.is_(None), Row.id != _EXCEPT))
_blocked = select(or_(Wallet.frozen_for.is_not(None), Wallet.closed_at.is_not(None)))
PURSE = select(
    func.coalesce(_blocked.where(Wallet.id == bindparam("wallet_id")).scalar_subquery(), False),
    _number(  # whatever wallet of the person it is
        select(cast(-func.sum(LedgerAccount.balance), BigInteger))
        .join(Wallet, Wallet.id == LedgerAccount.wallet_id)
        .where(Wallet.user_id == _USER, LedgerAccount.code == "debt")
    ),
    _number(
        select(LedgerAccount.balance).where(
            LedgerAccount.wallet_id == bindparam("wallet_id"), LedgerAccount.code == "creator"
        )
    ),
    _number(
        select(cast(func.sum(_net), BigInteger)).where(
            Escrow.creator_user_id == _USER,
            Escrow.status == literal_column("'RELEASED'"),
            Escrow.settled_at > bindparam("since", type_=TIME),
        )
    ),
    select(func.max(Row.created_at)).where(*_counted, Row.status.not_in(NOT_COUNTED)).scalar_subquery(),
    select(Row.id).where(*_counted, _OPEN).limit(1).exists(),
)
AMONG = select(Row).where(Row.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
UNSENT_HELD = (
    select(Row)
    .where(Row.user_id == _USER, _OPEN, Row.status.in_(UNSENT))
    .order_by(Row.id)
    .with_for_update(key_share=True)
)
OWN_HELD = select(Row).where(Row.id == bindparam("payout_id"), Row.user_id == _USER).with_for_update(key_share=True)
ADDED = insertion(
    Row, "id", "user_id", "wallet_id", "amount", "currency", "method", "provider", "account_id", "destination",
    "destination_last4", "created_at", "due_at",
).returning(Row)  # fmt: skip
ENDED = (
    update(Row)
    .where(Row.id == bindparam("payout_id"), Row.status.in_(UNSENT))
    .values(
        status=bindparam("status_"), ended_at=bindparam("now", type_=TIME), ended_by=bindparam("by"),
        statement=bindparam("told"), due_at=None,
    )
    .returning(Row)
)  # fmt: skip
REPORT = (
    select(Row, cast(func.sum(Row.amount).over(), BigInteger).label("total"), func.count().over().label("number"))
    .where(
        Row.user_id == _USER,
        Row.created_at >= bindparam("begin", type_=TIME),
        Row.created_at < bindparam("end", type_=TIME),
    )
    .order_by(Row.created_at.desc(), Row.id.desc())
    .limit(bindparam("most", type_=Integer))
)


class Report(NamedTuple):
    """``total`` and ``number`` are of all payouts that were asked for, ``rows`` the newest of them."""

    rows: Sequence[Payout]
    total: int
    number: int


class Payouts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold_owner(self, user_id: UUID) -> None:
        """Nobody else requests a payout, or changes where it goes, until the transaction ends."""
        await self._connection.scalar(OWNER_HELD, user_id=user_id)
        await self._connection.scalar(PROFILE_HELD, user_id=user_id)

    async def standing(self, user_id: UUID, account_id: UUID | None = None) -> Any:
        """What account and profile say, with the rows of bank details, payout account and approved tax form.

        ``account_id``: of the account that is meant, where it is not the one of now. None for who is no creator.
        """
        return await self._connection.row(STANDING, user_id=user_id, account_id=account_id)

    async def purse(self, user_id: UUID, wallet_id: UUID, since: datetime, but: UUID | None = None) -> Purse:
        """True until the unit ends where the wallet is held.

        ``since``: what was earned later is too young. ``but``: a payout that does not count.
        """
        asked = {"user_id": user_id, "wallet_id": wallet_id, "since": since, "but": but}
        return Purse(*await self._connection.one(PURSE, **asked))

    async def among(self, ids: Iterable[UUID]) -> Mapping[UUID, Payout]:
        return {row.id: row for row in await self._connection.scalars(AMONG, ids=list(ids))}

    async def hold_unsent(self, user_id: UUID) -> Sequence[Payout]:
        """Those of a creator that nobody has sent yet. They are held before the wallet."""
        return await self._connection.scalars(UNSENT_HELD, user_id=user_id)

    async def hold_own(self, user_id: UUID, payout_id: UUID) -> Payout | None:
        """None for one of somebody else, too."""
        return await self._connection.scalar(OWN_HELD, user_id=user_id, payout_id=payout_id)

    async def add(self, payout: NewPayout, now: datetime, next_at: datetime) -> Payout:
        """The wallet is held. Raises ApiError payment.payout.error.frequency_limit while another one is open, which was
        requested just now: an older one was seen before. ``next_at``: when another one may be requested after it.
        """
        try:
            return await self._connection.scalar_one(
                ADDED, id=payout.id, user_id=payout.wallet.user_id, wallet_id=payout.wallet.id, amount=payout.amount,
                currency=payout.wallet.currency, method=payout.target.method, provider=payout.target.provider,
                account_id=payout.target.account_id, destination=payout.target.destination,
                destination_last4=payout.target.last4, created_at=now, due_at=now + LEFT_FOR,
            )  # fmt: skip
        except UniqueViolation as refused:
            if refused.diag.constraint_name != ONE_OPEN:
                raise
            raise ApiError("payment.payout.error.frequency_limit", nextAt=timestamp(next_at)) from refused

    async def end(
        self, payout_id: UUID, status: str, by: UUID | None, statement: str | None, now: datetime
    ) -> Payout | None:
        """One that was not sent, which is then cancelled or rejected. None where it was sent, or has ended."""
        ended = {"status_": status, "by": by, "told": statement, "now": now}
        return await self._connection.scalar(ENDED, payout_id=payout_id, **ended)

    async def report(self, user_id: UUID, begin: datetime, end: datetime, most: int) -> Report:
        """Of those that were requested from ``begin`` on and before ``end``."""
        rows = await self._connection.rows(REPORT, user_id=user_id, begin=begin, end=end, most=most)
        if not rows:
            return Report((), 0, 0)
        return Report([row.Payout for row in rows], rows[0].total, rows[0].number)
