"""The texts of this release, into a database that was just migrated."""

import asyncio

from contract.loader import OPENAPI, read_errors
from contract.texts import Texts
from persistence.engine.database import Database


def take_in_texts(url: str) -> tuple[str, ...]:
    """The languages of which a text changed; what staff edited stays as it is. It writes nothing that needs a secret.

    It may be done any number of times.
    """
    from services.i18n.files import TextFiles  # slow to import

    async def take_in() -> tuple[str, ...]:
        database = Database(url, seal=str, digests=lambda *_: ())
        try:
            return await TextFiles(database, Texts(read_errors(OPENAPI))).take_in()
        finally:
            await database.close()

    return asyncio.run(take_in())
