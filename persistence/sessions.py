"""Whose live session an access token names: the one question of every signed-in call."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import registry

from domain.users import Identity
from persistence.leases import Fetch
from persistence.models import Session, User
from persistence.users import IDENTITY


def _live_session() -> str:
    """The statement is SQLAlchemy's, written out once."""
    statement = (
        select(Session.id, *IDENTITY)
        .outerjoin(User, User.id == Session.user_id)
        .where(
            Session.id == bindparam("session_id"),
            Session.user_id == bindparam("user_id"),
            Session.revoked_at.is_(None),
            Session.expires_at > bindparam("now"),
        )
    )
    return str(statement.compile(dialect=registry.load("postgresql.psycopg")()))


class LiveSessions:
    """``fetch`` is that of ``Leases``."""

    QUERY = _live_session()

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def find(self, session_id: UUID, user_id: UUID, now: datetime) -> tuple[bool, Identity | None]:
        """Whether the session lives, and whose it is: no identity when the account is gone."""
        row = await self._fetch(self.QUERY, {"session_id": session_id, "user_id": user_id, "now": now})
        if row is None:
            return False, None
        _, *identity = row
        return True, Identity(*identity) if identity[0] else None
