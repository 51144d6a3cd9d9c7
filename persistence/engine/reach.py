"""Whether a database can be used at all, in one line: where it was looked for, and what keeps us from it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import starmap

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError

from persistence.engine.pool import PoolExhausted
from persistence.engine.url import libpq_url

PORT = "5432"
LONGEST = 200
FAILED = re.compile(r"(?:^|: )(?:connection to server .*? failed|connection failed|connection is bad): (.*)")
# Of the server: going down or starting up, too many connections, no such database, not let in; and of the connection.
AWAY = ("08", "57P", "53300", "3D", "28")


class OutOfReach(Exception):
    """The message names host, port and cause in one line; nothing of it is a secret."""


class NotMigrated(Exception):
    """The database answers, and lacks our tables; the message names the remedy."""


def place_of(url: str) -> str:
    """Host and port, or the folder of the socket."""
    known = conninfo_to_dict(libpq_url(url))
    hosts, ports = str(known.get("host") or "").split(","), str(known.get("port") or "").split(",")
    ports *= len(hosts) if len(ports) == 1 else 1
    return " or ".join(starmap(_place, zip(hosts, ports, strict=False)))


def _place(host: str, port: str) -> str:
    if not host or host.startswith("/"):
        return host or "the local socket"
    return f"{f'[{host}]' if ':' in host else host}:{port or PORT}"


def is_away(error: BaseException) -> bool:
    """Whether the server itself cannot be used: not only slow, or without a free connection here."""
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, PoolExhausted):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(AWAY)


def lacks_tables(error: BaseException) -> bool:
    return isinstance(error, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn))


def cause_of(error: BaseException) -> str:
    """What the driver says last, without the places, advice and attempts around it."""
    line = next(iter(str(error).splitlines()), "").strip()
    while (inner := FAILED.search(line)) is not None:
        line = inner[1]
    return line[:LONGEST] or type(error).__name__


@contextmanager
def reaching(url: str, remedy: str) -> Iterator[None]:
    """For what cannot go on without the database; ``remedy`` is told of one out of reach.

    Raises OutOfReach and NotMigrated.
    """
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        own = error.orig if isinstance(error, DBAPIError) else error
        if own is not None and is_away(own):
            raise OutOfReach(f"the database at {place_of(url)} cannot be used: {cause_of(own)}; {remedy}") from error
        if own is not None and lacks_tables(own):
            raise NotMigrated(f"the database at {place_of(url)} is not migrated; run `biore migrate`") from error
        raise
