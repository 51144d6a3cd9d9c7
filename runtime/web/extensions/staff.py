"""What a caller is as staff: asked at every call of scope ``admin``, so that a lost role ends with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from contract.permissions import Permissions
from contract.policy import Policy
from domain import admin
from domain.admin import Standing
from domain.config_keys import Config
from domain.users import Principal
from persistence.admin.staff import SEEN_EVERY
from persistence.engine.database import Database

StandingOf: TypeAlias = Callable[[Principal], Awaitable[Standing]]
"""Of the owner of a session."""


class StaffGuard:
    """Who calls, from where, and what they have shown, cheap before dear; nothing is told to who is no staff.

    ``standing_of``: in place of what ``database`` has.
    """

    def __init__(
        self,
        permissions: Permissions,
        config: Config,
        clock: Callable[[], datetime],
        database: Database,
        standing_of: StandingOf | None = None,
    ) -> None:
        self._permissions = permissions
        self._config = config
        self._clock = clock
        self._database = database
        self._standing_of = standing_of or self._stored

    async def _stored(self, principal: Principal) -> Standing:
        async with self._database.identifying() as db:
            return await db.staff.standing(principal.session_id, self._clock())

    async def admit(self, policy: Policy, principal: Principal, ip: str | None) -> Principal:
        """The caller with roles and permissions. Raises ApiError at the first thing that is missing."""
        standing, now = await self._standing_of(principal), self._clock()
        permissions = self._permissions.of(standing.roles)
        admin.require_staff(permissions)
        admin.require_network(ip, self._config)
        if policy.second_factor:
            enabled = principal.user is not None and principal.user.two_factor_enabled
            admin.require_second_factor(standing, enabled=enabled)
        admin.require_young_session(standing, now, self._config)
        admin.require_permission(policy.permission or "", permissions)
        if standing.seen_at is None or standing.seen_at < now - SEEN_EVERY:
            async with self._database.unit() as db:
                await db.staff.note_seen(principal.session_id, now)
        return principal._replace(permissions=permissions, roles=standing.roles)
