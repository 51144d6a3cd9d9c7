"""What a server asks its database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from persistence.engine.database import Database

# A node follows its config, keys, rules of moderation, texts and the cost of its hashes at its own pace, and tells of
# its providers.
BY_THE_WAY = (
    "config_entries",
    "signing_keys",
    "max(substr(password_hash",
    "FROM moderation_revisions",
    "FROM editions",
    "languages.texts_version \nFROM languages ORDER BY",
    "translations.origin = 'STAFF'",
    "\nFROM provider_probes",
    "INSERT INTO provider_states",
    "INSERT INTO provider_outcomes",
)

Asked = list[tuple[str, Mapping[str, Any]]]


@contextmanager
def asked(*databases: Database) -> Iterator[Asked]:
    """Every statement meanwhile with its values, apart from those that come by the way."""
    seen: Asked = []

    def note(text: str, values: Mapping[str, Any]) -> nullcontext[None]:
        if not any(name in text for name in BY_THE_WAY):
            seen.append((text, values))
        return nullcontext()

    pools = [pool for database in databases for pool in (database.pool, database.sessions)]
    for pool in pools:
        pool.observe = note
    try:
        yield seen
    finally:
        for pool in pools:
            pool.observe = None
