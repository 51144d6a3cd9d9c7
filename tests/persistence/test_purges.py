from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.handlers.support import insert
from tests.harness import Server, Tables

WEEK_AGO = datetime.now(UTC) - timedelta(days=7)


def test_only_accounts_that_stayed_unverified_are_forgotten(server: Server, tables: Tables) -> None:
    long_ago = WEEK_AGO - timedelta(minutes=1)
    stale = insert(tables, "users", email="stale@example.com", created_at=long_ago)
    insert(tables, "consent_records", user_id=stale, kind="terms", granted=True, version="1.0")
    insert(tables, "users", email="proven@example.com", created_at=long_ago, email_verified=True)
    insert(tables, "users", email="erased@example.com", created_at=long_ago, status="DELETED")
    insert(tables, "users", email="fresh@example.com")

    async def purge() -> None:
        async with server.app.parts.database.unit() as db:
            await db.users.purge_unverified(WEEK_AGO)

    server.on_loop(purge())
    left = {row["email"] for row in tables.rows("SELECT email FROM users")}
    assert left == {"proven@example.com", "erased@example.com", "fresh@example.com"}
    assert tables.count("consent_records") == 0


def test_accounts_that_the_books_refer_to_stay(server: Server, tables: Tables) -> None:
    long_ago = WEEK_AGO - timedelta(minutes=1)
    fan = insert(tables, "users", email="fan@example.com", email_verified=True)
    owed = insert(tables, "users", email="owed@example.com", created_at=long_ago)
    connected = insert(tables, "users", email="connected@example.com", created_at=long_ago)
    insert(tables, "users", email="stale@example.com", created_at=long_ago)
    insert(tables, "payout_accounts", user_id=connected, provider="sandbox", closed_at=long_ago)
    price = {"price": 500, "promo": 0, "paid": 500, "coupon": 0, "currency": "USD", "commission_bps": 0}
    insert(tables, "escrows", message_id=uuid4(), fan_id=fan, creator_user_id=owed, deadline=datetime.now(UTC), **price)
    server.let_time_come("housekeeping.forget_unverified")
    left = {row["email"] for row in tables.rows("SELECT email FROM users")}
    assert left == {"fan@example.com", "owed@example.com", "connected@example.com"}


@pytest.mark.parametrize("table", ["email_verifications", "email_changes", "password_resets", "reactivation_tokens"])
def test_links_are_forgotten_a_week_after_their_end(server: Server, tables: Tables, table: str) -> None:
    further = {"new_email": "new@example.com"} if table == "email_changes" else {}
    for name, end in (("old", WEEK_AGO - timedelta(minutes=1)), ("recent", WEEK_AGO + timedelta(hours=1))):
        user_id = insert(tables, "users", email=f"{name}@example.com", email_verified=True)
        insert(tables, table, user_id=user_id, token_hash=name.encode(), expires_at=end, **further)
    server.let_time_come("housekeeping.forget_sessions")
    assert [bytes(row["token_hash"]) for row in tables.rows(f"SELECT token_hash FROM {table}")] == [b"recent"]  # noqa: S608


def test_what_was_before_a_change_is_forgotten_when_it_cannot_be_undone_any_more(
    server: Server, tables: Tables
) -> None:
    now = datetime.now(UTC)
    for name, end in (("old", now - timedelta(seconds=1)), ("recent", now + timedelta(hours=1))):
        user_id = insert(tables, "users", email=f"{name}@example.com", email_verified=True)
        row = {"kind": "phone_changed", "former": "sealed", "token_hash": name.encode(), "expires_at": end}
        insert(tables, "credential_changes", user_id=user_id, **row)
    server.let_time_come("housekeeping.forget_ended")
    left = tables.rows("SELECT token_hash FROM credential_changes")
    assert [bytes(row["token_hash"]) for row in left] == [b"recent"]


def test_sessions_are_forgotten_a_week_after_they_ended_however_that_was(server: Server, tables: Tables) -> None:
    now = datetime.now(UTC)
    live = {"last_active_at": now, "expires_at": now + timedelta(days=90)}
    long_ago, lately = WEEK_AGO - timedelta(minutes=1), WEEK_AGO + timedelta(hours=1)
    idle = timedelta(days=30)
    for end in (long_ago, lately):
        insert(tables, "sessions", user_id=uuid4(), user_agent="old", **live | {"expires_at": end})
        insert(tables, "sessions", user_id=uuid4(), user_agent="revoked", revoked_at=end, **live)
        insert(tables, "sessions", user_id=uuid4(), user_agent="idle", **live | {"last_active_at": end - idle})
    insert(tables, "sessions", user_id=uuid4(), user_agent="live", **live)
    server.let_time_come("housekeeping.forget_sessions")
    left = [row["user_agent"] for row in tables.rows("SELECT user_agent FROM sessions ORDER BY user_agent")]
    assert left == ["idle", "live", "old", "revoked"]
