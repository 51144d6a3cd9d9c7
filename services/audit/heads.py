"""Where the head of the audit log goes, so that who has the database cannot cut the end of the log off unseen."""

import asyncio
import tempfile
from pathlib import Path

import orjson
import structlog

from domain.admin.sealing import Head
from providers.families.files import StorageFamily

log = structlog.get_logger(__name__)


class AuditHeads:
    def __init__(self, storage: StorageFamily) -> None:
        self._storage = storage

    async def keep(self, head: Head) -> None:
        """A line of the log, and a file of its own. Raises ProviderUnavailable."""
        log.info("audit.head", **head.written())
        with tempfile.TemporaryDirectory(prefix="biore-audit-") as folder:
            file = Path(folder) / "head.json"
            await asyncio.to_thread(file.write_bytes, orjson.dumps(head.written()))
            await self._storage.active.put(head.key, "application/json", file)
