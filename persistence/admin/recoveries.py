"""Requests to recover an account. Every change of state is one guarded statement, made while the account is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Text, and_, case, cast, delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.admin.recoveries import EMAIL, TWO_FACTOR
from domain.auth import one_time_hash
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import BackupCode, OutboxJob, RecoveryRequest, User
from persistence.outbox import DUE
from persistence.users import hold

Row = RecoveryRequest
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())


def _text(column: Any) -> ColumnElement[str]:
    """The same for all sessions of the database: a time as PostgreSQL writes it depends on their zone."""
    moment = column.type.python_type is datetime
    return func.coalesce(cast(func.extract("epoch", column) if moment else column, Text), "")


def _as_it_is(kind: Any) -> ColumnElement[bytes]:
    """A digest of what the account is signed in to with, and of when it was last.

    A code that was used moves it, be it of the app or a backup code, and so does a sign-in. The password matters where
    the address is to change: whoever sets another one can sign in, or reads the present address.
    """
    codes = aggregate_order_by(_text(BackupCode.id) + _text(BackupCode.used_at), BackupCode.id)
    all_codes = func.array_to_string(func.array_agg(codes), ",")
    backup = select(func.coalesce(all_codes, "")).where(BackupCode.user_id == User.id)
    columns = (
        User.email,
        User.phone,
        User.phone_verified_at,
        User.two_factor_enabled_at,
        User.two_factor_last_step,
        User.last_login_at,
    )
    password = case((kind == EMAIL, _text(User.password_hash)), else_="")
    whole = func.concat_ws("|", *map(_text, columns), password, backup.scalar_subquery())
    return func.sha256(func.convert_to(whole, "UTF8"))


_account = and_(User.id == Row.user_id, User.status == "ACTIVE")
UNCHANGED = exists().where(_account, _as_it_is(Row.kind) == Row.as_it_was)
PENDING = Row.state == "PENDING"
_queued = exists().where(
    *DUE, OutboxJob.topic == "recoveries.settle", OutboxJob.payload["request"].astext == cast(Row.id, Text)
)


@dataclass(frozen=True, slots=True)
class Started:
    """``stop`` and ``proof``: the tokens of the mailed links."""

    request: RecoveryRequest
    stop: UUID
    proof: UUID


class Recoveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self, user_id: UUID, kind: str, **columns: Any) -> Started | None:
        """None while one of the kind is pending. The account must be held."""
        stop, proof = uuid4(), uuid4()
        standing = select(Row.id).where(Row.user_id == user_id, Row.kind == kind, PENDING)
        if await self._connection.scalar(standing) is not None:
            return None
        signed = select(_as_it_is(literal(kind))).where(User.id == user_id).scalar_subquery()
        row = {"user_id": user_id, "kind": kind, "stop_hash": one_time_hash(stop), "as_it_was": signed} | columns
        if kind == EMAIL:
            row["proof_hash"] = one_time_hash(proof)
        request: RecoveryRequest = await self._connection.scalar_one(insert(Row).values(**row).returning(Row))
        return Started(request, stop, proof)

    async def was_stopped(self, user_id: UUID, kind: str, since: datetime) -> bool:
        """Whether the owner stopped one of the kind."""
        row = exists().where(Row.user_id == user_id, Row.kind == kind, Row.state == "STOPPED", Row.ended_at > since)
        return bool(await self._connection.scalar(select(row)))

    async def page(
        self, keys: Sequence[Any] | None, rows: int, *, state: str | None = None, user_id: UUID | None = None
    ) -> Sequence[RecoveryRequest]:
        """The newest first."""
        found = select(Row)
        if state is not None:
            found = found.where(Row.state == state)
        if user_id is not None:
            found = found.where(Row.user_id == user_id)
        return await self._connection.scalars(NEWEST.page(found, keys, rows))

    async def hold(self, request_id: UUID) -> RecoveryRequest | None:
        """The request, whose account nobody else changes until the transaction ends."""
        return await self._held(Row.id == request_id)

    async def hold_by_stop(self, token: UUID) -> RecoveryRequest | None:
        return await self._held(Row.stop_hash == one_time_hash(token))

    async def hold_by_proof(self, token: UUID) -> RecoveryRequest | None:
        return await self._held(Row.proof_hash == one_time_hash(token))

    async def _held(self, which: ColumnElement[bool]) -> RecoveryRequest | None:
        owner = await self._connection.scalar(select(Row.user_id).where(which))
        if owner is None:
            return None
        await hold(self._connection, owner)
        return await self._connection.scalar(select(Row).where(which))

    async def end(self, request_id: UUID, state: str, now: datetime) -> RecoveryRequest | None:
        """The request as it is then; None when it had ended before."""
        pending = update(Row).where(Row.id == request_id, PENDING)
        return await self._connection.scalar(pending.values(state=state, ended_at=now).returning(Row))

    async def prove(self, request_id: UUID, now: datetime) -> bool:
        """False when its address was proven before."""
        unproven = update(Row).where(Row.id == request_id, PENDING, Row.proven_at.is_(None))
        return await self._connection.scalar(unproven.values(proven_at=now).returning(Row.id)) is not None

    async def list_to_settle(self, now: datetime, given_up: datetime, limit: int) -> Sequence[UUID]:
        """Pending ones that are due, of which nobody proved the address since ``given_up``, or that became needless."""
        ripe = and_(Row.effective_at <= now, or_(Row.kind == TWO_FACTOR, Row.proven_at.is_not(None)))
        found = select(Row.id).where(PENDING, or_(ripe, Row.effective_at <= given_up, ~UNCHANGED), ~_queued)
        return await self._connection.scalars(found.order_by(Row.effective_at).limit(limit))

    async def void_needless(self, user_id: UUID, now: datetime) -> Sequence[UUID]:
        """Those pending of the account that ended, because it was signed in to or changed since, or is not active."""
        needless = update(Row).where(Row.user_id == user_id, PENDING, ~UNCHANGED)
        return await self._connection.scalars(needless.values(state="VOID", ended_at=now).returning(Row.id))

    async def sign_anew(self, user_id: UUID) -> None:
        """What one request changed of the account makes no other one of it needless."""
        others = update(Row).where(Row.user_id == user_id, PENDING, User.id == Row.user_id)
        await self._connection.execute(others.values(as_it_was=_as_it_is(Row.kind)))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(Row).where(Row.state != "PENDING", Row.created_at < before))
