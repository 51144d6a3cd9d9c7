"""Restrictions with their statements of reasons. What is restricted, and that it is told, commits together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation
from sqlalchemy import insert, select, update

from domain import topics
from domain.admin import not_found
from domain.admin.statements import (
    EXPIRED,
    LIFTED,
    REPLACED,
    SHUT_OUT,
    VISIBILITY_LIMITED,
    VISIBILITY_REMOVED,
)
from domain.auth import one_time_hash
from domain.errors import ApiError, transition_invalid
from persistence.auth import Sessions
from persistence.creators.links import BioLinks
from persistence.creators.pages import BioPages
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Ban, StatementOfReasons, User
from persistence.outbox import Outbox
from persistence.users import Users, hold
from persistence.users.usernames import Usernames

Row = StatementOfReasons
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
WITH_BAN = select(Row, Ban.id).outerjoin(Ban, Ban.statement_id == Row.id)
LINK = "LINK"
CONTENT = (VISIBILITY_REMOVED, VISIBILITY_LIMITED)
# What an appeal is against that names no restriction, by its type.
MEANT = {"ban": tuple(SHUT_OUT), "content_removal": CONTENT}


class Statements:
    def __init__(self, connection: Connection, users: Users, outbox: Outbox) -> None:
        self._connection = connection
        self._users = users
        self._outbox = outbox

    async def add(self, columns: Mapping[str, Any]) -> StatementOfReasons:
        """A statement (``new_statement``) of what the caller restricts in this transaction; it is mailed with it.

        The mail has a link to appeal with, for who is shut out cannot sign in.
        """
        token = uuid4()
        made = insert(Row).values(**columns, appeal_hash=one_time_hash(token)).returning(Row)
        row = await self._connection.scalar_one(made)
        if not row.mass_spam:
            await self._outbox.add(topics.StatementOfReasons(row.user_id, row.id), str(token))
        return row

    async def restrict(
        self, columns: Mapping[str, Any], takes: Mapping[str, Any] | None = None, *, version: int | None = None
    ) -> StatementOfReasons:
        """The restriction itself with its statement.

        By a type that concerns the whole account it is shut out: its status changes, all its sessions end, and a former
        exclusion is replaced. A link is taken from its page, where its owner still has it. Otherwise ``takes`` are
        columns of the account that are set. What was there is kept in ``before``. ``version``: in which the caller has
        read the account.

        Raises ApiError error.user.not_found, admin.user.erased, admin.transition_invalid, precondition.failed, and
        admin.not_found for a link that is gone or taken away already.
        """
        user = await self._users.get_for_update(columns["user_id"])
        if user.status == "DELETED":
            raise ApiError("admin.user.erased")
        status = SHUT_OUT.get(columns["type"])
        if status is not None:
            return await self._shut_out(user, status, columns, version)
        if columns["target_type"] == LINK:
            return await self._take_link(columns)
        taken = dict(takes or {})
        if taken:
            await self._change(user.id, taken, version)
        return await self.add({**columns, "before": {name: getattr(user, name) for name in taken}, "after": taken})

    async def _take_link(self, columns: Mapping[str, Any]) -> StatementOfReasons:
        links, link_id = BioLinks(self._connection), UUID(columns["target_id"])
        creator_id = await links.hold_page_of(link_id)
        made = await self.add(columns)
        if creator_id is None or not await links.take_down(link_id, made.id):
            raise not_found("link")
        await BioPages(self._connection).changed(creator_id, by_owner=False)
        return made

    async def _give_back_link(self, row: StatementOfReasons) -> None:
        """Unless its owner has deleted it by now."""
        links, link_id = BioLinks(self._connection), UUID(row.target_id)
        creator_id = await links.hold_page_of(link_id)
        if creator_id is not None:
            await links.put_up(link_id, row.id)
            await BioPages(self._connection).changed(creator_id, by_owner=False)

    async def _shut_out(
        self, user: User, status: str, columns: Mapping[str, Any], version: int | None
    ) -> StatementOfReasons:
        if user.status == status:
            raise transition_invalid(user.status, status)
        now = columns["starts_at"]
        former = await self._replace(user.id, columns["decided_by"], now)
        await self._change(user.id, {"status": status}, version)
        made = await self.add({**columns, "before": former or {"status": user.status}, "after": {"status": status}})
        ban = {"user_id": user.id, "statement_id": made.id, "status": status, "until": made.ends_at}
        await self._connection.execute(insert(Ban).values(ban | {"created_at": now}))
        await Sessions(self._connection).revoke_all(user.id, now)
        return made

    async def _replace(self, user_id: UUID, by: UUID | None, now: datetime) -> dict[str, Any] | None:
        """End the exclusion that there was; what it would have put back is for its successor to do."""
        ended = update(Ban).where(Ban.user_id == user_id, Ban.ended_at.is_(None)).values(ended_at=now)
        statement_id = await self._connection.scalar(ended.returning(Ban.statement_id))
        if statement_id is None:
            return None
        return (await self._end(statement_id, by, now, REPLACED) or Row(before=None)).before

    async def _change(self, user_id: UUID, columns: Mapping[str, Any], version: int | None) -> None:
        if version is None:
            await self._users.change(user_id, by_owner=False, **columns)
        else:
            await self._users.change_seen(user_id, version, **columns)

    async def find(self, statement_id: UUID) -> StatementOfReasons | None:
        return await self._connection.scalar(select(Row).where(Row.id == statement_id))

    async def find_with_ban(self, statement_id: UUID) -> Any | None:
        """The statement and the id of its ban."""
        return await self._connection.row(WITH_BAN.where(Row.id == statement_id))

    async def page(
        self,
        keys: Sequence[Any] | None,
        rows: int,
        *,
        user_id: UUID | None = None,
        kind: str | None = None,
        ground: str | None = None,
        live: bool | None = None,
    ) -> Sequence[Any]:
        """Statements with the ids of their bans, the newest first."""
        equal = {Row.user_id: user_id, Row.type: kind, Row.ground: ground}
        found = WITH_BAN.where(*(column == value for column, value in equal.items() if value is not None))
        if live is not None:
            found = found.where(Row.lifted_at.is_(None) if live else Row.lifted_at.is_not(None))
        return await self._connection.rows(NEWEST.page(found, keys, rows))

    async def find_of(self, user_id: UUID, statement_id: UUID) -> StatementOfReasons | None:
        """None where it is somebody else's."""
        return await self._connection.scalar(select(Row).where(Row.id == statement_id, Row.user_id == user_id))

    async def find_by_ban(self, user_id: UUID, ban_id: UUID) -> StatementOfReasons | None:
        own = select(Row).join(Ban, Ban.statement_id == Row.id).where(Ban.id == ban_id, Row.user_id == user_id)
        return await self._connection.scalar(own)

    async def find_by_token(self, token: UUID) -> StatementOfReasons | None:
        """The one whose mail had the token; the account stays as it is until the transaction ends."""
        found = select(Row).join(User, User.id == Row.user_id)
        found = found.where(Row.appeal_hash == one_time_hash(token), User.status != "DELETED")
        return await self._connection.scalar(found.with_for_update(of=User, read=True, key_share=True))

    async def latest(self, user_id: UUID, appealed: str) -> StatementOfReasons | None:
        """The newest live restriction that an appeal of the type is against."""
        live = select(Row).where(Row.user_id == user_id, Row.lifted_at.is_(None))
        live = live.where(Row.type.in_(MEANT.get(appealed, ())))
        return await self._connection.scalar(live.order_by(*NEWEST.order_by).limit(1))

    async def of(self, user_id: UUID, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """Those of an account with the ids of their bans, the newest first."""
        return await self.page(keys, rows, user_id=user_id)

    async def lift(
        self, statement_id: UUID, by: UUID | None, now: datetime, ended_as: str = LIFTED
    ) -> StatementOfReasons | None:
        """End a restriction, put back what was there, and mail it; None when it ended before.

        Only what is still as the restriction set it is put back: what was changed since is somebody's later decision.
        """
        owner = await self._connection.scalar(select(Row.user_id).where(Row.id == statement_id))
        if owner is None:
            return None
        await hold(self._connection, owner)
        row = await self._end(statement_id, by, now, ended_as)
        if row is None:
            return None
        ban = update(Ban).where(Ban.statement_id == row.id, Ban.ended_at.is_(None))
        await self._connection.execute(ban.values(ended_at=now))
        await self._put_back(row, now)
        if not row.mass_spam:
            await self._outbox.add(topics.RestrictionEnded(row.user_id, row.id))
        return row

    async def _end(self, statement_id: UUID, by: UUID | None, now: datetime, how: str) -> StatementOfReasons | None:
        live = update(Row).where(Row.id == statement_id, Row.lifted_at.is_(None))
        return await self._connection.scalar(live.values(lifted_at=now, lifted_by=by, ended_as=how).returning(Row))

    async def _put_back(self, row: StatementOfReasons, now: datetime) -> None:
        if row.target_type == LINK and row.type not in SHUT_OUT:
            await self._give_back_link(row)
            return
        user = await self._users.find(row.user_id)
        if user is None:
            return
        as_set = {name for name, value in row.after.items() if getattr(user, name) == value}
        columns = {name: value for name, value in row.before.items() if name in as_set}
        username = columns.pop("username", None)
        if columns:
            await self._users.change(user.id, by_owner=False, **columns)
        if username is not None:
            await self._give_back_name(user, username, now)

    async def _give_back_name(self, user: User, username: str, now: datetime) -> None:
        """Unless somebody else has it by now."""
        try:
            async with self._connection.savepoint():
                await self._users.change(user.id, by_owner=False, username=username)
                await Usernames(self._connection).remember(user.id, user.username, username, now)
        except ApiError as refused:
            if not isinstance(refused.__cause__, UniqueViolation):
                raise

    async def shorten(self, statement_id: UUID, until: datetime) -> StatementOfReasons | None:
        """A restriction ends earlier than it would have; None when it ended, or ends by then anyway."""
        owner = await self._connection.scalar(select(Row.user_id).where(Row.id == statement_id))
        if owner is None:
            return None
        await hold(self._connection, owner)
        longer = update(Row).where(Row.id == statement_id, Row.lifted_at.is_(None))
        longer = longer.where((Row.ends_at.is_(None)) | (Row.ends_at > until))
        row = await self._connection.scalar(longer.values(ends_at=until).returning(Row))
        if row is not None:
            ban = update(Ban).where(Ban.statement_id == row.id, Ban.ended_at.is_(None))
            await self._connection.execute(ban.values(until=until))
        return row

    async def due(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Restrictions whose time has come, the longest due first."""
        due = select(Row.id).where(Row.lifted_at.is_(None), Row.ends_at <= now)
        return await self._connection.scalars(due.order_by(Row.ends_at).limit(limit))

    async def live_of(self, user_id: UUID, kind: str) -> Sequence[UUID]:
        """The restrictions of this type that apply to the account."""
        live = select(Row.id).where(Row.user_id == user_id, Row.type == kind, Row.lifted_at.is_(None))
        return await self._connection.scalars(live.order_by(Row.id))

    async def live_exclusion(self, user_id: UUID) -> Ban | None:
        return await self._connection.scalar(select(Ban).where(Ban.user_id == user_id, Ban.ended_at.is_(None)))

    async def release(self, user: User, now: datetime) -> User:
        """The account as it is now, for a sign-in: one that is shut out until a time that has come is so no more.

        The account must be held.
        """
        if user.status not in SHUT_OUT.values():
            return user
        ban = await self.live_exclusion(user.id)
        if ban is None or ban.until is None or ban.until > now:
            return user
        await self.lift(ban.statement_id, None, now, EXPIRED)
        return await self._users.get(user.id)
