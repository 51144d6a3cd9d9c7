"""What people agreed to, with where from. Rows are only added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, delete, func, insert, null, select, true

from domain.users import Client
from persistence.engine.connection import Connection
from persistence.models import ConsentRecord

NEWEST = (
    select(ConsentRecord)
    .where(ConsentRecord.user_id == bindparam("user_id"))
    .order_by(ConsentRecord.created_at.desc(), ConsentRecord.id)
    .limit(bindparam("limit", type_=Integer))
)
LAST_VERSION = (
    select(ConsentRecord.version)
    .where(ConsentRecord.user_id == bindparam("user_id"), ConsentRecord.kind == bindparam("kind"))
    .order_by(ConsentRecord.created_at.desc(), ConsentRecord.id)
    .limit(1)
)

_shown = func.unnest(bindparam("kinds", type_=ARRAY(Text)), bindparam("versions", type_=ARRAY(Text)))
_shown_rows = _shown.table_valued("kind", "version").render_derived()
RECORD = insert(ConsentRecord).from_select(
    ["id", "user_id", "kind", "version", "granted", "ip_address", "user_agent"],
    select(
        func.gen_random_uuid(),
        bindparam("user_id", type_=Uuid),
        _shown_rows.c.kind,
        _shown_rows.c.version,
        true(),
        bindparam("ip", type_=Text),
        bindparam("user_agent", type_=Text),
    ),
    include_defaults=False,
)


class Consents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, user_id: UUID, versions: Mapping[str, str], client: Client) -> None:
        """One granted consent per kind, with the version of the document that was shown."""
        kinds, shown = list(versions), list(versions.values())
        evidence = {"ip": client.ip, "user_agent": client.user_agent}
        await self._connection.execute(RECORD, user_id=user_id, kinds=kinds, versions=shown, **evidence)

    async def add(
        self,
        user_id: UUID | None,
        kind: str,
        version: str,
        granted: bool,
        client: Client,
        details: Mapping[str, Any] | None = None,
    ) -> UUID:
        """``details``: what was chosen, where it is more than one thing. A visitor without an account has no id."""
        row = _row(user_id, kind, version, granted, client)
        added = insert(ConsentRecord).values(**row, details=null() if details is None else dict(details))
        return await self._connection.scalar_one(added.returning(ConsentRecord.id))

    async def last_version(self, user_id: UUID, kind: str) -> str | None:
        """Of what the person was asked about last, whatever the answer was."""
        return await self._connection.scalar(LAST_VERSION, user_id=user_id, kind=kind)

    async def forget_visitors(self, before: datetime) -> None:
        """Records of nobody's account, for which nobody can ask."""
        nobodys = delete(ConsentRecord).where(ConsentRecord.user_id.is_(None), ConsentRecord.created_at < before)
        await self._connection.execute(nobodys)

    async def list_for(self, user_id: UUID, limit: int) -> Sequence[ConsentRecord]:
        """The newest first."""
        return await self._connection.scalars(NEWEST, user_id=user_id, limit=limit)


def _row(user_id: UUID | None, kind: str, version: str, granted: bool, client: Client) -> dict[str, Any]:
    evidence = {"ip_address": client.ip, "user_agent": client.user_agent}
    return {"user_id": user_id, "kind": kind, "version": version, "granted": granted} | evidence
