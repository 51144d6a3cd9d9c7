"""What a scenario of the test of side effects is."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import httpx

from tests.creators import page_of
from tests.handlers.support import account, change, insert
from tests.harness import Api, Tables, bearer
from tests.staff import member

Act = Callable[[], httpx.Response]
Scenario = Callable[[Api, Tables], Act]
"""Brings about all that comes before, and returns the call that is looked at."""

Conditional = dict[str, list[tuple[Scenario, set[str]]]]
"""operationId -> scenarios, each with what it shows of the effects that are declared with ``when``.

A leading hyphen marks what such a success lacks of the unconditional ones.
"""


def calling(operation_id: str, body: Any = None, **columns: Any) -> Scenario:
    """A signed-in person calls; ``columns`` are of the account."""

    def prepare(api: Api, tables: Tables) -> Act:
        account(api, tables, **columns)
        headers = bearer(api.sign_in())
        return lambda: api.call(operation_id, body, headers=headers)

    return prepare


def as_staff(
    operation_id: str,
    body: Any = None,
    *,
    path: str | None = None,
    prepare: Callable[[Tables], Mapping[str, Any]] | None = None,
    role: str = "OWNER",
    **options: Any,
) -> Scenario:
    """A member of the staff calls, who has a second factor and confirmed it just now.

    ``prepare`` brings about what comes before; what it returns fills the ``path``, such as ``/admin/users/{id}``.
    """

    def before(api: Api, tables: Tables) -> Act:
        caller = member(api.server, role)
        filled = prepare(tables) if prepare is not None else {}
        place = (path or api.policy(operation_id).path).format(**filled)
        headers = caller.headers | options.get("headers", {})
        return lambda: api.call(operation_id, body, path=place, **(options | {"headers": headers}))

    return before


def with_proofs_open(scenario: Scenario) -> Scenario:
    """Whatever a proof may open is open for every account: sign-in, phone code, set-up of a factor, change of the
    address, confirmation."""

    def prepare(api: Api, tables: Tables) -> Act:
        act = scenario(api, tables)
        for row in tables.rows("SELECT id FROM users"):
            insert(tables, "challenges", purpose="login", user_id=row["id"], expires_at="2999-01-01")
        open_email_changes(tables)
        tables.run("UPDATE users SET two_factor_secret = 'sealed' WHERE NOT two_factor_enabled")
        tables.run("UPDATE sessions SET confirmed_at = now()")
        return act

    return prepare


PAGES = {"bio_pages", "creator_search"}
"""What becomes of the page and the card of a creator."""


def of_creators(scenario: Scenario) -> Scenario:
    """Every account has a page, which the search knows as far as it is public."""

    def prepare(api: Api, tables: Tables) -> Act:
        act = scenario(api, tables)
        for number, row in enumerate(tables.rows("SELECT id, username FROM users")):
            page_of(tables, row["id"])
            if row["username"] is None:
                change(tables, "users", row["id"], username=f"creator{number}")
            api.server.on_loop(_tell(api, row["id"]))
        return act

    return prepare


async def _tell(api: Api, user_id: UUID) -> None:
    async with api.server.app.parts.database.unit() as db:
        await db.bio_pages.changed_of(user_id, by_owner=False)


def open_email_changes(tables: Tables) -> None:
    """For every account that has none."""
    without = (
        "SELECT id FROM users WHERE id NOT IN "
        "(SELECT user_id FROM email_changes WHERE used_at IS NULL AND invalidated_at IS NULL)"
    )
    for row in tables.rows(without):
        change = {"new_email": "ada@example.org", "token_hash": row["id"].bytes, "expires_at": "2999-01-01"}
        insert(tables, "email_changes", user_id=row["id"], **change)
