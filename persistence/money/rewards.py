"""Rewards for referrals.

Lock order: the accounts by id, the payment, the reward, the link, the wallet. Accounts are held so that what refers to
them (FOR KEY SHARE) does not wait: a payment is held by whoever makes a reward.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Numeric,
    Text,
    Uuid,
    all_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from domain.money.amounts import MINOR, Money
from domain.referral.rewards import FIRST_PAYMENT, Alike, Earned, Parties, Why
from persistence.engine.connection import Connection
from persistence.models import KnownDevice, KycSession, Payment, ReferralLink, ReferralReward, User

Row = ReferralReward
TIME = DateTime(timezone=True)
BUDGET = select(func.pg_advisory_xact_lock(func.hashtextextended("referral.monthly_budget", 0)))
_earlier = (
    select(literal(1))
    .where(
        Payment.wallet_id == bindparam("wallet_id", type_=Uuid),
        Payment.id != bindparam("payment", type_=Uuid),
        Payment.paid_at.is_not(None),
    )
    .exists()
)
_earned = select(
    func.gen_random_uuid(),
    User.referred_by,
    User.id,
    bindparam("payment", type_=Uuid),
    literal(FIRST_PAYMENT),
    cast(bindparam("major"), Numeric(14, 2)),
    bindparam("until", type_=TIME),
    bindparam("until", type_=TIME),
).where(
    User.id == bindparam("referee_id", type_=Uuid),
    User.status == "ACTIVE",
    User.referred_by.is_not(None),
    User.referred_by != User.id,
    ~_earlier,
)
MADE = (
    insert(Row)
    .from_select(
        ["id", "user_id", "referee_id", "payment_id", "trigger_type", "amount", "held_until", "due_at"], _earned
    )
    .on_conflict_do_nothing()
    .returning(Row.id, Row.user_id)
)
_own, _theirs = aliased(KnownDevice), aliased(KnownDevice)
_document, _their_document = aliased(KycSession), aliased(KycSession)
_referrer, _referee = bindparam("referrer", type_=Uuid), bindparam("referee", type_=Uuid)
_known = select(literal(1)).where(_own.user_id == _referrer)
_first_network = (
    select(_theirs.network)
    .where(_theirs.user_id == _referee)
    .order_by(_theirs.created_at, _theirs.id)
    .limit(1)
    .scalar_subquery()
)
ALIKE = select(
    select(literal(1))
    .where(
        _document.user_id == _referrer,
        _their_document.user_id == _referee,
        _document.identity_hash == _their_document.identity_hash,
    )
    .exists(),
    _known.where(
        _theirs.user_id == _referee,
        _theirs.network == _own.network,
        _theirs.family == _own.family,
        _own.family != "",
    ).exists(),
    _known.where(_own.network == _first_network).exists(),
)
WOKEN = (
    update(Row)
    .where(Row.payment_id == bindparam("payment"), Row.state.in_(("HELD", "PAID")))
    .values(due_at=bindparam("now", type_=TIME))
)
DUE = (
    select(Row.id)
    .where(
        Row.due_at <= bindparam("now", type_=TIME),
        Row.id != all_(bindparam("but", type_=ARRAY(Uuid))),
        Row.state == any_(bindparam("states", type_=ARRAY(Text))),
    )
    .order_by(Row.due_at, Row.id)
    .limit(bindparam("most", type_=Integer))
)
PARTIES = select(Row.user_id, Row.referee_id, Row.payment_id).where(Row.id == bindparam("reward"))
PEOPLE_HELD = (
    select(User.id, User.status)
    .where(User.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(User.id)
    .with_for_update(key_share=True)
)
HELD = select(Row).where(Row.id == bindparam("reward")).with_for_update(key_share=True)
_day = bindparam("day", type_=TIME)
_cents = cast(Row.amount * MINOR, BigInteger)
_of_day = (
    select(func.count())
    .select_from(Row)
    .where(
        Row.user_id == bindparam("referrer"),
        Row.created_at >= _day,
        Row.state != "VOID",
        or_(
            Row.created_at < bindparam("made_at", type_=TIME),
            (Row.created_at == bindparam("made_at", type_=TIME)) & (Row.id < bindparam("reward", type_=Uuid)),
        ),
    )
)
_paid = select(cast(func.coalesce(func.sum(_cents), 0), BigInteger)).where(
    Row.user_id == bindparam("referrer"), Row.state == "PAID"
)
EARNED = select(_of_day.scalar_subquery(), _paid.scalar_subquery())
SPENT = select(cast(func.coalesce(func.sum(_cents), 0), BigInteger)).where(
    Row.paid_at >= bindparam("since", type_=TIME)
)
CHANGED = (
    update(Row)
    .where(Row.id == bindparam("reward"))
    .values(
        state=bindparam("state_", type_=Text),
        why=bindparam("why_", type_=Text),
        due_at=None,
        paid_at=case((bindparam("state_", type_=Text) == "PAID", bindparam("now", type_=TIME)), else_=Row.paid_at),
        ended_at=case(
            (bindparam("state_", type_=Text).in_(("VOID", "CLAWED_BACK")), bindparam("now", type_=TIME)), else_=None
        ),
        clawed_back=bindparam("state_", type_=Text) == "CLAWED_BACK",
    )
)
POSTPONED = update(Row).where(Row.id == bindparam("reward")).values(due_at=bindparam("due", type_=TIME))
_link = (
    select(ReferralLink.id)
    .where(ReferralLink.user_id == bindparam("referrer", type_=Uuid))
    .order_by(ReferralLink.created_at, ReferralLink.id)
    .limit(1)
)
COUNTED = (
    update(ReferralLink)
    .where(ReferralLink.id == _link.scalar_subquery())
    .values(
        conversions=ReferralLink.conversions + bindparam("more", type_=Integer),
        total_earnings=ReferralLink.total_earnings + cast(bindparam("major"), Numeric(14, 2)),
    )
)


class Rewards:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def make(
        self, referee_id: UUID, wallet_id: UUID, payment_id: UUID, amount: Money, until: datetime
    ) -> tuple[UUID, UUID] | None:
        """Id and owner of the reward for the first load that somebody pays; the payment is held, and no wallet is.

        None for a later one, or where nobody referred them.
        """
        row = await self._connection.row(
            MADE, referee_id=referee_id, wallet_id=wallet_id, payment=payment_id, major=amount.major, until=until
        )
        return None if row is None else (row.id, row.user_id)

    async def alike(self, user_id: UUID, referee_id: UUID) -> Alike:
        return Alike(*await self._connection.one(ALIKE, referrer=user_id, referee=referee_id))

    async def wake(self, payment_id: UUID, now: datetime) -> None:
        """Something became of the payment: its reward is judged anew. The payment is held."""
        await self._connection.execute(WOKEN, payment=payment_id, now=now)

    async def due(self, now: datetime, but: Sequence[UUID], states: Sequence[str], most: int) -> Sequence[UUID]:
        return await self._connection.scalars(DUE, now=now, but=list(but), states=list(states), most=most)

    async def parties(self, reward_id: UUID) -> Parties | None:
        row = await self._connection.row(PARTIES, reward=reward_id)
        return None if row is None else Parties(*row)

    async def hold_people(self, *ids: UUID) -> dict[UUID, str]:
        """Their statuses, which stay until the unit ends. Of rewards of one account one is judged at a time."""
        rows = await self._connection.rows(PEOPLE_HELD, ids=sorted(ids))
        return {row.id: row.status for row in rows}

    async def hold(self, reward_id: UUID) -> ReferralReward:
        return await self._connection.scalar_one(HELD, reward=reward_id)

    async def earned(self, reward: ReferralReward) -> Earned:
        """By the account, whose row is held."""
        day = reward.created_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return Earned(
            *await self._connection.one(
                EARNED, referrer=reward.user_id, day=day, made_at=reward.created_at, reward=reward.id
            )
        )

    async def hold_budget(self) -> None:
        """One reward of the platform at a time, until the unit ends. Before anything else is held."""
        await self._connection.execute(BUDGET)

    async def spent(self, since: datetime) -> int:
        """The sum of all that were paid since then, in minor units; what was taken back is not given twice."""
        return await self._connection.scalar_one(SPENT, since=since)

    async def postpone(self, reward_id: UUID, due_at: datetime | None) -> None:
        await self._connection.execute(POSTPONED, reward=reward_id, due=due_at)

    async def end(self, reward_id: UUID, state: str, now: datetime, why: Why | None = None) -> None:
        """``state``: what it is from now on. One that is held, or was made in this unit."""
        await self._connection.execute(CHANGED, reward=reward_id, state_=state, why_=why, now=now)

    async def count(self, reward: ReferralReward, more: int) -> None:
        """In the figures of the link: ``more`` is 1 or -1."""
        await self._connection.execute(COUNTED, referrer=reward.user_id, more=more, major=reward.amount * more)
