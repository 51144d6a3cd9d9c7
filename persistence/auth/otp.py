"""Phone challenges. Every change of state is one guarded statement, so that parallel calls cannot share a state."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Text, bindparam, case, delete, insert, or_, select, type_coerce, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.auth import one_time_hash
from persistence.auth.two_factor import SIGN_IN
from persistence.engine.connection import Connection
from persistence.models import Challenge, PhoneQuota, User

OF_A_PHONE = Challenge.phone.is_not(None)
PHONE = type_coerce(Challenge.phone, Text)  # a text wherever OF_A_PHONE holds
SHARE = type_coerce(Challenge.phone_hash, LargeBinary)  # likewise


BY_ID = select(Challenge).where(Challenge.id == bindparam("challenge_id"), OF_A_PHONE)


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that was counted."""

    passed: bool
    purpose: str
    user_id: UUID | None
    phone: str


@dataclass(frozen=True, slots=True)
class Resent:
    """A challenge that takes a new code now. ``resend_count`` includes it, ``share`` is the phone's that it is of."""

    purpose: str
    user_id: UUID | None
    phone: str
    resend_count: int
    share: bytes


class Challenges:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, **columns: Any) -> None:
        await self._connection.execute(insert(Challenge).values(**columns))

    async def find(self, challenge_id: UUID) -> Challenge | None:
        return await self._connection.scalar(BY_ID, challenge_id=challenge_id)

    async def attempt(
        self, challenge_id: UUID, guesses: Collection[bytes], now: datetime, max_attempts: int
    ) -> Tried | None:
        """Compare the guess, by its hashes, and use the challenge up or count a failure, in one statement.

        None when the challenge takes no guess: it is unknown, used, expired or out of attempts. An account that it
        belongs to is held first, as by all who void challenges of an account, so that none waits for the other.
        """
        owner = select(Challenge.user_id).where(Challenge.id == challenge_id).scalar_subquery()
        await self._connection.execute(select(User.id).where(User.id == owner).with_for_update())
        right = Challenge.code_hash.in_(guesses)
        tried = update(Challenge).where(
            Challenge.id == challenge_id,
            OF_A_PHONE,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
            Challenge.attempts < max_attempts,
        )
        tried = tried.values(
            attempts=case((right, Challenge.attempts), else_=Challenge.attempts + 1),
            used_at=case((right, now), else_=None),
        )
        returned = tried.returning(Challenge.used_at.is_not(None), Challenge.purpose, Challenge.user_id, PHONE)
        row = await self._connection.row(returned)
        return None if row is None else Tried(row[0], row[1], row[2], row[3])

    async def take_resend(
        self, challenge_id: UUID, now: datetime, max_resends: int, cooldown: timedelta
    ) -> Resent | None:
        """Count one resend; None when the challenge is closed, resent often enough, or its code too recent."""
        due = update(Challenge).where(
            Challenge.id == challenge_id,
            OF_A_PHONE,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
            Challenge.resend_count < max_resends,
            Challenge.sent_at <= now - cooldown,
        )
        taken = due.values(resend_count=Challenge.resend_count + 1, attempts=0, sent_at=now).returning(
            Challenge.purpose, Challenge.user_id, PHONE, Challenge.resend_count, SHARE
        )
        row = await self._connection.row(taken)
        return None if row is None else Resent(*row)

    async def replace_code(self, challenge_id: UUID, code_hash: bytes, expires_at: datetime) -> None:
        """Of a challenge whose row ``take_resend`` holds."""
        row = update(Challenge).where(Challenge.id == challenge_id)
        await self._connection.execute(row.values(code_hash=code_hash, expires_at=expires_at))

    async def count_code(self, phone_hash: bytes, now: datetime, window: timedelta, cap: int) -> float | None:
        """Count one code for the phone; seconds until its window ends when it had ``cap`` codes already."""
        quota = PhoneQuota
        over = quota.opened_at <= now - window
        first = pg_insert(quota).values(phone_hash=phone_hash, sent=1, opened_at=now)
        counted = first.on_conflict_do_update(
            index_elements=[quota.phone_hash],
            set_={
                "sent": case((over, 1), else_=quota.sent + 1),
                "opened_at": case((over, now), else_=quota.opened_at),
            },
            where=or_(over, quota.sent < cap),
        ).returning(quota.sent)
        if await self._connection.scalar(counted) is not None:
            return None
        opened_at = await self._connection.scalar(select(quota.opened_at).where(quota.phone_hash == phone_hash))
        return max(1.0, (opened_at + window - now).total_seconds()) if opened_at else 1.0

    async def find_sign_in(self, token: UUID, now: datetime, tries: int) -> UUID | None:
        """Whose open sign-in the temporary token names."""
        sign_in = select(Challenge.user_id).where(
            Challenge.token_hash == one_time_hash(token),
            Challenge.purpose == SIGN_IN,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
            Challenge.attempts < tries,
        )
        return await self._connection.scalar(sign_in)

    async def find_owner(self, user_id: UUID, phone: str) -> UUID | None:
        """The account, if the phone is its verified one."""
        owner = select(User.id).where(
            User.id == user_id, User.phone == phone, User.phone_verified_at.is_not(None), User.status == "ACTIVE"
        )
        return await self._connection.scalar(owner)

    async def set_verified_phone(self, user_id: UUID, phone: str, now: datetime) -> None:
        owner = update(User).where(User.id == user_id)
        await self._connection.execute(owner.values(phone=phone, phone_verified_at=now))

    async def purge(self, before: datetime) -> None:
        """Forget windows that opened before then. Challenges of phones go with those of sign-ins."""
        await self._connection.execute(delete(PhoneQuota).where(PhoneQuota.opened_at < before))
