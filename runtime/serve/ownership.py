"""Whether the staff has an owner yet. Without one, nobody can run the platform over HTTP."""

import asyncio

import psycopg

from persistence.admin.staff import Staff
from persistence.engine.connection import Connection
from persistence.engine.pool import Pool
from persistence.engine.url import libpq_url

CONNECT_SECONDS = 3


def has_no_owner(url: str) -> bool:
    """False where the database does not tell: what is wrong with it is told by whoever serves from it."""
    try:
        return asyncio.run(_has_no_owner(url))
    except psycopg.Error:
        return False


async def _has_no_owner(url: str) -> bool:
    pool = Pool(libpq_url(url), {"connect_timeout": CONNECT_SECONDS}, 1)
    try:
        async with Connection(pool, reading=True) as connection:
            return not await Staff(connection).owners()
    finally:
        await pool.close()
