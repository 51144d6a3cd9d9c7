"""Checks of the books: each asks the database for what is wrong, so that right books give no rows."""

from collections.abc import AsyncIterator, Mapping

from sqlalchemy import Text, column, func, select, text
from sqlalchemy.sql.selectable import TextualSelect

from domain.money.books import Finding
from persistence.engine.connection import Connection

BATCH = 1000


def check(query: str) -> TextualSelect:
    """``query``: rows of what is wrong, what was expected of it, and what was found."""
    return text(query).columns(column("what", Text), column("expected", Text), column("found", Text))


async def findings_of(connection: Connection, checks: Mapping[str, TextualSelect]) -> AsyncIterator[Finding]:
    """``checks`` by their names.

    Whether there is anything wrong is asked first: without a cursor, several processes of the database may read.
    """
    for name, query in checks.items():
        if not await connection.scalar_one(select(func.count()).select_from(query.subquery())):
            continue
        async for rows in connection.batches(query, BATCH):
            for what, expected, found in rows:
                yield Finding(name, what, expected, found)
