"""Migrations: applied by ``biore migrate`` and at the start of the embedded mode, asked for by readiness."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.url import driver_url

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> "Config":
    from alembic.config import Config  # slow to import

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", driver_url(url).replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Bring the database at a libpq ``url`` to the newest schema."""
    from alembic import command  # slow to import

    command.upgrade(alembic_config(url), "head")


@cache
def newest() -> str:
    """The newest revision: files are named by theirs, so that nobody who only asks needs Alembic for it."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database answers and no migration is pending."""
    try:
        async with engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return bool(version == newest())
    except SQLAlchemyError:
        return False
