"""All that is held about a person, in one file: a JSON document per table, and a manifest that explains each."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from domain.clock import timestamp, utc_now
from persistence.engine.database import Database
from persistence.models import Upload
from persistence.personal import DONE_TO_YOU_ABOUT, PERSONAL, Personal, Subject
from persistence.repositories import Repositories
from providers.families.files import StorageFamily
from providers.ports import ProviderUnavailable
from providers.storage.pieces import beside

README = """\
This archive holds what BIO.RE keeps about you, as of {moment}.

Each file below is a list in JSON; manifest.json says the same for programs, and names what was left out and why.

{files}
"""
MEDIA = "media.json"
DONE_TO_YOU = "done_to_you.json"
UPLOADS = next(section for section in PERSONAL if section.model is Upload)

Entry = dict[str, Any]


class Archives:
    def __init__(self, database: Database, storage: StorageFamily) -> None:
        self._database = database
        self._storage = storage

    @asynccontextmanager
    async def of(self, user_id: UUID) -> AsyncIterator[Path]:
        """The archive in a file that is gone with the block. Rows go to the disk as they come."""
        async with beside(await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="biore-export-")) as folder:
            path = Path(folder) / "archive.zip"
            async with (
                beside(await asyncio.to_thread(ZipFile, path, "w", ZIP_DEFLATED)) as archive,
                self._database.unit() as db,
            ):
                await db.personal_data.use_snapshot()
                subject = await db.personal_data.subject(user_id)
                if subject is not None:
                    await _Pages(archive, db, subject, self._storage).write()
            yield path


class _Pages:
    """Of one archive."""

    def __init__(self, archive: ZipFile, db: Repositories, subject: Subject, storage: StorageFamily) -> None:
        self._archive = archive
        self._db = db
        self._subject = subject
        self._storage = storage
        self._moment = utc_now()
        self._entries: list[Entry] = []

    async def write(self) -> None:
        for section in PERSONAL:
            if section.shown:
                await self._table(section)
            else:
                self._entries.append({"table": section.name, "about": section.about, "leftOut": section.why})
        rows = await self._list(DONE_TO_YOU, self._db.personal_data.done_to(self._subject))
        self._entries.append({"file": DONE_TO_YOU, "about": DONE_TO_YOU_ABOUT, "rows": rows, "withheld": {}})
        rows = await self._list(MEDIA, self._media())
        about = "Where the files are that you uploaded."
        self._entries.append({"file": MEDIA, "about": about, "rows": rows, "withheld": {}})
        await self._explain()

    async def _table(self, section: Personal) -> None:
        name = f"{section.name}.json"
        rows = await self._list(name, self._db.personal_data.rows(section, self._subject))
        withheld = dict(section.withheld)
        self._entries.append({"file": name, "about": section.about, "rows": rows, "withheld": withheld})

    async def _list(self, name: str, batches: AsyncIterator[Sequence[Mapping[Any, Any]]]) -> int:
        """Write the rows as they come; how many there were."""
        rows = 0
        async with beside(self._archive.open(_dated(name, self._moment), "w")) as file:
            async for batch in batches:
                await asyncio.to_thread(file.write, _joined(batch, first=not rows))
                rows += len(batch)
            await asyncio.to_thread(file.write, b"\n]\n" if rows else b"[]\n")
        return rows

    async def _media(self) -> AsyncIterator[list[Entry]]:
        async for batch in self._db.personal_data.rows(UPLOADS, self._subject):
            if stored := [self._medium(row) for row in batch if row["status"] == "STORED"]:
                yield stored

    def _medium(self, row: Mapping[str, Any]) -> Entry:
        try:
            url = self._storage.of(row["provider"]).public_url(row["key"])
        except ProviderUnavailable:  # of a storage that nobody has set up any more
            url = None
        return {"url": url, "key": row["key"], "contentType": row["content_type"], "size": row["size"]}

    async def _explain(self) -> None:
        moment = timestamp(self._moment)
        manifest = {"createdAt": moment, "userId": self._subject.user_id, "files": self._entries}
        await self._text("manifest.json", _dumped(manifest))
        lines = "\n".join(f"{e['file']}: {e['about']} ({e['rows']})" for e in self._entries if "file" in e)
        await self._text("README.txt", README.format(moment=moment, files=lines).encode())

    async def _text(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self._archive.writestr, _dated(name, self._moment), content)


def _dated(name: str, moment: datetime) -> ZipInfo:
    """An entry with a date; without one they would all be of 1980."""
    entry = ZipInfo(name, moment.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry


def _joined(batch: Any, *, first: bool) -> bytes:
    rows = b",\n".join(orjson.dumps(dict(row), default=_shown) for row in batch)
    return (b"[\n" if first else b",\n") + rows


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"an archive cannot hold a {type(value).__name__}")


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
