"""Running the system, and looking after it."""

import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version

import click

from domain.jobs import LEASE
from persistence.engine.reach import reaching
from runtime.cli.support import remedy_of
from runtime.cli.waiting import NAME, Startup
from runtime.observe import log
from runtime.serve import embedded, server
from runtime.settings import load

COLOURS = {"ok": "green", "warn": "yellow", "FAIL": "red"}


@click.command(
    short_help="Run the API, in development with all that it needs.",
    epilog="""\b
Examples:
  biore serve                             API, PostgreSQL, worker and portal on 127.0.0.1:8000
  biore serve --port 8001
  BIORE_DATABASE_URL=postgresql://biore:secret@db/biore biore serve
  BIORE_REDIS_URL=redis://cache:6379/0 biore serve --workers 4

Settings are environment variables: docs/settings.md lists them.
""",
)
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option(
    "--workers", type=click.IntRange(1), default=1, help="Number of API processes; more than one requires Redis."
)
@click.option("--no-worker", is_flag=True, help="Do not start a worker.")
@click.option("--expose", is_flag=True, help="Allow development to listen on other addresses than loopback.")
def serve(host: str | None, port: int | None, workers: int, no_worker: bool, expose: bool) -> None:
    """Run the API; in development with a worker, and with PostgreSQL unless one is configured."""
    settings = load()
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    server.configure_log(settings)
    told = Startup(version(NAME)) if settings.development else server.Untold()
    with_worker = settings.development and not no_worker
    server.serve(settings, workers=workers, with_worker=with_worker, exposed=expose, told=told)


@click.command()
@click.option("--with-parent", type=int, hidden=True, help="End when this process, which started us, is gone.")
@click.option("--lease-seconds", type=click.IntRange(1), hidden=True, default=int(LEASE.total_seconds()))
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Serve /metrics of this worker there.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to serve them on.")
def worker(with_parent: int | None, lease_seconds: int, metrics_port: int | None, metrics_host: str) -> None:
    """Run a worker, which sends mails and runs other background jobs."""
    settings, lease = load(), timedelta(seconds=lease_seconds)
    place = (metrics_host, metrics_port) if metrics_port else None
    server.work(settings, server.database_url(settings), lease, parent=with_parent, metrics_at=place)


@click.command()
def migrate() -> None:
    """Apply pending database migrations, and import texts."""
    from persistence.migrate import upgrade  # slow to import
    from runtime.serve.texts import take_in_texts

    settings = load()
    with ExitStack() as stack:
        url = settings.database_url or embedded.recorded_url(settings.data_dir)
        url = url or stack.enter_context(embedded.running(settings.data_dir))
        with reaching(url, remedy_of(settings)):
            upgrade(url)
            take_in_texts(url)
    click.echo("The database is up to date.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--strict", is_flag=True, help="Treat warnings as failures.")
def doctor(as_json: bool, strict: bool) -> None:
    """Check this deployment, one line per check. Changes nothing; exits with 1 if a check fails."""
    from runtime import doctor  # slow to import

    log.configure(readable=True, level=logging.CRITICAL)  # what parts would warn of is told in the lines
    findings = doctor.examine()
    click.echo(doctor.as_json(findings) if as_json else _coloured(doctor.lines(findings), doctor.summary(findings)))
    if not doctor.is_healthy(findings, strict=strict):
        sys.exit(1)


def _coloured(lines: Sequence[str], summary: str) -> str:
    """The level that each line begins with in colour, on a terminal that shows it."""
    levels = [line.partition(" ")[0] for line in lines]
    told = [
        f"{click.style(level, fg=COLOURS[level])}{line.removeprefix(level)}"
        for level, line in zip(levels, lines, strict=True)
    ]
    return "\n".join((*told, "", click.style(summary, bold=True)))
