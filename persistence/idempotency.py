"""Claims and stored answers of idempotent operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Interval, LargeBinary, Text, Uuid, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import IdempotencyKey


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks for what, hashed under the secret ``kid``."""

    kid: str
    caller: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """``rows``: key id -> id, when the claim is ours; else what another call with the same key left."""

    rows: Mapping[str, UUID] = field(default_factory=dict)
    same_request: bool = True
    status: int | None = None
    body: bytes | None = None
    seconds_left: int = 0


_scopes = func.unnest(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("callers", type_=ARRAY(LargeBinary)),
    bindparam("fingerprints", type_=ARRAY(LargeBinary)),
)
_rows = _scopes.table_valued("id", "caller", "fingerprint").render_derived()
_fresh = insert(IdempotencyKey).from_select(
    ["id", "caller", "fingerprint", "operation_id", "key", "leased_until", "expires_at"],
    select(
        _rows.c.id,
        _rows.c.caller,
        _rows.c.fingerprint,
        bindparam("operation", type_=Text),
        bindparam("key", type_=Text),
        func.now() + bindparam("lease", type_=Interval),
        func.now() + bindparam("life", type_=Interval),
    ),
)
_abandoned = and_(
    IdempotencyKey.status.is_(None),
    IdempotencyKey.leased_until < func.now(),
    IdempotencyKey.fingerprint == _fresh.excluded.fingerprint,
)
_taken_over = ("id", "fingerprint", "leased_until", "expires_at", "status", "body")
CLAIM = _fresh.on_conflict_do_update(
    index_elements=[IdempotencyKey.caller, IdempotencyKey.operation_id, IdempotencyKey.key],
    set_={name: _fresh.excluded[name] for name in _taken_over},
    where=or_(IdempotencyKey.expires_at < func.now(), _abandoned),
).returning(IdempotencyKey.id)


class IdempotencyKeys:
    """A claim is a row under each known secret, so that nodes which know only some of them meet in one.

    Each row is complete: the answer in it is sealed under the secret that its caller is hashed with.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def claim(
        self, scopes: Sequence[Scope], operation_id: str, key: str, lease: timedelta, life: timedelta
    ) -> Claim:
        """Take the key, or read what holds it. An expired row, or a claim whose lease ran out, is taken over."""
        # In one order, so that no two calls wait for each other.
        scopes = sorted(scopes, key=lambda scope: scope.caller)
        ids = {scope.kid: uuid4() for scope in scopes}
        taken = await self._connection.scalars(
            CLAIM,
            ids=list(ids.values()),
            callers=[scope.caller for scope in scopes],
            fingerprints=[scope.fingerprint for scope in scopes],
            operation=operation_id,
            key=key,
            lease=lease,
            life=life,
        )
        ours = Claim(ids)
        if len(taken) == len(scopes):
            return ours
        if taken:  # what is held under one secret is not to be had under another
            await self.release(ours)
        held = await self._held(scopes, operation_id, key)
        return held or await self.claim(scopes, operation_id, key, lease, life)  # its holder let go of it in between

    async def _held(self, scopes: Sequence[Scope], operation_id: str, key: str) -> Claim | None:
        row = IdempotencyKey
        left = func.ceil(func.extract("epoch", row.leased_until - func.now()))
        held = select(row.caller, row.fingerprint, row.status, row.body, left).where(
            row.caller.in_([scope.caller for scope in scopes]),
            row.operation_id == operation_id,
            row.key == key,
        )
        found = await self._connection.row(held.order_by(row.status.nulls_last()).limit(1))
        if found is None:
            return None
        fingerprints = {scope.caller: scope.fingerprint for scope in scopes}
        same = fingerprints[found[0]] == found[1]
        return Claim(same_request=same, status=found[2], body=found[3], seconds_left=max(1, int(found[4])))

    async def store(self, claim: Claim, status: int, bodies: Mapping[str, bytes]) -> bool:
        """Keep the answer, sealed by key id; False when the claim was taken over, so that the caller must roll back."""
        for kid, row_id in claim.rows.items():
            ours = update(IdempotencyKey).where(IdempotencyKey.id == row_id, IdempotencyKey.status.is_(None))
            stored = ours.values(status=status, body=bodies[kid]).returning(IdempotencyKey.id)
            if await self._connection.scalar(stored) is None:
                return False
        return True

    async def release(self, claim: Claim) -> None:
        """Forget a claim that led to no answer worth keeping."""
        rows = delete(IdempotencyKey).where(IdempotencyKey.id.in_(claim.rows.values()))
        await self._connection.execute(rows.where(IdempotencyKey.status.is_(None)))

    async def purge(self) -> None:
        await self._connection.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now()))
