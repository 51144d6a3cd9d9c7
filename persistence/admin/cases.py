"""Cases of moderation and the reports in them. A unique index lets one case of a target be open."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, cast, func, literal_column, not_, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from domain.trust.reports import Target, as_id
from persistence.creators.links import IS_SHOWN
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import AuditLog, BioLink, BioPage, CreatorProfile, ModerationCase, ModerationNotice, User
from persistence.models.moderation import IS_OPEN

SHOWN = func.jsonb_build_object(
    "username", User.username, "displayName", User.display_name, "bio", User.bio, "avatarUrl", User.avatar_url
)
SHOWN_OF_PAGE = func.jsonb_build_object(
    "username", User.username, "displayName", User.display_name, "avatarUrl", User.avatar_url,
    "bio", func.coalesce(func.nullif(BioPage.bio, ""), User.bio),
)  # fmt: skip
SHOWN_OF_LINK = func.jsonb_build_object("username", User.username, "title", BioLink.title, "url", BioLink.url)
OF_PROFILE = BioPage.creator_id == CreatorProfile.id
PAGE_IS_SHOWN = and_(
    BioPage.published, CreatorProfile.creator_status.in_(("ACTIVE", "VACATION")), User.status == "ACTIVE"
)

MOST_FLAGS = MOST_LOOKS = 20
ORDERS = {
    "createdAt": Keyset(ModerationCase.created_at, ModerationCase.id),
    "-createdAt": Keyset(ModerationCase.created_at.desc(), ModerationCase.id.desc()),
    "-notices": Keyset(ModerationCase.notices.desc(), ModerationCase.id.desc()),
}


class Cases:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_target(self, kind: str, given: str) -> Target | None:
        """An account by id or username, a bio page by the username of its creator, a link that is shown by its id."""
        if kind == "USER":
            user_id = as_id(given)
            named = User.username == given if user_id is None else User.id == user_id
            return await self._target(kind, select(User.id, User.id.label("user_id"), SHOWN.label("evidence")), named)
        if kind == "BIO":
            page = select(CreatorProfile.id, User.id.label("user_id"), SHOWN_OF_PAGE.label("evidence"))
            page = page.join(User, User.id == CreatorProfile.user_id).outerjoin(BioPage, OF_PROFILE)
            return await self._target(kind, page, User.username == given)
        if kind == "LINK" and (link_id := as_id(given)) is not None:
            link = select(BioLink.id, User.id.label("user_id"), SHOWN_OF_LINK.label("evidence"))
            link = link.join(BioPage, BioPage.id == BioLink.page_id).join(CreatorProfile, OF_PROFILE)
            link = link.join(User, User.id == CreatorProfile.user_id).where(PAGE_IS_SHOWN, IS_SHOWN)
            return await self._target(kind, link, BioLink.id == link_id)
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

    async def note_look(self, case_id: UUID, target: Target, now: datetime) -> None:
        """What the target looks like, unless it is as it was last seen. ``MOST_LOOKS`` are kept, the first."""
        looks = func.coalesce(ModerationCase.evidence["later"], cast([], JSONB))
        shown = cast(dict(target.evidence), JSONB)
        last = func.coalesce(looks.op("->")(literal_column("-1")), ModerationCase.evidence)
        look = cast([{**target.evidence, "at": now.isoformat()}], JSONB)
        more = func.jsonb_build_object("later", looks.op("||")(look))
        changed = update(ModerationCase).where(ModerationCase.id == case_id, not_(last.bool_op("@>")(shown)))
        changed = changed.where(func.jsonb_array_length(looks) < MOST_LOOKS)
        await self._connection.execute(changed.values(evidence=ModerationCase.evidence.op("||")(more)))

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

    async def page(
        self, sort: str, keys: Sequence[Any] | None, rows: int, *, assignee: str | None = None, **filters: str | None
    ) -> Sequence[ModerationCase]:
        """``assignee``: an id, or ``none``."""
        query = select(ModerationCase)
        for name, value in filters.items():
            if value is not None:
                query = query.where(getattr(ModerationCase, name) == value)
        if assignee is not None:
            of = ModerationCase.assignee_id
            query = query.where(of.is_(None) if assignee == "none" else of == UUID(assignee))
        return await self._connection.scalars(ORDERS[sort].page(query, keys, rows))

    async def find(self, case_id: UUID) -> ModerationCase | None:
        return await self._connection.scalar(select(ModerationCase).where(ModerationCase.id == case_id))

    async def newest_notices(self, case_id: UUID, limit: int) -> Sequence[ModerationNotice]:
        row = ModerationNotice
        newest = select(row).where(row.case_id == case_id).order_by(row.created_at.desc(), row.id.desc())
        return await self._connection.scalars(newest.limit(limit))

    async def first_notice(self, case_id: UUID) -> UUID | None:
        row = ModerationNotice
        first = select(row.id).where(row.case_id == case_id).order_by(row.created_at, row.id).limit(1)
        return await self._connection.scalar(first)

    async def events(self, case_id: UUID, limit: int) -> Sequence[Any]:
        """What staff did with it, the newest first: action, actor_id, reason, created_at."""
        row = AuditLog
        told = select(row.action, row.actor_id, row.reason, row.created_at).where(row.target_id == str(case_id))
        return await self._connection.rows(told.order_by(row.created_at.desc()).limit(limit))

    async def claim(self, case_id: UUID, by: UUID, now: datetime, stale: datetime) -> ModerationCase | None:
        """None for one that is not open, unless it was claimed before ``stale``."""
        row = ModerationCase
        free = or_(row.state == "OPEN", and_(row.state == "CLAIMED", row.claimed_at < stale))
        ours = update(row).where(row.id == case_id, free).values(state="CLAIMED", assignee_id=by, claimed_at=now)
        return await self._connection.scalar(ours.returning(row))

    async def decide(
        self, case_id: UUID, state: str, by: UUID, now: datetime, stale: datetime
    ) -> ModerationCase | None:
        """None for one that somebody else claimed after ``stale``, or that was decided."""
        row = ModerationCase
        ours = and_(row.state == "CLAIMED", or_(row.assignee_id == by, row.claimed_at < stale))
        open_ = update(row).where(row.id == case_id, or_(row.state == "OPEN", ours))
        return await self._connection.scalar(open_.values(state=state, assignee_id=by, decided_at=now).returning(row))

    async def take_untold(self, case_id: UUID, now: datetime, limit: int) -> Sequence[Any]:
        """Reports of which nobody was mailed the decision, marked: id, user_id, email."""
        row = ModerationNotice
        untold = select(row.id).where(row.case_id == case_id, row.told_at.is_(None))
        batch = untold.order_by(row.created_at, row.id).limit(limit).with_for_update()
        marked = update(row).where(row.id.in_(batch)).values(told_at=now)
        return await self._connection.rows(marked.returning(row.id, row.user_id, row.email))

    async def forget_strangers(self, before: datetime) -> None:
        """Of reports that were decided so long ago it is no matter any more who stated which address."""
        row = ModerationNotice
        old = select(ModerationCase.id).where(ModerationCase.id == row.case_id, ModerationCase.decided_at < before)
        named = update(row).where(row.email.is_not(None), old.exists())
        await self._connection.execute(named.values(name=None, email=None))

    async def find_notice(self, notice_id: UUID) -> Any:
        """What a mail about it needs; None when it is gone."""
        row = ModerationNotice
        told = (row.id, row.user_id, row.email, row.locale, row.created_at)
        of_case = (ModerationCase.target_id, ModerationCase.evidence, ModerationCase.state)
        query = select(*told, *of_case).join(ModerationCase, ModerationCase.id == row.case_id)
        return await self._connection.row(query.where(row.id == notice_id))
