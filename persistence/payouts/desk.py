"""Payouts as they are decided on, sent, and ended. Requests for them are written elsewhere.

Lock order: the payout, then its attempts, then its wallet.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    SmallInteger,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import aliased

from domain.money.ledger import WalletName
from persistence.engine.due import taken_up
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import (
    KycSession,
    Payout,
    PayoutAccount,
    PayoutAttempt,
    User,
    Wallet,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from domain.money.payouts import AttemptState
    from persistence.engine.connection import Connection

Row, Try = Payout, PayoutAttempt
TIME = DateTime(timezone=True)
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
ID = Row.id == bindparam("payout_id")

SHOWN = select(Row, User.username, User.display_name).join(User, User.id == Row.user_id)
FOUND = SHOWN.where(ID)
AS_READ = (
    select(Row, Wallet.type.label("wallet_type"), PayoutAccount.ref.label("account_ref"))
    .join(Wallet, Wallet.id == Row.wallet_id)
    .outerjoin(PayoutAccount, PayoutAccount.id == Row.account_id)
    .where(ID)
)
HELD = AS_READ.with_for_update(of=Row, key_share=True)
# Of either of the two, whichever was verified first; with the account that is erased its verifications are gone.
_own, _theirs = aliased(KycSession), aliased(KycSession)
_twin = (
    select(_own.id)
    .join(_theirs, _theirs.identity_hash == _own.identity_hash)
    .where(_own.user_id == Row.user_id, _theirs.user_id != Row.user_id)
    .correlate(Row)
    .exists()
)
_earlier = Row.__table__.alias("earlier")
_paid_before = (
    select(_earlier.c.id)
    .where(_earlier.c.user_id == Row.user_id, _earlier.c.status == literal_column("'PROCESSED'"))
    .correlate(Row)
    .exists()
)
RISKS = select(_twin.label("twin"), _paid_before.label("paid_before")).where(ID)
ATTEMPTS = (
    select(Try)
    .where(Try.payout_id == bindparam("payout_id"))
    .order_by(Try.number.desc())
    .limit(bindparam("limit", type_=Integer))
)
ATTEMPT = select(Try).where(
    Try.payout_id == bindparam("payout_id"), Try.number == bindparam("number", type_=SmallInteger)
)
LATEST_AT = (
    select(Try.ref)
    .where(Try.payout_id == bindparam("payout_id"), Try.provider == bindparam("provider"), Try.ref.is_not(None))
    .order_by(Try.number.desc())
    .limit(1)
)
BEGUN = insertion(Try, "payout_id", "number", "provider", "created_at")
OF_REF = select(Try.payout_id).where(Try.provider == bindparam("provider"), Try.ref == bindparam("ref"))
TAKEN_UP = taken_up(Row, Row.id, Row.status)
_THIS = Row.id == bindparam("payout")
_NOW, _DUE = bindparam("now", type_=TIME), bindparam("due", type_=TIME)
LOOK_AGAIN = update(Row).where(_THIS).values(due_at=_DUE)
UNDER_WAY = update(Row).where(_THIS).values(status="PROCESSING", due_at=_DUE)
PAID = (
    update(Row)
    .where(_THIS, Payout.status == "PROCESSING")
    .values(status="PROCESSED", processed_at=_NOW, reference=bindparam("told", type_=Text), due_at=_DUE)
    .returning(Row)
)
FAILED = (
    update(Row)
    .where(_THIS, Payout.status.in_(("PROCESSING", "PROCESSED")))
    .values(status="FAILED", failure_reason=bindparam("told", type_=Text), processed_at=None, due_at=None)
    .returning(Row)
)
_THIS_TRY = Try.payout_id == bindparam("payout"), Try.number == bindparam("attempt", type_=SmallInteger)
SENT = update(Try).where(*_THIS_TRY).values(state="SENT")
TOLD = (
    update(Try)
    .where(*_THIS_TRY)
    .values(
        ref=func.coalesce(Try.ref, bindparam("ref_", type_=Text)),
        fee=func.coalesce(Try.fee, bindparam("fee_", type_=BigInteger)),
    )
)
CONTRADICTED = update(Try).where(*_THIS_TRY).values(contradicted_at=_NOW)
SETTLED = (
    update(Try)
    .where(*_THIS_TRY)
    .values(state=bindparam("to", type_=Text), reason=bindparam("why", type_=Text), settled_at=_NOW)
)


class HeldPayout:
    """A payout with the wallet that it is of, and the payout account's id at the provider, where it goes to one."""

    def __init__(self, row: Any) -> None:
        self.row: Payout = row.Payout
        self.wallet = WalletName(row.Payout.user_id, row.wallet_type, row.Payout.currency)
        self.account_ref: str | None = row.account_ref


