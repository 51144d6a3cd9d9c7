"""Appeals, of which an account has one open at most."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Appeal, StaffRole, User
from persistence.models.appeals import IS_OPEN
from persistence.users import hold

OLDEST = Keyset(Appeal.created_at, Appeal.id)


class Appeals:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, appeal_id: UUID) -> Appeal | None:
        return await self._connection.scalar(select(Appeal).where(Appeal.id == appeal_id))

    async def find_held(self, appeal_id: UUID) -> Appeal | None:
        """The appeal, whose account nobody else changes until the transaction ends: it is held before what hangs on it,
        as by whoever appeals."""
        appeal = await self.find(appeal_id)
        if appeal is None:
            return None
        await hold(self._connection, appeal.user_id)
        return await self.find(appeal_id)

    async def add(self, user_id: UUID, columns: dict[str, Any]) -> Appeal | None:
        """None when another one is open; the partial unique index decides."""
        row = insert(Appeal).values(user_id=user_id, **columns)
        added = row.on_conflict_do_nothing(index_elements=[Appeal.user_id], index_where=IS_OPEN)
        return await self._connection.scalar(added.returning(Appeal))

    async def page(
        self, keys: Sequence[Any] | None, rows: int, *, status: str | None = None, kind: str | None = None
    ) -> Sequence[Appeal]:
        """The oldest first."""
        equal = {Appeal.status: status, Appeal.type: kind}
        found = select(Appeal).where(*(column == value for column, value in equal.items() if value is not None))
        return await self._connection.scalars(OLDEST.page(found, keys, rows))

    async def earlier(self, appeal: Appeal, limit: int) -> Sequence[Appeal]:
        """Those of the same account from before, the newest first."""
        before = select(Appeal).where(Appeal.user_id == appeal.user_id, Appeal.created_at < appeal.created_at)
        return await self._connection.scalars(before.order_by(Appeal.created_at.desc(), Appeal.id).limit(limit))

    async def claim(self, appeal_id: UUID, by: UUID, roles: Collection[str], now: datetime) -> Appeal | None:
        """Of several callers one gets it; None for the others. ``roles``: who of these reviews one keeps it."""
        left = and_(Appeal.status == "UNDER_REVIEW", Appeal.assignee.not_in(_able(roles)))
        free = update(Appeal).where(Appeal.id == appeal_id, or_(Appeal.status == "PENDING", left))
        claimed = free.values(status="UNDER_REVIEW", assignee=by, claimed_at=now)
        return await self._connection.scalar(claimed.returning(Appeal))

    async def decide(self, appeal_id: UUID, by: UUID, outcome: str, explanation: str, now: datetime) -> Appeal | None:
        """None unless it waits for the decision of ``by``."""
        mine = update(Appeal).where(Appeal.id == appeal_id, Appeal.status == "UNDER_REVIEW", Appeal.assignee == by)
        decided = {"status": "DECIDED", "outcome": outcome, "explanation": explanation}
        return await self._connection.scalar(mine.values(**decided, decided_at=now, decided_by=by).returning(Appeal))

    async def has_other_reviewer(self, roles: Collection[str], but: UUID) -> bool:
        """Whether an active account other than ``but`` has one of the roles."""
        others = _able(roles).where(StaffRole.user_id != but).limit(1)
        return await self._connection.scalar(others) is not None


def _able(roles: Collection[str]) -> Any:
    """Active accounts that have one of the roles now."""
    able = select(StaffRole.user_id).join(User, User.id == StaffRole.user_id)
    able = able.where(StaffRole.role.in_(roles), User.status == "ACTIVE")
    return able.where(or_(StaffRole.expires_at.is_(None), StaffRole.expires_at > func.now()))
