"""Cases of moderation and the reports in them. A unique index lets one case of a target be open."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from domain.trust.reports import Target, as_id
from persistence.engine.connection import Connection
from persistence.models import CreatorProfile, ModerationCase, ModerationNotice, User
from persistence.models.moderation import IS_OPEN

SHOWN = func.jsonb_build_object(
    "username", User.username, "displayName", User.display_name, "bio", User.bio, "avatarUrl", User.avatar_url
)

MOST_FLAGS = 20


class Cases:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_target(self, kind: str, given: str) -> Target | None:
        """An account by id or username, a bio page by the username of its creator. There are no links yet."""
        if kind == "USER":
            user_id = as_id(given)
            named = User.username == given if user_id is None else User.id == user_id
            return await self._target(kind, select(User.id, User.id.label("user_id"), SHOWN.label("evidence")), named)
        if kind == "BIO":
            page = select(CreatorProfile.id, User.id.label("user_id"), SHOWN.label("evidence"))
            return await self._target(kind, page.join(User, User.id == CreatorProfile.user_id), User.username == given)
        return None

    async def _target(self, kind: str, query: Select[Any, Any, Any], named: Any) -> Target | None:
        row = await self._connection.row(query.where(named, User.status != "DELETED"))
        return None if row is None else Target(kind, row.id, row.user_id, row.evidence)

    async def hold_accounts(self, *user_ids: UUID) -> Collection[UUID]:
        """Those of them that exist, which stay until the transaction ends. They come before the case that is held."""
        there = select(User.id).where(User.id.in_(user_ids), User.status != "DELETED").order_by(User.id)
        return await self._connection.scalars(there.with_for_update(read=True, key_share=True))

    async def join(self, target: Target, origin: str, category: str | None) -> UUID:
        """The open case of the target, be it made now. Nobody decides it before the transaction ends."""
        row = insert(ModerationCase).values(
            target_type=target.type,
            target_id=target.id,
            user_id=target.user_id,
            origin=origin,
            category=category,
            evidence=dict(target.evidence),
        )
        held = row.on_conflict_do_update(
            index_elements=[ModerationCase.target_type, ModerationCase.target_id],
            index_where=IS_OPEN,
            set_={"target_type": row.excluded.target_type},
        )
        return await self._connection.scalar_one(held.returning(ModerationCase.id))

    async def flag(self, user_id: UUID, flags: Sequence[Mapping[str, Any]]) -> None:
        """What rules found in texts that the account just wrote opens its case, or joins the evidence of the open one.

        The account was written to before, so it is held. Of more than ``MOST_FLAGS`` in a case the first are kept.
        """
        target = await self.find_target("USER", str(user_id)) if flags else None
        if target is None:
            return
        case_id = await self.join(target, "RULE", None)
        so_far = func.coalesce(ModerationCase.evidence["flags"], cast([], JSONB))
        more = func.jsonb_build_object("flags", so_far.op("||")(cast(list(flags), JSONB)))
        room = update(ModerationCase).where(ModerationCase.id == case_id, func.jsonb_array_length(so_far) < MOST_FLAGS)
        await self._connection.execute(room.values(evidence=ModerationCase.evidence.op("||")(more)))

    async def add_notice(self, case_id: UUID, **columns: Any) -> UUID | None:
        """None when the reporter has one in the case."""
        row = insert(ModerationNotice).values(case_id=case_id, **columns).on_conflict_do_nothing()
        notice = await self._connection.scalar(row.returning(ModerationNotice.id))
        if notice is not None:
            one_more = update(ModerationCase).where(ModerationCase.id == case_id)
            await self._connection.execute(one_more.values(notices=ModerationCase.notices + 1))
        return notice

    async def notice_from(self, case_id: UUID, email: str) -> UUID:
        """Of somebody without an account, who has one in the case."""
        row = ModerationNotice
        return await self._connection.scalar_one(select(row.id).where(row.case_id == case_id, row.email == email))

    async def find_notice(self, notice_id: UUID) -> Any:
        """What a mail about it needs; None when it is gone."""
        row = ModerationNotice
        told = (row.id, row.user_id, row.email, row.locale, row.created_at)
        of_case = (ModerationCase.target_id, ModerationCase.evidence, ModerationCase.state)
        query = select(*told, *of_case).join(ModerationCase, ModerationCase.id == row.case_id)
        return await self._connection.row(query.where(row.id == notice_id))
