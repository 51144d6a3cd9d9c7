"""Which account has which role, and what its session has shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ScalarSelect,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.admin import OWNER, Standing
from domain.errors import ApiError
from domain.i18n.translations import Assignment
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Session, StaffRole, User

SEEN_EVERY = timedelta(minutes=1)


def is_live(now: Any) -> ColumnElement[bool]:
    return or_(StaffRole.expires_at.is_(None), StaffRole.expires_at > now)


def live_roles(user_id: Any, now: Any) -> ScalarSelect[Any]:
    """The names of those of an account, sorted."""
    names = func.coalesce(func.array_agg(aggregate_order_by(StaffRole.role, StaffRole.role)), cast([], ARRAY(Text)))
    return select(names).where(StaffRole.user_id == user_id, is_live(now)).scalar_subquery()


STANDING = select(
    live_roles(Session.user_id, bindparam("now")), Session.created_at, Session.second_factor_at, Session.admin_seen_at
).where(Session.id == bindparam("session_id"))
ROLES_OF = select(StaffRole.role).where(StaffRole.user_id == bindparam("user_id"), is_live(func.now()))
ASSIGNMENTS = select(StaffRole.role, StaffRole.locales).where(
    StaffRole.user_id == bindparam("user_id"), is_live(func.now())
)
SEEN = (
    update(Session)
    .where(
        Session.id == bindparam("session_id"),
        or_(Session.admin_seen_at.is_(None), Session.admin_seen_at < bindparam("before")),
    )
    .values(admin_seen_at=bindparam("now"))
)
BY_ID = Keyset(StaffRole.user_id)


class Grant(NamedTuple):
    """A live role of an account."""

    role: str
    expires_at: datetime | None
    created_at: datetime
    granted_by: UUID | None
    locales: Sequence[str] | None


class Member(NamedTuple):
    """An account with at least one live role."""

    id: UUID
    email: str
    status: str
    two_factor_enabled: bool
    last_seen_at: datetime | None
    roles: list[Grant]


class Staff:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def standing(self, session_id: UUID, now: datetime) -> Standing:
        """What the owner of a session is as staff, and what the session has shown."""
        row = await self._connection.row(STANDING, session_id=session_id, now=now)
        if row is None:
            return Standing()
        roles, *shown = row
        return Standing(tuple(roles), *shown)

    async def note_seen(self, session_id: UUID, now: datetime) -> None:
        """Once a minute is as exact as it needs to be."""
        await self._connection.execute(SEEN, session_id=session_id, now=now, before=now - SEEN_EVERY)

    async def roles_of(self, user_id: UUID) -> tuple[str, ...]:
        """The live roles of an account; none for who is no staff."""
        return tuple(sorted(await self._connection.scalars(ROLES_OF, user_id=user_id)))

    async def assignments(self, user_id: UUID) -> list[Assignment]:
        """The live roles of an account, each with the languages that it is for."""
        rows = await self._connection.rows(ASSIGNMENTS, user_id=user_id)
        return [Assignment(role, locales) for role, locales in rows]

    async def add(
        self,
        user_id: UUID,
        role: str,
        reason: str,
        *,
        by: UUID | None,
        expires_at: datetime | None,
        now: datetime,
        locales: Sequence[str] | None = None,
    ) -> bool:
        """False when the account has the role. One that had expired is granted anew."""
        told = {"reason": reason, "granted_by": by, "expires_at": expires_at, "locales": locales}
        added = pg_insert(StaffRole).values(user_id=user_id, role=role, **told)
        anew = {name: added.excluded[name] for name in told}
        added = added.on_conflict_do_update(
            index_elements=[StaffRole.user_id, StaffRole.role],
            set_=anew | {"created_at": func.now()},
            where=StaffRole.expires_at <= now,
        )
        return await self._connection.scalar(added.returning(StaffRole.user_id)) is not None

    async def remove(self, user_id: UUID, role: str) -> bool:
        """False when the account does not have the role."""
        gone = delete(StaffRole).where(StaffRole.user_id == user_id, StaffRole.role == role, is_live(func.now()))
        return await self._connection.scalar(gone.returning(StaffRole.user_id)) is not None

    async def require_other_owner(self, user_id: UUID, refusal: str = "admin.staff.last_owner") -> None:
        """Of an account that is about to lose its role, its status or its life: somebody else stays OWNER.

        To be called in the transaction that does it, after the account was held. Owners whose role expires, or whose
        account is not active, do not count. The rows of all owners are held, in one order, until the transaction ends.
        Who is no owner passes. Raises ApiError ``refusal``.
        """
        held = select(StaffRole.user_id).where(StaffRole.role == OWNER).order_by(StaffRole.user_id).with_for_update()
        if user_id in await self._connection.scalars(held) and not await self._others(user_id):
            raise ApiError(refusal)

    async def _others(self, user_id: UUID) -> bool:
        lasting = and_(StaffRole.role == OWNER, StaffRole.expires_at.is_(None), StaffRole.user_id != user_id)
        able = select(StaffRole.user_id).join(User, User.id == StaffRole.user_id)
        return await self._connection.scalar(able.where(lasting, User.status == "ACTIVE").limit(1)) is not None

    async def owners(self) -> Sequence[UUID]:
        """The active accounts that have the role OWNER now, at most a hundred."""
        live = select(StaffRole.user_id).join(User, User.id == StaffRole.user_id)
        live = live.where(StaffRole.role == OWNER, is_live(func.now()), User.status == "ACTIVE")
        return await self._connection.scalars(live.order_by(StaffRole.user_id).limit(100))

    async def page(
        self, keys: Sequence[Any] | None, rows: int, *, role: str | None = None, email: str | None = None
    ) -> Sequence[Member]:
        """Members by their ids; ``role``: who has it, ``email``: whose whole address it is."""
        ids = select(StaffRole.user_id).where(is_live(func.now())).group_by(StaffRole.user_id)
        if role is not None:
            ids = ids.where(StaffRole.role == role)
        if email is not None:
            ids = ids.where(StaffRole.user_id.in_(select(User.id).where(User.email == email)))
        found = await self._connection.scalars(BY_ID.page(ids, keys, rows))
        return await self._members(found)

    async def _members(self, ids: Sequence[UUID]) -> Sequence[Member]:
        seen = select(func.max(Session.admin_seen_at)).where(Session.user_id == StaffRole.user_id).scalar_subquery()
        wanted = (
            select(User.id, User.email, User.status, User.two_factor_enabled, seen, *_grant)
            .select_from(StaffRole)
            .join(User, User.id == StaffRole.user_id)
            .where(StaffRole.user_id.in_(ids), is_live(func.now()))
            .order_by(StaffRole.user_id, StaffRole.role)
        )
        members: dict[UUID, Member] = {}
        for row in await self._connection.rows(wanted) if ids else ():
            values: Any = tuple(row)
            member = members.setdefault(values[0], Member._make((*values[:5], [])))
            member.roles.append(Grant(*values[5:]))
        return list(members.values())

    async def get(self, user_id: UUID) -> Member | None:
        """None for who has no live role."""
        return next(iter(await self._members([user_id])), None)


_grant = (StaffRole.role, StaffRole.expires_at, StaffRole.created_at, StaffRole.granted_by, StaffRole.locales)
