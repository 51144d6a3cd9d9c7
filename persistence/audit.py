"""The audit trail: written in the transaction of what it tells about."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.users import Trace
from persistence.models import AuditLog


class Audit:
    def __init__(self, session: AsyncSession, trace: Trace) -> None:
        self._session = session
        self._trace = trace

    async def record(
        self,
        action: str,
        *,
        result: str = "success",
        actor: UUID | None = None,
        target: UUID | str | None = None,
        **details: Any,
    ) -> None:
        """``details`` must hold no secret and no clear address."""
        await self._session.execute(
            insert(AuditLog).values(
                action=action,
                result=result,
                actor_id=actor,
                target_id=None if target is None else str(target),
                ip_prefix=self._trace.network,
                correlation_id=self._trace.correlation_id,
                details=details,
            )
        )
