"""The version of what staff changes of an account: it is moved by everybody who changes that, and guards staff."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from domain.errors import ApiError
from persistence.users import Users
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bare_database

T = TypeVar("T")


def use(server: Server, work: Callable[[Users], Awaitable[T]]) -> T:
    async def run() -> T:
        database = bare_database(server.database_url)
        try:
            async with database.unit() as db:
                return await work(db.users)
        finally:
            await database.close()

    return asyncio.run(run())


def version(tables: Tables) -> int:
    return int(tables.one("SELECT admin_version FROM users")["admin_version"])


def test_whoever_changes_status_or_username_moves_it(api: Api, server: Server, tables: Tables) -> None:
    ada = account(api, tables)
    seen = version(tables)
    use(server, lambda users: users.change(ada, username="ada.lovelace"))
    use(server, lambda users: users.deactivate(ada))
    use(server, lambda users: users.change_status(ada, "DEACTIVATED", "ACTIVE"))
    assert version(tables) == seen + 3


def test_other_columns_do_not_move_it(api: Api, server: Server, tables: Tables) -> None:
    ada = account(api, tables)
    seen = version(tables)
    use(server, lambda users: users.change(ada, bio="of numbers"))
    assert version(tables) == seen


def test_staff_changes_what_it_has_seen(api: Api, server: Server, tables: Tables) -> None:
    ada = account(api, tables)
    seen = version(tables)
    changed = use(server, lambda users: users.change_seen(ada, seen, username="ada.lovelace"))
    assert (changed.username, changed.admin_version) == ("ada.lovelace", seen + 1)
    with pytest.raises(ApiError) as refused:
        use(server, lambda users: users.change_seen(ada, seen, username="ada.byron"))
    assert (refused.value.code, refused.value.variables) == ("precondition.failed", {"version": seen + 1})
    assert tables.one("SELECT username FROM users")["username"] == "ada.lovelace"
