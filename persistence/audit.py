"""The audit trail: written in the transaction of what it tells about."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert

from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.models import AuditLog

RECORD = insert(AuditLog).values(
    action=bindparam("action"),
    result=bindparam("result"),
    actor_id=bindparam("actor"),
    target_id=bindparam("target"),
    ip_prefix=bindparam("network"),
    correlation_id=bindparam("correlation"),
    role=bindparam("role"),
    reason=bindparam("reason"),
    before=bindparam("before"),
    after=bindparam("after"),
    details=bindparam("details"),
)


class Audit:
    def __init__(self, connection: Connection, trace: Trace) -> None:
        self._connection = connection
        self._trace = trace

    async def record(
        self,
        action: str,
        *,
        result: str = "success",
        actor: UUID | None = None,
        target: UUID | str | None = None,
        reason: str | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """``details``, ``before`` and ``after`` must hold no secret and no clear address.

        ``reason``: why somebody of the staff did it, in their words; their roles are added from the call.
        """
        await self._connection.execute(
            RECORD,
            action=action,
            result=result,
            actor=actor,
            target=None if target is None else str(target),
            network=self._trace.network,
            correlation=self._trace.correlation_id,
            role=self._trace.role,
            reason=reason,
            before=before,
            after=after,
            details=details,
        )
