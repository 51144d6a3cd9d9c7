"""Restrictions as a test needs them: made by the code, or a row as it is told."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from domain.admin.statements import new_statement
from persistence.repositories import Repositories
from tests.handlers.support import change, insert
from tests.harness import Server, Tables

T = TypeVar("T")

TOLD = {
    "facts": "Three messages advertise a lottery that does not exist.",
    "ground": "TERMS",
    "reference": "Terms of use, section 4.2",
    "explanation": "A lottery that pays nothing deceives whoever joins it.",
}
DECIDER = UUID("0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40")


def use(server: Server, work: Callable[[Repositories], Awaitable[T]]) -> T:
    async def run() -> T:
        async with server.app.parts.database.unit() as db:
            return await work(db)

    return server.on_loop(run())


def decided(kind: str, user_id: UUID, **more: Any) -> dict[str, Any]:
    told = TOLD | more.pop("told", {})
    return new_statement(kind, told, user_id=user_id, by=DECIDER, now=datetime.now(UTC), **more)


def restrict(server: Server, kind: str, user_id: UUID, takes: Any = None, **more: Any) -> Any:
    return use(server, lambda db: db.statements.restrict(decided(kind, user_id, **more), takes))


def lift(server: Server, statement_id: UUID) -> Any:
    return use(server, lambda db: db.statements.lift(statement_id, DECIDER, datetime.now(UTC)))


def restriction(tables: Tables, user_id: UUID, **columns: Any) -> UUID:
    """The row of a statement, as it is told; its effect is not brought about."""
    row = {"type": "ACCOUNT_BANNED", "target_type": "USER", "source": "NOTICE", "starts_at": datetime.now(UTC)}
    return insert(tables, "statements_of_reasons", user_id=user_id, **(TOLD | row | columns))


def excluded(tables: Tables, user_id: UUID, until: datetime | None = None) -> UUID:
    """An account that is suspended, as the code leaves it; the id of the statement."""
    ends = {"before": {"status": "ACTIVE"}, "after": {"status": "SUSPENDED"}, "ends_at": until}
    statement = restriction(tables, user_id, type="ACCOUNT_SUSPENDED", **ends)
    insert(tables, "bans", user_id=user_id, statement_id=statement, status="SUSPENDED", until=until)
    change(tables, "users", user_id, status="SUSPENDED")
    return statement
