"""Whose live session an access token names: the one question of every signed-in call."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, cast, select
from sqlalchemy.types import String

from domain.users import Identity
from persistence.engine.batching import Batched
from persistence.engine.pool import Fetch
from persistence.engine.statements import DIALECT
from persistence.models import CreatorProfile, Session, User
from persistence.users import IDENTITY

MOST_AT_ONCE = 16  # of many more, PostgreSQL would rather read all of a small table
ROUND_TRIPS = 2

Asked = tuple[UUID, UUID]
"""Session and user."""


class Found(NamedTuple):
    """``live``: whether it is a live session of the user. No ``user`` when the account is gone.

    ``confirmed_at``: when its bearer last proved who they are. ``creator_id``: of the account's creator profile.
    """

    live: bool
    user: Identity | None
    confirmed_at: datetime | None
    creator_id: UUID | None = None


NONE = Found(live=False, user=None, confirmed_at=None)


def _live_sessions() -> str:
    """The statement is SQLAlchemy's, written out once. ``ids`` is the text of an array, cheaper than UUIDs."""
    ids = cast(bindparam("ids", type_=String), ARRAY(Uuid))
    statement = (
        select(Session.id, Session.user_id, Session.confirmed_at, CreatorProfile.id, *IDENTITY)
        .outerjoin(User, User.id == Session.user_id)
        .outerjoin(CreatorProfile, CreatorProfile.user_id == Session.user_id)
        .where(Session.id == any_(ids), Session.revoked_at.is_(None), Session.expires_at > bindparam("now"))
    )
    return str(statement.compile(dialect=DIALECT))


class LiveSessions:
    """``fetch`` is that of a ``Pool``. Calls that wait at the same time are answered by one query."""

    QUERY = _live_sessions()

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._batched = Batched(self._find_all, most=MOST_AT_ONCE, at_once=ROUND_TRIPS)

    async def find(self, session_id: UUID, user_id: UUID) -> Found:
        return await self._batched.ask((session_id, user_id))

    async def _find_all(self, asked: Sequence[Asked]) -> Sequence[Found]:
        ids = ",".join([session_id.hex for session_id, _ in asked])
        rows = await self._fetch(self.QUERY, {"ids": f"{{{ids}}}", "now": self._clock()})
        found = {
            (session_id, user_id): Found(True, _identity(identity), confirmed_at, creator_id)
            for session_id, user_id, confirmed_at, creator_id, *identity in rows
        }
        return [found.get(pair, NONE) for pair in asked]


def _identity(columns: list[object]) -> Identity | None:
    return Identity(*columns) if columns[0] else None  # type: ignore[arg-type]
