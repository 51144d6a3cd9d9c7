"""What staff was refused goes to the audit log: who probes for what they may not do leaves a trace."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import psycopg
import structlog

from contract.policy import Policy
from domain.config_keys import Rate
from persistence.engine.database import Database
from runtime.web.call import Call
from runtime.web.limits.local import Limiter

NOTED = (403, 429)
"""Statuses that say: not you, not now. Others tell of the request, or of what it is about."""
ONE_A_MINUTE = Rate(1, 60)

NoteRefusal: TypeAlias = Callable[[Policy, Call, str], Awaitable[None]]

log = structlog.get_logger(__name__)


async def nothing_noted(_policy: Policy, _call: Call, _code: str) -> None:
    """Where there is no audit log."""


class RefusedStaff:
    """One entry a minute of an account and an operation: a flood of calls is none of entries."""

    def __init__(self, database: Database, limiter: Limiter) -> None:
        self._database = database
        self._limiter = limiter

    async def note(self, policy: Policy, call: Call, code: str) -> None:
        """Of a call with somebody's token. The refusal stands even where it cannot be written down."""
        caller = call.principal
        if caller is None or policy.statuses.get(code) not in NOTED:
            return
        if not (await self._limiter.hit(f"refused:{policy.operation_id}:{caller.user_id}", ONE_A_MINUTE)).allowed:
            return
        action = "admin." + policy.operation_id.removeprefix("admin.")
        try:
            async with self._database.unit(call.trace) as db:
                await db.audit.record(action, result="refused", actor=caller.user_id, code=code)
        except psycopg.Error as error:
            log.warning("audit.refusal_lost", action=action, reason=type(error).__name__)
