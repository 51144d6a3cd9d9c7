"""Accounts as staff finds and views them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    not_,
    select,
    union_all,
)

from domain.admin import not_found, require_may_act_on
from domain.admin.users import COUNTED_TO, Account, Event, Filters, Listed, Order, Search
from domain.users import Principal
from persistence.admin.staff import Staff, is_live, live_roles
from persistence.auth import PENDING_DELETION
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import (
    Appeal,
    AuditLog,
    BlockList,
    CreatorProfile,
    ModerationCase,
    Session,
    SocialAccount,
    StaffRole,
    StatementOfReasons,
    Upload,
    User,
    UserNote,
)
from persistence.models.users import SIGNED_IN_AT
from persistence.users import Users

ORDERS: Mapping[Order, Keyset] = {
    "-createdAt": Keyset(User.created_at.desc(), User.id.desc()),
    "createdAt": Keyset(User.created_at, User.id),
    "-lastLoginAt": Keyset(SIGNED_IN_AT.desc(), User.id.desc()),
}

_is_creator = exists().where(CreatorProfile.user_id == User.id)
# Of a few accounts: a plan for the other one would read all profiles.
_profile = select(CreatorProfile.id).where(CreatorProfile.user_id == User.id).scalar_subquery()
_roles = live_roles(User.id, func.now())
LISTED = (
    User.id,
    User.email,
    User.email_verified,
    User.phone,
    User.username,
    User.display_name,
    User.status,
    _profile.is_not(None).label("is_creator"),
    _roles.label("roles"),
    User.two_factor_enabled,
    User.registration_country,
    User.created_at,
    User.last_login_at,
    SIGNED_IN_AT.label("signed_in_at"),
)
VIEWED = "admin.users.viewed"


def _count(model: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()


class AdminUsers:
    def __init__(self, connection: Connection, users: Users, staff: Staff) -> None:
        self._connection = connection
        self._users = users
        self._staff = staff

    async def hold(self, user_id: UUID, principal: Principal) -> User:
        """The account, which nobody else changes until the transaction ends.

        Raises ApiError admin.not_found, and admin.user.is_staff for one that ``principal`` may not act on.
        """
        user = await self._users.find_for_update(user_id)
        if user is None:
            raise not_found("account")
        require_may_act_on(await self._staff.roles_of(user_id), principal)
        return user

    async def page(self, filters: Filters, order: Order, keys: Sequence[Any] | None, rows: int) -> Sequence[Listed]:
        listed = select(*LISTED).where(*_narrowed(filters))
        return [Listed(*row) for row in await self._connection.rows(ORDERS[order].page(listed, keys, rows))]

    async def use_snapshot(self) -> None:
        """From here on all pages are of one moment. Nothing may have been asked before."""
        await self._connection.use_snapshot()

    async def count(self, filters: Filters) -> int:
        """How many accounts ``page`` would find, one more than ``COUNTED_TO`` at most."""
        found = select(literal(1)).select_from(User).where(*_narrowed(filters)).limit(COUNTED_TO + 1).subquery()
        return await self._connection.scalar_one(select(func.count()).select_from(found))

    async def find(self, user_id: UUID, now: datetime, idle: timedelta) -> Account | None:
        """The account with what is told of it. Sessions that were unused for ``idle`` are none."""
        live = (Session.revoked_at.is_(None), Session.expires_at > now, Session.last_active_at > now - idle)
        counts = (
            _count(Session, Session.user_id == User.id, *live),
            _count(SocialAccount, SocialAccount.user_id == User.id),
            _count(Upload, Upload.user_id == User.id, Upload.status == "STORED"),
            _count(Appeal, Appeal.user_id == User.id, Appeal.status == "PENDING"),
            _count(UserNote, UserNote.user_id == User.id),
            _count(BlockList, BlockList.blocked_id == User.id),
        )
        known = (
            select(User, CreatorProfile, _roles, PENDING_DELETION, *counts)
            .outerjoin(CreatorProfile, CreatorProfile.user_id == User.id)
            .where(User.id == user_id)
        )
        row = await self._connection.row(known)
        if row is None:
            return None
        user, creator, roles, deletion_due_at, *counted = row
        return Account(user, creator, roles, deletion_due_at, tuple(counted))

    async def events(self, user_id: UUID, most: int) -> Sequence[Event]:
        """What the account did, and what was done to it, the newest first; that staff viewed it is left out."""
        row, name = AuditLog, str(user_id)
        told = (row.id, row.action, row.result, row.actor_id, row.created_at)
        about = select(*told).where(row.target_id == name, row.action != VIEWED)
        by = select(*told).where(row.actor_id == user_id, row.target_id.is_distinct_from(name), row.action != VIEWED)
        both = union_all(*(select(_newest(part, most).subquery()) for part in (about, by))).subquery()
        newest = select(both).order_by(both.c.created_at.desc(), both.c.id.desc()).limit(most)
        return [Event(*event) for event in await self._connection.rows(newest)]

    async def open_cases(self, user_id: UUID, most: int) -> Sequence[ModerationCase]:
        """The newest first."""
        row = ModerationCase
        undecided = select(row).where(row.user_id == user_id, row.state.in_(("OPEN", "CLAIMED")))
        return await self._connection.scalars(undecided.order_by(row.created_at.desc(), row.id.desc()).limit(most))

    async def restrictions(self, user_id: UUID, most: int) -> Sequence[StatementOfReasons]:
        """Those in force, the newest first."""
        live = select(StatementOfReasons).where(
            StatementOfReasons.user_id == user_id, StatementOfReasons.lifted_at.is_(None)
        )
        newest = live.order_by(StatementOfReasons.created_at.desc(), StatementOfReasons.id.desc())
        return await self._connection.scalars(newest.limit(most))

    async def last_ip(self, user_id: UUID) -> str | None:
        """From where the account was last signed in to, as far as its sessions are kept."""
        latest = select(Session.ip).where(Session.user_id == user_id)
        return await self._connection.scalar(latest.order_by(Session.created_at.desc(), Session.id).limit(1))


def _newest(statement: Select[*tuple[Any, ...]], most: int) -> Select[*tuple[Any, ...]]:
    return statement.order_by(AuditLog.created_at.desc(), AuditLog.id.desc()).limit(most)


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    """The same for the page and for the count."""
    return [*_of_columns(filters), *_of_role(filters.role), *([matches(filters.search)] if filters.search else ())]


def _of_columns(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.status is not None:
        # In the text, so that every plan can use an index of accounts that are not active.
        conditions.append(User.status == literal(filters.status, literal_execute=True))
    if filters.country is not None:
        conditions.append(User.registration_country == filters.country)
    if filters.two_factor is not None:
        protected: ColumnElement[bool] = User.two_factor_enabled.expression
        conditions.append(protected if filters.two_factor else not_(protected))
    if filters.created_from is not None:
        conditions.append(User.created_at >= filters.created_from)
    if filters.created_to is not None:
        conditions.append(User.created_at < filters.created_to)
    return conditions


def _of_role(role: str | None) -> list[ColumnElement[bool]]:
    if role is None:
        return []
    return [_is_creator if role == "creator" else exists().where(StaffRole.user_id == User.id, is_live(func.now()))]


def matches(search: Search) -> ColumnElement[bool]:
    """Of the columns of accounts."""
    if search.kind == "username":
        # Compared by bytes, as the index of beginnings is, whatever the collation of the database.
        first, beyond = search.value, search.value[:-1] + chr(ord(search.value[-1]) + 1)
        return and_(User.username.op("~>=~")(first), User.username.op("~<~")(beyond))
    columns: Mapping[str, Any] = {"id": User.id, "email": User.email, "phone": User.phone}
    matched: ColumnElement[bool] = columns[search.kind] == search.value
    return matched
