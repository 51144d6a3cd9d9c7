"""Accounts in bulk: rows written by the database itself, and access tokens for their sessions."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import psycopg

from domain.clock import utc_now
from runtime.compose import Parts, build_parts
from runtime.settings import Settings
from services.signing_keys import SigningKeys
from services.tokens import Tokens
from tests.processes.biore import SECRET

USERS = """
INSERT INTO users (id, email, username, display_name, email_verified, locale, referral_code)
SELECT gen_random_uuid(), 'user' || n || '@example.com', 'user' || n, 'User ' || n, true, 'en', 'R' || n
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
SESSIONS = """
INSERT INTO sessions (id, user_id, last_active_at, expires_at, user_agent, ip)
SELECT gen_random_uuid(), id, now(), now() + interval '30 days', 'benchmark', '127.0.0.1'
FROM users WHERE NOT EXISTS (SELECT FROM sessions WHERE user_id = users.id)
"""
OF_THEM = """
SELECT user_id, sessions.id FROM unnest(%s::uuid[]) WITH ORDINALITY AS them (user_id, n) JOIN sessions USING (user_id)
WHERE revoked_at IS NULL ORDER BY n
"""
SOME = "SELECT user_id, id FROM sessions WHERE revoked_at IS NULL ORDER BY id LIMIT %s"  # ids are random


def settle(database_url: str, count: int) -> None:
    """As many verified accounts without a password as are missing for ``count``, each with an open session."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        present = connection.execute("SELECT count(*) FROM users").fetchone()
        connection.execute(USERS, {"first": (present[0] if present else 0) + 1, "last": count})
        connection.execute(SESSIONS)
        connection.execute("VACUUM ANALYZE users")
        connection.execute("VACUUM ANALYZE sessions")


def access_tokens(database_url: str, count: int) -> list[str]:
    """Of so many different sessions, good for 15 minutes."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(SOME, [count]).fetchall()
    assert len(found) == count, f"there are only {len(found)} sessions"
    return _minted(database_url, found)


def tokens_of(database_url: str, users: Sequence[UUID]) -> list[str]:
    """Of the session of each of these accounts, good for 15 minutes."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(OF_THEM, [list(users)]).fetchall()
    assert len(found) == len(users), f"{len(users)} accounts have {len(found)} sessions"
    return _minted(database_url, found)


def _minted(database_url: str, sessions: Sequence[tuple[UUID, UUID]]) -> list[str]:
    """``sessions``: whose they are, and their ids."""

    async def mint() -> list[str]:
        parts = build_parts(Settings(secret_key=SECRET), database_url)
        try:
            tokens = await _tokens(parts)
            return [str(tokens.access(user_id, session_id)["accessToken"]) for user_id, session_id in sessions]
        finally:
            await parts.close()

    return asyncio.run(mint())


async def _tokens(parts: Parts) -> Tokens:
    keys = SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
    await keys.refresh()
    return Tokens(parts.keyring, keys, parts.config, utc_now)


def configure(database_url: str, **values: object) -> None:
    """Store config values before a server starts; ``.`` is written ``__`` in their names."""

    async def store() -> None:
        parts = build_parts(Settings(secret_key=SECRET), database_url)
        try:
            for name, value in values.items():
                await parts.config.set(name.replace("__", "."), value)
        finally:
            await parts.close()

    asyncio.run(store())
