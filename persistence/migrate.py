"""Migrations: applied by ``biore migrate`` and at the start of the embedded mode, asked for by readiness."""

import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import String, column, select, table
from sqlalchemy.exc import OperationalError

from persistence.engine.database import Database
from persistence.engine.url import driver_url

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK_TIMEOUT = "5s"
LOCK_NOT_AVAILABLE = "55P03"
# Which revision the schema is at.
REVISION = select(column("version_num", String)).select_from(table("alembic_version"))


class Locked(Exception):
    """A migration waited too long for a table that others use; the revisions before it are done."""


def alembic_config(url: str) -> "Config":
    from alembic.config import Config  # slow to import

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", driver_url(url).replace("%", "%%"))
    return config


def upgrade(url: str, lock_timeout: str = LOCK_TIMEOUT) -> None:
    """Bring the database at a libpq ``url`` to the newest schema; what breaks off can be begun anew.

    Whoever waits for a lock keeps all later calls on that table waiting, so the wait is short. Raises Locked.
    """
    from alembic import command  # slow to import

    config = alembic_config(url)
    config.attributes["lock_timeout"] = lock_timeout
    try:
        command.upgrade(config, "head")
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        remedy = "migrate again to go on from there, or end the long transaction that holds the table first"
        raise Locked(f"a table was in use for longer than {lock_timeout}; {remedy}") from error


def disorder(folder: Path = FOLDER / "versions") -> list[str]:
    """What keeps the revisions of a folder from being one line, each file named by its number."""
    found = [
        (path.name, *map(_told(path.read_text(encoding="utf-8")), ("revision", "down_revision")))
        for path in _files(folder)
    ]
    numbers, parents = defaultdict(list), defaultdict(list)
    for name, number, parent in found:
        numbers[number].append(name)
        parents[parent].append(name)
    faults = [f"{name} has the number {number}" for name, number, _ in found if not name.startswith(f"{number}_")]
    faults += [f"{' and '.join(names)} have one number" for names in numbers.values() if len(names) > 1]
    faults += [f"{' and '.join(names)} both follow {parent}" for parent, names in parents.items() if len(names) > 1]
    return faults + [
        f"{name} follows {parent}, which is nowhere" for name, _, parent in found if parent and parent not in numbers
    ]


def _told(text: str) -> Callable[[str], str]:
    """What a revision says of a name; empty for nothing."""
    return lambda name: next(iter(re.findall(rf'^{name}(?:: [^=]+)? = ["\'](\w+)["\']', text, re.MULTILINE)), "")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.py"))


@cache
def newest() -> str:
    """The newest revision: files are named by theirs, so that nobody who only asks needs Alembic for it."""
    return max(path.name.partition("_")[0] for path in _files(FOLDER / "versions"))


async def is_up_to_date(database: Database) -> bool:
    """Whether the database answers and no migration of this code is pending.

    A newer schema serves as well: each revision works with the release before it, which is how nodes are replaced.
    """
    try:
        async with database.connection(reading=True) as connection:
            version = await connection.scalar(REVISION)
            return version is not None and version >= newest()
    except psycopg.Error:
        return False
