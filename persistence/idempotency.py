"""Claims and stored answers of idempotent operations."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of ours when ``ours``; else what another call with the same key left."""

    id: UUID
    ours: bool
    fingerprint: bytes
    status: int | None
    body: bytes | None
    seconds_left: int


class IdempotencyKeys:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(
        self, caller: bytes, operation_id: str, key: str, fingerprint: bytes, lease: timedelta, life: timedelta
    ) -> Claim:
        """Take the key, or read what holds it. An expired row, or a claim whose lease ran out, is taken over."""
        row = IdempotencyKey
        ours = uuid4()
        fresh = pg_insert(row).values(
            id=ours,
            caller=caller,
            operation_id=operation_id,
            key=key,
            fingerprint=fingerprint,
            leased_until=func.now() + lease,
            expires_at=func.now() + life,
        )
        taken_over = {
            name: getattr(fresh.excluded, name)
            for name in ("id", "fingerprint", "leased_until", "expires_at", "status", "body")
        }
        abandoned = row.status.is_(None) & (row.leased_until < func.now()) & (row.fingerprint == fingerprint)
        claimed = fresh.on_conflict_do_update(
            index_elements=[row.caller, row.operation_id, row.key],
            set_=taken_over,
            where=(row.expires_at < func.now()) | abandoned,
        ).returning(row.id)
        if await self._session.scalar(claimed) is not None:
            return Claim(ours, True, fingerprint, None, None, 0)
        return await self._held(caller, operation_id, key) or await self.claim(
            caller,
            operation_id,
            key,
            fingerprint,
            lease,
            life,  # its holder let go of it in between
        )

    async def _held(self, caller: bytes, operation_id: str, key: str) -> Claim | None:
        row = IdempotencyKey
        left = func.ceil(func.extract("epoch", row.leased_until - func.now()))
        held = select(row.id, row.fingerprint, row.status, row.body, left).where(
            row.caller == caller, row.operation_id == operation_id, row.key == key
        )
        found = (await self._session.execute(held)).one_or_none()
        return None if found is None else Claim(found[0], False, found[1], found[2], found[3], max(1, int(found[4])))

    async def store(self, claim_id: UUID, status: int, body: bytes) -> bool:
        """Keep the answer; False when the claim was taken over, so that the caller must roll back."""
        ours = update(IdempotencyKey).where(IdempotencyKey.id == claim_id, IdempotencyKey.status.is_(None))
        return (
            await self._session.scalar(ours.values(status=status, body=body).returning(IdempotencyKey.id)) is not None
        )

    async def release(self, claim_id: UUID) -> None:
        """Forget a claim that led to no answer worth keeping."""
        await self._session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.id == claim_id, IdempotencyKey.status.is_(None))
        )

    async def purge(self) -> None:
        await self._session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now()))