class PayoutDesk:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self,
        keys: Sequence[Any] | None,
        rows: int,
        *,
        status: str | None = None,
        method: str | None = None,
        user_id: UUID | None = None,
    ) -> Sequence[Any]:
        """With whose they are, the newest first."""
        found = SHOWN
        for column, value in ((Row.status, status), (Row.method, method), (Row.user_id, user_id)):
            if value is not None:
                found = found.where(column == value)
        return await self._connection.rows(NEWEST.page(found, keys, rows))

    async def find(self, payout_id: UUID) -> Any:
        """As ``page`` has it. None where there is none."""
        return await self._connection.row(FOUND, payout_id=payout_id)

    async def risks(self, payout_id: UUID) -> Any:
        """Whether its owner was paid before, and whether somebody else has the same document."""
        return await self._connection.one(RISKS, payout_id=payout_id)

    async def attempts(self, payout_id: UUID, most: int) -> Sequence[PayoutAttempt]:
        """The newest first."""
        return await self._connection.scalars(ATTEMPTS, payout_id=payout_id, limit=most)

    async def latest_at(self, provider: str, payout_id: UUID) -> str | None:
        """The provider's id of its latest attempt there. None where there is none, or none that it answered."""
        return await self._connection.scalar(LATEST_AT, provider=provider, payout_id=payout_id)

    async def read(self, payout_id: UUID) -> HeldPayout | None:
        """As ``hold`` has it, but not held."""
        row = await self._connection.row(AS_READ, payout_id=payout_id)
        return None if row is None else HeldPayout(row)

    async def hold(self, payout_id: UUID) -> HeldPayout | None:
        """Nobody else changes it, or one of its attempts, until the unit ends."""
        row = await self._connection.row(HELD, payout_id=payout_id)
        return None if row is None else HeldPayout(row)

    async def change(self, payout_id: UUID, **columns: Any) -> None:
        """One that is held, by what is decided on it."""
        await self._connection.execute(update(Row).where(Row.id == payout_id).values(**columns))

    async def look_again(self, payout_id: UUID, due_at: datetime | None) -> None:
        """None: not by the clock, for somebody has to do something first."""
        await self._connection.execute(LOOK_AGAIN, payout=payout_id, due=due_at)

    async def begin(self, payout: Payout, now: datetime, due_at: datetime) -> None:
        """An attempt at the one that is held, which is under way from then on."""
        values = {"payout_id": payout.id, "number": payout.attempt, "provider": payout.provider, "created_at": now}
        await self._connection.execute(BEGUN, **values)
        await self._connection.execute(UNDER_WAY, payout=payout.id, due=due_at)

    async def attempt(self, payout_id: UUID, number: int) -> PayoutAttempt | None:
        return await self._connection.scalar(ATTEMPT, payout_id=payout_id, number=number)

    async def note(self, attempt: PayoutAttempt, ref: str, fee: int | None) -> None:
        """What the provider tells of an attempt at the payout that is held; what it told first stays."""
        of_it = {"payout": attempt.payout_id, "attempt": attempt.number}
        await self._connection.execute(TOLD, **of_it, ref_=ref, fee_=fee)

    async def mark_sent(self, attempt: PayoutAttempt) -> None:
        """One whose provider has it now."""
        await self._connection.execute(SENT, payout=attempt.payout_id, attempt=attempt.number)

    async def state(self, attempt: PayoutAttempt, **columns: Any) -> None:
        """What staff says of an attempt at the payout that is held."""
        of_it = (Try.payout_id == attempt.payout_id, Try.number == attempt.number)
        await self._connection.execute(update(Try).where(*of_it).values(**columns))

    async def contradict(self, attempt: PayoutAttempt, now: datetime) -> None:
        """One that failed here, and of which the provider says that it paid."""
        await self._connection.execute(CONTRADICTED, payout=attempt.payout_id, attempt=attempt.number, now=now)

    async def settle(self, payout: Payout, state: AttemptState, reason: str | None, now: datetime) -> None:
        """The attempt that stands, of the payout that is held, is over."""
        of_it = {"payout": payout.id, "attempt": payout.attempt}
        await self._connection.execute(SETTLED, **of_it, to=state, why=reason, now=now)

    async def pay(
        self, payout: Payout, now: datetime, *, reference: str | None = None, due_at: datetime | None = None
    ) -> Payout:
        """One that is held and under way, with its attempt."""
        await self.settle(payout, "PAID", None, now)
        return await self._connection.scalar_one(PAID, payout=payout.id, told=reference, due=due_at, now=now)

    async def fail(self, payout: Payout, reason: str, now: datetime) -> Payout:
        """One that is held, and under way or made, with its attempt."""
        await self.settle(payout, "RETURNED" if payout.status == "PROCESSED" else "FAILED", reason, now)
        return await self._connection.scalar_one(FAILED, payout=payout.id, told=reason)

    async def knows(self, provider: str, ref: str) -> UUID | None:
        """The payout of which the provider has an attempt by this id."""
        return await self._connection.scalar(OF_REF, provider=provider, ref=ref)

    async def take_up(self, now: datetime, again: timedelta, most: int) -> Sequence[Any]:
        """Ids and states of those that are due. Nobody else gets them before ``again`` has passed."""
        return await self._connection.rows(TAKEN_UP, now=now, due=now + again, most=most)
