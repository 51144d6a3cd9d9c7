"""Batches of payouts, each of which is one file of bank transfers.

Lock order: payouts by their ids, then the wallet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import Payout, PayoutAttempt, PayoutBatch

Row = PayoutBatch
TIME = DateTime(timezone=True)
_AMONG = Payout.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
HELD = select(Payout).where(_AMONG).order_by(Payout.id).with_for_update(key_share=True)
ADD = insertion(Row, "id", "created_at", "created_by", "count", "amount", "currency", "file")
TAKEN = (
    update(Payout)
    .where(_AMONG, Payout.status == "APPROVED", Payout.batch_id.is_(None))
    .values(status="PROCESSING", batch_id=bindparam("batch", type_=Uuid), due_at=None)
)
_in_file = func.replace(cast(Payout.id, Text), "-", "")
TRIED = insert(PayoutAttempt).from_select(
    ["payout_id", "number", "provider", "ref", "state"],
    select(Payout.id, Payout.attempt, Payout.provider, _in_file, literal("SENT")).where(
        Payout.batch_id == bindparam("batch", type_=Uuid)
    ),
)
SHOWN = (
    Row.id,
    Row.created_at,
    Row.created_by,
    Row.count,
    Row.amount,
    Row.currency,
    Row.file.is_not(None).label("has_file"),
)
ONE = select(*SHOWN).where(Row.id == bindparam("batch_id", type_=Uuid))
FILE = select(Row.file).where(Row.id == bindparam("batch_id", type_=Uuid))
OF_BATCH = select(Payout).where(Payout.batch_id == bindparam("batch_id", type_=Uuid)).order_by(Payout.id)
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
WIPED = (
    update(Row)
    .where(
        Row.file.is_not(None),
        Row.created_at < bindparam("before", type_=TIME),
        ~select(Payout.id).where(Payout.batch_id == Row.id, Payout.status == "PROCESSING").exists(),
    )
    .values(file=None)
)


class PayoutBatches:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold(self, payouts: Sequence[UUID]) -> Sequence[Payout]:
        """In the order of their ids. Nobody else changes them until the unit ends."""
        return await self._connection.scalars(HELD, ids=list(payouts))

    async def add(self, payouts: Sequence[UUID], **columns: Any) -> None:
        """A batch of payouts that are held and approved: each is under way then, with an attempt that says so."""
        await self._connection.execute(ADD, **columns)
        await self._connection.execute(TAKEN, ids=list(payouts), batch=columns["id"])
        await self._connection.execute(TRIED, batch=columns["id"])

    async def page(self, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """The newest first, without their files."""
        return await self._connection.rows(NEWEST.page(select(*SHOWN), keys, rows))

    async def find(self, batch_id: UUID) -> Any:
        return await self._connection.row(ONE, batch_id=batch_id)

    async def of(self, payout: Payout) -> Any:
        """As ``find``, of one that is under way by a file, or was made by it."""
        return await self._connection.one(ONE, batch_id=payout.batch_id)

    async def payouts(self, batch_id: UUID) -> Sequence[Payout]:
        return await self._connection.scalars(OF_BATCH, batch_id=batch_id)

    async def file(self, batch_id: UUID) -> bytes | None:
        """As it is sealed."""
        found: bytes | None = await self._connection.scalar(FILE, batch_id=batch_id)
        return found

    async def wipe(self, before: datetime) -> None:
        """Files of batches that are older, and of which no payout is under way: they hold names and accounts."""
        await self._connection.execute(WIPED, before=before)
