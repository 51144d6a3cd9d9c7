"""What people agreed to, with where from. Rows are only added."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.users import Client
from persistence.models import ConsentRecord


class Consents:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(self, user_id: UUID, versions: Mapping[str, str], client: Client) -> None:
        """One granted consent per kind, with the version of the document that was shown."""
        rows = [_row(user_id, kind, version, True, client) for kind, version in versions.items()]
        await self._session.execute(insert(ConsentRecord).values(rows))  # one statement, not one for each row

    async def add(self, user_id: UUID, kind: str, version: str, granted: bool, client: Client) -> UUID:
        added = insert(ConsentRecord).values(_row(user_id, kind, version, granted, client))
        return (await self._session.scalars(added.returning(ConsentRecord.id))).one()

    async def list_for(self, user_id: UUID, limit: int) -> Sequence[ConsentRecord]:
        """The newest first."""
        row = ConsentRecord
        newest = select(row).where(row.user_id == user_id).order_by(row.created_at.desc(), row.id).limit(limit)
        return (await self._session.scalars(newest)).all()


def _row(user_id: UUID, kind: str, version: str, granted: bool, client: Client) -> dict[str, Any]:
    evidence = {"ip_address": client.ip, "user_agent": client.user_agent}
    return {"user_id": user_id, "kind": kind, "version": version, "granted": granted} | evidence
