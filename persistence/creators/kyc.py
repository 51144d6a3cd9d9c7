"""Verifications of identity. Whoever changes one holds the creator's profile, which shows the newest."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)

from domain.creators.kyc import ATTEMPTS_WITHIN, LOOK_AGAIN, REMINDED
from persistence.engine.connection import Connection
from persistence.engine.due import once
from persistence.engine.statements import insertion
from persistence.models import CreatorProfile, KycSession

Row = KycSession
TIME = DateTime(timezone=True)
NOW = bindparam("now", type_=TIME)
PROFILE = select(CreatorProfile).where(CreatorProfile.id == bindparam("creator_id"))
PROFILE_HELD = (
    select(CreatorProfile).where(CreatorProfile.user_id == bindparam("user_id")).with_for_update(key_share=True)
)
NEWEST = select(Row).where(Row.user_id == bindparam("user_id")).order_by(Row.created_at.desc(), Row.id.desc()).limit(1)
ATTEMPTS = select(func.count().label("count"), func.min(Row.created_at).label("oldest")).where(
    Row.user_id == bindparam("user_id"), Row.created_at > bindparam("since", type_=TIME)
)
BY_REF = select(Row).where(Row.provider == bindparam("provider"), Row.ref == bindparam("ref"))
# Written out where an index has them: a plan for any state could not use it.
STARTED: ColumnElement[str] = literal_column("'STARTED'")
APPROVED: ColumnElement[str] = literal_column("'APPROVED'")
REOPENED = update(Row).where(Row.id == bindparam("session")).values(provider=bindparam("by")).returning(Row)
BOUND = (
    update(Row)
    .where(Row.id == bindparam("session"), Row.state == STARTED, Row.provider == bindparam("by"))
    .values(ref=bindparam("ref_"), link=bindparam("link_"), state="OPEN", looked_at=NOW)
    .returning(Row)
)
TWIN = select(
    select(Row.id)
    .where(
        Row.identity_hash == any_(bindparam("hashes", type_=ARRAY(Text))),
        Row.user_id != bindparam("user_id"),
        Row.state == APPROVED,
    )
    .exists()
)
# One that somebody holds is left as it is: its own verdict writes the hash anew.
_OF_DOCUMENT = (
    select(Row.id)
    .where(Row.identity_hash == any_(bindparam("former", type_=ARRAY(Text))))
    .with_for_update(skip_locked=True, key_share=True)
)
REHASHED = update(Row).where(Row.id.in_(once(_OF_DOCUMENT))).values(identity_hash=bindparam("current", type_=Text))
_STALE = (
    select(Row.id)
    .where(
        Row.state.in_([literal_column("'OPEN'"), literal_column("'PROCESSING'")]),
        Row.looked_at <= bindparam("before", type_=TIME),
    )
    .order_by(Row.looked_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
# Whoever takes one is the only one who looks at it for an hour: what it finds is newer than this.
TAKEN = update(Row).where(Row.id.in_(once(_STALE))).values(looked_at=NOW).returning(Row)
_WITHIN = {days: bindparam(f"within_{days}", type_=TIME) for days in REMINDED}
ENDING = (
    select(Row.id, Row.user_id)
    .where(
        Row.state == APPROVED,
        Row.valid_until <= _WITHIN[max(REMINDED)],
        or_(
            Row.valid_until <= NOW,
            Row.reminded.is_(None),
            *(and_(Row.reminded > days, Row.valid_until <= within) for days, within in _WITHIN.items()),
        ),
    )
    .order_by(Row.valid_until)
    .limit(bindparam("most", type_=Integer))
)


class Attempts(NamedTuple):
    number: int
    oldest: datetime | None


class KycSessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def profile(self, creator_id: UUID) -> CreatorProfile | None:
        return await self._connection.scalar(PROFILE, creator_id=creator_id)

    async def hold_profile(self, user_id: UUID) -> CreatorProfile | None:
        """Nobody else changes the profile or its verifications until the transaction ends."""
        return await self._connection.scalar(PROFILE_HELD, user_id=user_id)

    async def newest(self, user_id: UUID) -> KycSession | None:
        return await self._connection.scalar(NEWEST, user_id=user_id)

    async def attempts(self, user_id: UUID, now: datetime) -> Attempts:
        """Of the last day, and when the first of them was."""
        return Attempts(*await self._connection.one(ATTEMPTS, user_id=user_id, since=now - ATTEMPTS_WITHIN))

    async def begin(self, user_id: UUID, provider: str, now: datetime) -> KycSession:
        """A try that the provider does not know yet. The profile is held."""
        row = {"user_id": user_id, "provider": provider, "created_at": now}
        session: KycSession = await self._connection.scalar_one(insertion(Row, *row).returning(Row), **row)
        return session

    async def move(self, session_id: UUID, provider: str) -> KycSession:
        """One that no provider knows, to the one that is active by now."""
        session: KycSession = await self._connection.scalar_one(REOPENED, session=session_id, by=provider)
        return session

    async def bind(
        self, session_id: UUID, provider: str, ref: str, link: bytes | None, now: datetime
    ) -> KycSession | None:
        """None where it was bound or moved meanwhile: of several calls at once one is the first."""
        return await self._connection.scalar(BOUND, session=session_id, by=provider, ref_=ref, link_=link, now=now)

    async def find(self, provider: str, ref: str) -> KycSession | None:
        return await self._connection.scalar(BY_REF, provider=provider, ref=ref)

    async def get(self, session_id: UUID) -> KycSession | None:
        return await self._connection.scalar(select(Row).where(Row.id == session_id))

    async def change(self, session_id: UUID, columns: Mapping[str, Any]) -> None:
        await self._connection.execute(update(Row).where(Row.id == session_id).values(**columns))

    async def has_twin(self, user_id: UUID, hashes: Sequence[str]) -> bool:
        """Whether the document is that of another account, too."""
        return await self._connection.scalar_one(TWIN, user_id=user_id, hashes=list(hashes))

    async def rehash(self, current: str, former: Sequence[str]) -> None:
        """The document, whosever it is, is known by its hash under the current secret from now on."""
        if former:
            await self._connection.execute(REHASHED, current=current, former=list(former))

    async def take_stale(self, now: datetime, most: int) -> Sequence[KycSession]:
        """Those under way that nobody looked at for an hour."""
        return await self._connection.scalars(TAKEN, before=now - LOOK_AGAIN, now=now, most=most)

    async def ending(self, now: datetime, most: int) -> Sequence[Any]:
        """Ids and owners of what has ended, or is to be reminded of."""
        within = {f"within_{days}": now + timedelta(days=days) for days in REMINDED}
        return await self._connection.rows(ENDING, now=now, most=most, **within)
