"""Members of the staff in the state that a test needs: with a second factor, passed and confirmed just now."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pyotp

from domain.auth.two_factor import SECRET_BYTES
from domain.keys import Purpose
from tests.handlers.support import insert, usual_hash
from tests.harness import Server, bearer

FACTOR: dict[str, Any] = {"two_factor_enabled": True, "two_factor_secret": "sealed"}


SECRET = pyotp.random_base32(SECRET_BYTES * 8 // 5)


class Hired(NamedTuple):
    """``headers`` are those of the member's calls."""

    id: UUID
    session_id: UUID
    headers: dict[str, str]
    email: str


def member(server: Server, *roles: str, session: dict[str, Any] | None = None, **columns: Any) -> Hired:
    """An account with these roles; ``columns`` are of its row, ``session`` of that of its session."""
    now = datetime.now(UTC)
    row: dict[str, Any] = {"email": f"{uuid4().hex}@staff.example", "email_verified": True, "locale": "en"}
    sealed = server.app.parts.keyring.seal(Purpose.TOTP, SECRET)
    factor = FACTOR | {"two_factor_secret": sealed, "two_factor_enabled_at": now}
    row |= {"password_hash": usual_hash(server)} | factor | columns
    user_id = insert(server.tables, "users", **row)
    lives: dict[str, Any] = {"last_active_at": now, "expires_at": now + timedelta(days=1)}
    lives |= {"confirmed_at": now, "second_factor_at": now, "admin_seen_at": now} | (session or {})
    session_id = insert(server.tables, "sessions", user_id=user_id, **lives)
    for role in roles:
        grant(server, user_id, role)
    token = server.app.tokens.access(user_id, session_id)["accessToken"]
    return Hired(user_id, session_id, bearer(str(token)), row["email"])


def hired(server: Server, *roles: str, **columns: Any) -> dict[str, str]:
    """The headers of a member's calls."""
    return member(server, *roles, **columns).headers


def code() -> str:
    """What the authenticator of every member shows now; each takes it once."""
    return pyotp.TOTP(SECRET).now()


def grant(server: Server, user_id: UUID, role: str, expires_at: datetime | None = None) -> None:
    query = "INSERT INTO staff_roles (user_id, role, reason, expires_at) VALUES (%s, %s, 'a test', %s)"
    server.tables.run(query, user_id, role, expires_at)
