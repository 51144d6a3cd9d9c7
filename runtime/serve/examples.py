"""Example content for a first run of development."""

import asyncio
from functools import partial

from domain.clock import utc_now
from domain.keys import Purpose
from persistence.engine.database import Database
from runtime.settings import Settings
from services import demo
from services.keyring import Keyring


def examples(url: str, settings: Settings) -> list[str]:
    """The areas that have some, after each was given them that never had any."""
    return asyncio.run(_examples(url, settings))


async def _examples(url: str, settings: Settings) -> list[str]:
    keyring = Keyring(settings.secrets)
    database = Database(url, seal=partial(keyring.seal, Purpose.OUTBOX), digests=keyring.digests, pool_size=1)
    try:
        await demo.seed(database, utc_now())
        return await demo.areas(database)
    finally:
        await database.close()
