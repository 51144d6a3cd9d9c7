"""Accounts of creators at payout providers. Whoever changes one holds the creator's profile, which shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, DateTime, Integer, Text, and_, bindparam, func, or_, select, text, update

from domain.creators.payout_account import ASKED_FOR, LEASE, LOOK_AGAIN, LOOK_AT_ACTIVE
from persistence.creators.kyc import PROFILE_HELD
from persistence.engine.due import once
from persistence.engine.statements import insertion
from persistence.models import CreatorProfile, PayoutAccount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from persistence.engine.connection import Connection

Row = PayoutAccount
TIME = DateTime(timezone=True)
NOW = bindparam("now", type_=TIME)
PROFILE = select(CreatorProfile).where(CreatorProfile.user_id == bindparam("user_id"))
# The one that is not closed, before those that are.
NEWEST = (
    select(Row)
    .where(Row.user_id == bindparam("user_id"))
    .order_by(Row.closed_at.is_not(None), Row.created_at.desc(), Row.id)
    .limit(1)
)
BY_REF = select(Row).where(Row.provider == bindparam("provider"), Row.ref == bindparam("ref"))
BY_ID = select(Row).where(Row.id == bindparam("account_id"))
BEGUN = insertion(Row, "user_id", "provider", "created_at", "leased_until").returning(Row)
CLAIMED = (
    update(Row)
    .where(
        Row.id == bindparam("account_id"),
        Row.ref.is_(None),
        or_(Row.leased_until.is_(None), Row.leased_until <= NOW),
    )
    .values(leased_until=bindparam("until", type_=TIME), provider=bindparam("by"))
    .returning(Row)
)
RELEASED = update(Row).where(Row.id == bindparam("account_id"), Row.ref.is_(None)).values(leased_until=None)
BOUND = (
    update(Row)
    .where(
        Row.id == bindparam("account_id"),
        Row.ref.is_(None),
        Row.closed_at.is_(None),
        Row.provider == bindparam("by"),
    )
    .values(ref=bindparam("ref_"), leased_until=None, held_until=bindparam("until", type_=TIME))
    .returning(Row)
)
SIGNING_IN = (
    update(Row)
    .where(Row.id == bindparam("account_id"))
    .values(
        sign_in_hash=bindparam("hash_"),
        sign_in_session=bindparam("session_"),
        sign_in_until=bindparam("until", type_=TIME),
    )
)
RETURNED = (
    update(Row)
    .where(
        text("closed_at IS NULL"),
        Row.user_id == bindparam("owner"),
        Row.sign_in_hash == bindparam("hash_"),
        Row.sign_in_session == bindparam("session_"),
        Row.sign_in_until > NOW,
    )
    .values(sign_in_hash=None, sign_in_session=None, sign_in_until=None)
    .returning(Row)
)
TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("account", type_=Text), 0)))
IDENTIFIED = (
    update(Row)
    .where(Row.id == bindparam("account_id"), Row.closed_at.is_(None))
    .values(ref=bindparam("ref_"), held_until=bindparam("until", type_=TIME))
    .returning(Row)
)
SETTLED = (
    update(Row)
    .where(Row.id == bindparam("account_id"))
    .values(
        status=bindparam("status_"),
        charges_enabled=bindparam("charges_enabled_", type_=Boolean),
        payouts_enabled=bindparam("payouts_enabled_", type_=Boolean),
        details_submitted=bindparam("details_submitted_", type_=Boolean),
        looked_at=bindparam("looked_at_", type_=TIME),
        closed_at=bindparam("closed_at_", type_=TIME),
        destination=bindparam("destination_"),
        held_until=bindparam("held_until_", type_=TIME),
    )
)
_STALE = (
    select(Row.id)
    .where(
        text("closed_at IS NULL AND ref IS NOT NULL"),
        Row.looked_at <= bindparam("before", type_=TIME),
        or_(PayoutAccount.status != "ACTIVE", Row.looked_at <= bindparam("active_before", type_=TIME)),
    )
    .order_by(Row.looked_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
# Whoever takes one is the only one who looks at it for a while: what it finds is newer than this.
TAKEN = update(Row).where(Row.id.in_(once(_STALE))).values(looked_at=NOW).returning(Row)
_UNANSWERED = (
    select(Row.id)
    .where(
        text("closed_at IS NULL AND ref IS NULL"),
        and_(Row.created_at > bindparam("since", type_=TIME), Row.created_at <= bindparam("before", type_=TIME)),
        or_(Row.leased_until.is_(None), Row.leased_until <= NOW),
    )
    .order_by(Row.created_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
RETAKEN = (
    update(Row).where(Row.id.in_(once(_UNANSWERED))).values(leased_until=bindparam("until", type_=TIME)).returning(Row)
)


class PayoutAccounts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def profile(self, user_id: UUID) -> CreatorProfile | None:
        return await self._connection.scalar(PROFILE, user_id=user_id)

    async def hold_profile(self, user_id: UUID) -> CreatorProfile | None:
        """Nobody else changes the profile or its account until the transaction ends."""
        return await self._connection.scalar(PROFILE_HELD, user_id=user_id)

    async def newest(self, user_id: UUID) -> PayoutAccount | None:
        """The one that is not closed, or else the last one that was opened."""
        return await self._connection.scalar(NEWEST, user_id=user_id)

    async def find(self, provider: str, ref: str) -> PayoutAccount | None:
        return await self._connection.scalar(BY_REF, provider=provider, ref=ref)

    async def get(self, account_id: UUID) -> PayoutAccount | None:
        return await self._connection.scalar(BY_ID, account_id=account_id)

    async def begin(self, user_id: UUID, provider: str, now: datetime) -> PayoutAccount:
        """One that the provider does not know yet, claimed. The profile is held."""
        row = {"user_id": user_id, "provider": provider, "created_at": now, "leased_until": now + LEASE}
        account: PayoutAccount = await self._connection.scalar_one(BEGUN, **row)
        return account

    async def claim(self, account_id: UUID, provider: str, now: datetime) -> PayoutAccount | None:
        """One that no provider has answered for; None while another call asks."""
        given = {"account_id": account_id, "by": provider, "now": now, "until": now + LEASE}
        return await self._connection.scalar(CLAIMED, **given)

    async def release(self, account_id: UUID) -> None:
        await self._connection.execute(RELEASED, account_id=account_id)

    async def bind(self, account: PayoutAccount, ref: str, held_until: datetime) -> PayoutAccount | None:
        """None where it was bound meanwhile, or closed."""
        given = {"account_id": account.id, "by": account.provider, "ref_": ref, "until": held_until}
        return await self._connection.scalar(BOUND, **given)

    async def expect(self, account_id: UUID, session_id: UUID, state: bytes, until: datetime) -> None:
        """Somebody is sent to the provider to sign in. A state that was given out before is no longer good."""
        given = {"hash_": state, "session_": session_id, "until": until}
        await self._connection.execute(SIGNING_IN, account_id=account_id, **given)

    async def returned(self, owner: UUID, session_id: UUID, state: bytes, now: datetime) -> PayoutAccount | None:
        """The account for which they were sent. A state is good once, for who was sent, in time."""
        given = {"owner": owner, "session_": session_id, "hash_": state, "now": now}
        return await self._connection.scalar(RETURNED, **given)

    async def take_turn(self, provider: str, ref: str) -> None:
        """Nobody else gives an account this id until the transaction ends."""
        await self._connection.execute(TURN, account=f"payout_accounts:{provider}:{ref}")

    async def identify(self, account_id: UUID, ref: str, held_until: datetime) -> PayoutAccount | None:
        """Give it its id at the provider, which nobody else has. None where it was closed meanwhile."""
        return await self._connection.scalar(IDENTIFIED, account_id=account_id, ref_=ref, until=held_until)

    async def settle(self, account_id: UUID, columns: Mapping[str, Any]) -> None:
        given = {f"{name}_": value for name, value in columns.items()}
        await self._connection.execute(SETTLED, account_id=account_id, **given)

    async def take_stale(self, now: datetime, most: int) -> Sequence[PayoutAccount]:
        """Those of which nobody told for an hour, and of active ones for a day."""
        before, active_before = now - LOOK_AGAIN, now - LOOK_AT_ACTIVE
        return await self._connection.scalars(TAKEN, before=before, active_before=active_before, now=now, most=most)

    async def take_unanswered(self, now: datetime, most: int) -> Sequence[PayoutAccount]:
        """Those that a provider was asked for without an answer, claimed."""
        return await self._connection.scalars(
            RETAKEN, since=now - ASKED_FOR, before=now - LEASE, now=now, until=now + LEASE, most=most
        )
