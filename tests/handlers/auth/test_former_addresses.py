"""An address that an account was moved away from is nobody else's as long as the move can be undone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from domain.auth import one_time_hash
from tests.handlers.auth.test_changes import (
    ADA,
    MALLORY,
    change_address,
    chosen_anew,
    move,
    moved,
    password_of,
    reset,
    undo_token,
    undone,
)
from tests.handlers.auth.test_oauth import login, opened, refused, told
from tests.handlers.support import account, insert, until, waiting_for_locks
from tests.harness import PASSWORD, Api, Server, Tables, bearer
from tests.oidc_server import Platform

EVE = "eve@example.net"
KEPT = (409, "auth.register.email_exists")


def addresses(tables: Tables) -> list[str]:
    return [row["email"] for row in tables.rows("SELECT email FROM users ORDER BY email")]


def run_out(tables: Tables) -> None:
    tables.run("UPDATE credential_changes SET expires_at = now() - interval '1 second'")


class TestKept:
    def test_who_reads_the_mailbox_for_minutes_cannot_end_the_way_back(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        reset(api)
        assert api.call("auth.login", {"email": ADA, "password": "Better-Horse-8"}).status_code == 200
        tables.run("UPDATE users SET password_hash = %s", api.server.on_loop(api.server.app.hasher.hash(PASSWORD)))
        change_address(api, api.sign_in(), MALLORY)
        token = undo_token(api)
        refused(api.register(ADA), *KEPT)
        undone(api, token)
        assert addresses(tables) == [ADA]
        chosen_anew(api)
        assert password_of(api, "Better-Horse-8").status_code == 200

    @pytest.mark.parametrize("claims", [{}, {"hd": "example.com"}, {"email_verified": False}], ids=str)
    def test_the_owner_who_signs_in_through_a_platform_opens_no_other_account(
        self, api: Api, tables: Tables, platform: Platform, claims: dict[str, Any]
    ) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        token = undo_token(api)
        refused(login(api, told(platform, email=ADA, **claims)), 409, "auth.oauth.email_exists")
        undone(api, token)
        assert addresses(tables) == [ADA]

    @pytest.mark.parametrize("shown", [{}, {"password": PASSWORD}], ids=str)
    def test_no_other_account_is_moved_there(self, api: Api, tables: Tables, shown: dict[str, str]) -> None:
        account(api, tables)
        account(api, tables, EVE)
        wished = move_wish(tables, EVE)
        change_address(api, api.sign_in(), MALLORY)
        body = {"newEmail": ADA, "password": PASSWORD}
        refused(api.call("users.emails.change", body, headers=bearer(api.sign_in(EVE))), *KEPT)
        refused(moved(api, wished, **shown), *KEPT)
        undone(api, undo_token(api))
        assert addresses(tables) == [ADA, EVE]

    def test_of_several_moves_each_keeps_its_address(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        change_address(api, api.sign_in(MALLORY), EVE)
        for address in (ADA, MALLORY):
            refused(api.register(address), *KEPT)

    def test_the_account_itself_may_go_back(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        assert moved(api, move(api, api.sign_in(MALLORY))).status_code == 200
        assert addresses(tables) == [ADA]


class TestFree:
    def test_once_the_move_can_no_longer_be_undone(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        run_out(tables)
        change_address(api, api.sign_in(MALLORY), EVE)  # keeps the address before it alone
        assert api.register(ADA).status_code == 201
        refused(api.register(MALLORY), *KEPT)

    def test_what_the_account_is_moved_back_from(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        change_address(api, api.sign_in(), MALLORY)
        undone(api, undo_token(api))
        assert api.register(MALLORY).status_code == 201


def move_wish(tables: Tables, email: str) -> str:
    """The token of a mail to Ada's address, of an account that wanted to have it before anybody moved away."""
    token = uuid4()
    user_id = tables.one("SELECT id FROM users WHERE email = %s", email)["id"]
    life = {"token_hash": one_time_hash(token), "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    insert(tables, "email_changes", user_id=user_id, new_email=ADA, **life)
    return str(token)


@pytest.fixture
def platform(server: Server) -> Iterator[Platform]:
    with opened(server) as platform:
        yield platform


Act = Callable[[], httpx.Response]


def signs_up(api: Api, tables: Tables, platform: Platform) -> Act:
    return lambda: api.register(ADA)


def moves(api: Api, tables: Tables, platform: Platform) -> Act:
    account(api, tables, EVE)
    token = move_wish(tables, EVE)
    return lambda: moved(api, token)


def comes_from_a_platform(api: Api, tables: Tables, platform: Platform) -> Act:
    body = told(platform, email=ADA)
    return lambda: login(api, body)


@pytest.mark.parametrize(
    ("taker", "refusal"), [(signs_up, KEPT), (moves, KEPT), (comes_from_a_platform, (409, "auth.oauth.email_exists"))]
)
def test_who_waited_for_the_address_does_not_get_it(
    api: Api,
    server: Server,
    tables: Tables,
    platform: Platform,
    taker: Callable[[Api, Tables, Platform], Act],
    refusal: tuple[int, str],
) -> None:
    """Nobody had it at their first look; at the second somebody has, and gives it up then, to whom it is kept."""
    owner = account(api, tables, MALLORY)
    take = taker(api, tables, platform)
    undo, soon = b"undo", datetime.now(UTC) + timedelta(hours=1)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as other:
        other.execute("UPDATE users SET email = %s WHERE id = %s", (ADA, owner))
        answer = pool.submit(take)
        until(lambda: waiting_for_locks(tables) == 1)
        other.execute(
            "INSERT INTO email_changes"
            " (id, user_id, token_hash, expires_at, used_at, new_email, former_email, undo_hash)"
            " VALUES (gen_random_uuid(), %s, 'move', %s, now(), %s, %s, %s)",
            (owner, soon, MALLORY, ADA, undo),
        )
        other.execute(
            "INSERT INTO credential_changes (id, user_id, token_hash, expires_at, kind, former)"
            " VALUES (gen_random_uuid(), %s, %s, %s, 'address_changed', '')",
            (owner, undo, soon),
        )
        other.execute("UPDATE users SET email = %s WHERE id = %s", (MALLORY, owner))
        other.commit()
        refused(answer.result(), *refusal)
    assert ADA not in addresses(tables)
