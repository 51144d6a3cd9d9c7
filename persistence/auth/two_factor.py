"""Second factors: the open challenge of a sign-in, consumed codes, backup codes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, LargeBinary, Text, Uuid, bindparam, delete, func, insert, or_, select, update

from domain.auth import one_time_hash
from domain.keys import Digest
from persistence.engine.connection import Connection
from persistence.models import BackupCode, Challenge, CredentialChange, User
from persistence.users import NO_FACTOR, hold

SIGN_IN = "login"
_codes = func.unnest(bindparam("codes", type_=ARRAY(LargeBinary)), bindparam("kids", type_=ARRAY(Text)))
_code_rows = _codes.table_valued("code_hash", "kid").render_derived()
ADD_BACKUP_CODES = insert(BackupCode).from_select(
    ["id", "user_id", "code_hash", "kid"],
    select(func.gen_random_uuid(), bindparam("user_id", type_=Uuid), _code_rows.c.code_hash, _code_rows.c.kid),
    include_defaults=False,
)


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    id: UUID
    user_id: UUID


class SignInChallenges:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self, user_id: UUID, now: datetime, life: timedelta) -> UUID:
        """The temporary token of a sign-in that waits for its second factor."""
        token = uuid4()
        challenge = insert(Challenge).values(
            purpose=SIGN_IN, user_id=user_id, token_hash=one_time_hash(token), expires_at=now + life
        )
        await self._connection.execute(challenge)
        return token

    async def attempt(self, token: UUID, now: datetime, tries: int) -> OpenChallenge | None:
        """Count one try before the code is looked at; None when the challenge is unknown, expired, used or used up."""
        tried = update(Challenge).where(
            Challenge.token_hash == one_time_hash(token),
            Challenge.purpose == SIGN_IN,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
            Challenge.attempts < tries,
        )
        tried = tried.values(attempts=Challenge.attempts + 1).returning(Challenge.id, Challenge.user_id)
        row = await self._connection.row(tried)
        return None if row is None or row[1] is None else OpenChallenge(row[0], row[1])

    async def consume(self, challenge_id: UUID, now: datetime) -> bool:
        """Use the challenge up; False when another call did so first."""
        used = update(Challenge).where(Challenge.id == challenge_id, Challenge.used_at.is_(None))
        return await self._connection.scalar(used.values(used_at=now).returning(Challenge.id)) is not None

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(Challenge).where(Challenge.expires_at < before))


class TwoFactor:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def set_pending(self, user_id: UUID, sealed_secret: str) -> bool:
        """Keep a secret that is not active yet; False when the factor is on already."""
        off = update(User).where(User.id == user_id, User.two_factor_enabled.is_(False))
        pending = off.values(two_factor_secret=sealed_secret, two_factor_last_step=None)
        return await self._connection.scalar(pending.returning(User.id)) is not None

    async def use_step(self, user_id: UUID, step: int) -> bool:
        """Consume the code of a time step; False when it, or a later one, was consumed before."""
        fresh = or_(User.two_factor_last_step.is_(None), User.two_factor_last_step < step)
        used = update(User).where(User.id == user_id, fresh).values(two_factor_last_step=step)
        return await self._connection.scalar(used.returning(User.id)) is not None

    async def enable(self, user_id: UUID, now: datetime) -> bool:
        """False when the factor is on already, or was not set up."""
        off = update(User).where(
            User.id == user_id, User.two_factor_enabled.is_(False), User.two_factor_secret.is_not(None)
        )
        on = off.values(two_factor_enabled=True, two_factor_enabled_at=now)
        return await self._connection.scalar(on.returning(User.id)) is not None

    async def disable(self, user_id: UUID) -> None:
        off = update(User).where(User.id == user_id)
        await self._connection.execute(off.values(**NO_FACTOR))
        await self._connection.execute(delete(BackupCode).where(BackupCode.user_id == user_id))

    async def replace_backup_codes(self, user_id: UUID, hashes: Sequence[Digest]) -> None:
        await hold(self._connection, user_id)
        await self._connection.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
        codes, kids = [digest.value for digest in hashes], [digest.kid for digest in hashes]
        await self._connection.execute(ADD_BACKUP_CODES, user_id=user_id, codes=codes, kids=kids)

    async def use_backup_code(self, user_id: UUID, hashes: Collection[bytes], now: datetime) -> bool:
        """Consume the backup code with one of the hashes; False when it is unknown or was consumed before.

        Each change that can be undone learns of it, for undoing one brings back codes of which no row may be left.
        """
        unused = update(BackupCode).where(
            BackupCode.user_id == user_id, BackupCode.code_hash.in_(hashes), BackupCode.used_at.is_(None)
        )
        spent = await self._connection.scalar(unused.values(used_at=now).returning(BackupCode.id))
        if spent is None:
            return False
        change = CredentialChange
        open_ones = update(change).where(change.user_id == user_id, change.former.is_not(None))
        await self._connection.execute(open_ones.values(spent=func.array_append(change.spent, spent)))
        return True
