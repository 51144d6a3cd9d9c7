"""What people agreed to, with where from. Rows are only added."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, insert, select

from domain.users import Client
from persistence.engine.connection import Connection
from persistence.models import ConsentRecord

NEWEST = (
    select(ConsentRecord)
    .where(ConsentRecord.user_id == bindparam("user_id"))
    .order_by(ConsentRecord.created_at.desc(), ConsentRecord.id)
    .limit(bindparam("limit", type_=Integer))
)


class Consents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, user_id: UUID, versions: Mapping[str, str], client: Client) -> None:
        """One granted consent per kind, with the version of the document that was shown."""
        rows = [_row(user_id, kind, version, True, client) for kind, version in versions.items()]
        await self._connection.execute(insert(ConsentRecord).values(rows))  # one statement, not one for each row

    async def add(self, user_id: UUID, kind: str, version: str, granted: bool, client: Client) -> UUID:
        added = insert(ConsentRecord).values(_row(user_id, kind, version, granted, client))
        return await self._connection.scalar_one(added.returning(ConsentRecord.id))

    async def list_for(self, user_id: UUID, limit: int) -> Sequence[ConsentRecord]:
        """The newest first."""
        return await self._connection.scalars(NEWEST, user_id=user_id, limit=limit)


def _row(user_id: UUID, kind: str, version: str, granted: bool, client: Client) -> dict[str, Any]:
    evidence = {"ip_address": client.ip, "user_agent": client.user_agent}
    return {"user_id": user_id, "kind": kind, "version": version, "granted": granted} | evidence
