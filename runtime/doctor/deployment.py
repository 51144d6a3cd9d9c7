"""What the checks look at: the settings, and of the database what it says at once."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import psycopg

from contract.loader import Contract
from domain.clock import utc_now
from persistence import health
from persistence.engine.url import is_readable, utf8_url
from persistence.health import Vitals
from runtime.compose import Parts, build_parts
from runtime.serve import embedded
from runtime.settings import PREFIX, Settings

PATIENCE = 5.0
NOWHERE = "postgresql:///"
LONGEST = 200


@dataclass(slots=True)
class Deployment:
    """``outage`` says why the database cannot be asked; ``vitals`` are there when it can.

    ``secrets`` are those that there are. Where there is none, the keyring of ``parts`` has one that opens nothing:
    a doctor must not make the secret that a server would.
    """

    settings: Settings
    secrets: tuple[str, ...]
    parts: Parts
    clock: Callable[[], datetime] = utc_now
    seconds: float = PATIENCE
    outage: str = ""
    vitals: Vitals | None = None
    revision: str | None = None
    abilities: set[str] = field(default_factory=set)

    async def ask_database(self) -> None:
        """Learn what further checks stand on: whether it answers, its schema, and what an admin stored."""
        database = self.parts.database
        try:
            async with asyncio.timeout(self.seconds):
                self.vitals = await health.vitals(database)
                self.revision = await health.revision(database)
                self.abilities.add("database")
                if self.revision is not None:
                    await self.parts.config.refresh()
                    self.abilities.add("config")
        except TimeoutError:
            self.outage = f"no answer within {self.seconds:g} s"
        except (psycopg.Error, OSError, ValueError) as error:
            self.outage = _words(error)


@asynccontextmanager
async def opened(
    settings: Settings,
    known: tuple[str, ...],
    contract: Contract,
    clock: Callable[[], datetime],
    seconds: float,
) -> AsyncIterator[Deployment]:
    url = settings.database_url or embedded.recorded_url(settings.data_dir)
    sealed = settings if known else replace(settings, secret_key=secrets.token_urlsafe(32))
    outage = "" if url else "there is none"
    if url and not is_readable(url):
        url, outage = None, f"{PREFIX}DATABASE_URL is no URL"
    # In a database of encoding SQL_ASCII the driver would give bytes, on which everything else would break.
    parts = build_parts(sealed, utf8_url(url) if url else NOWHERE, contract=contract)
    deployment = Deployment(settings, known, parts, clock, seconds, outage)
    try:
        if not outage:
            await deployment.ask_database()
        yield deployment
    finally:
        await parts.close()


def _words(error: BaseException) -> str:
    """The driver's own words, in one line."""
    return " ".join(str(error).split())[:LONGEST] or type(error).__name__
