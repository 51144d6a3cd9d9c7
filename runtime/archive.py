"""All that is held about a person, in one file: a JSON document per table, and a manifest that explains each."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
from sqlalchemy import RowMapping

from domain.users import timestamp
from persistence.database import Database
from persistence.models import Upload
from persistence.personal import PERSONAL, Personal, Subject
from persistence.repositories import Repositories
from providers.ports import ProviderUnavailable
from providers.registry import StorageFamily
from runtime.parts import utc_now

README = """\
This archive holds what BIO.RE keeps about you, as of {moment}.

Each file below is a list in JSON; manifest.json says the same for programs, and names what was left out and why.

{files}
"""
MEDIA = "media.json"
SNAPSHOT = {"isolation_level": "REPEATABLE READ"}

Entry = dict[str, Any]


class Archives:
    def __init__(self, database: Database, storage: StorageFamily) -> None:
        self._database = database
        self._storage = storage

    @asynccontextmanager
    async def of(self, user_id: UUID) -> AsyncIterator[Path]:
        """The archive in a file that is gone with the block. Rows go to the disk as they come."""
        with tempfile.TemporaryDirectory(prefix="biore-export-") as folder:
            path = Path(folder) / "archive.zip"
            with ZipFile(path, "w", ZIP_DEFLATED) as archive:
                async with self._database.unit() as db:
                    await db.session.connection(execution_options=SNAPSHOT)  # all tables as of one moment
                    subject = await db.personal_data.subject(user_id)
                    if subject is not None:
                        await self._write(archive, db, subject)
            yield path

    async def _write(self, archive: ZipFile, db: Repositories, subject: Subject) -> None:
        entries: list[Entry] = []
        media: list[Entry] = []
        for section in PERSONAL:
            if not section.shown:
                entries.append({"table": section.name, "about": section.about, "leftOut": section.why})
                continue
            rows = 0
            with archive.open(f"{section.name}.json", "w") as file:
                async for batch in db.personal_data.rows(section, subject):
                    await asyncio.to_thread(file.write, _joined(batch, first=not rows))
                    rows += len(batch)
                    media += [
                        self._medium(row) for row in batch if section.model is Upload and row["status"] == "STORED"
                    ]
                file.write(b"\n]\n" if rows else b"[]\n")
            entries.append(_entry(section, rows))
        about = "Where the files are that you uploaded."
        entries.append({"file": MEDIA, "about": about, "rows": len(media), "withheld": {}})
        archive.writestr(MEDIA, _dumped(media))
        moment = timestamp(utc_now())
        archive.writestr("manifest.json", _dumped({"createdAt": moment, "userId": subject.user_id, "files": entries}))
        lines = "\n".join(f"{e['file']}: {e['about']} ({e['rows']})" for e in entries if "file" in e)
        archive.writestr("README.txt", README.format(moment=moment, files=lines))

    def _medium(self, row: RowMapping) -> Entry:
        try:
            url = self._storage.of(row["provider"]).public_url(row["key"])
        except ProviderUnavailable:  # of a storage that nobody has set up any more
            url = None
        return {"url": url, "key": row["key"], "contentType": row["content_type"], "size": row["size"]}


def _is_there(row: RowMapping) -> bool:
    return bool(row["status"] == "STORED")


def _entry(section: Personal, rows: int) -> Entry:
    withheld = dict(section.withheld)
    return {"file": f"{section.name}.json", "about": section.about, "rows": rows, "withheld": withheld}


def _joined(batch: Any, *, first: bool) -> bytes:
    rows = b",\n".join(orjson.dumps(dict(row), default=_shown) for row in batch)
    return (b"[\n" if first else b",\n") + rows


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"an archive cannot hold a {type(value).__name__}")


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
