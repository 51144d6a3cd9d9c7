"""Running the system, and looking after it."""

import logging
import sys
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


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1), default=1, help="API processes; more than one need Redis.")
@click.option("--no-worker", is_flag=True, help="Run no worker beside the API.")
@click.option("--expose", is_flag=True, help="Let development listen beyond loopback.")
def serve(host: str | None, port: int | None, workers: int, no_worker: bool, expose: bool) -> None:
    """Run the API. In development a worker, and unless configured PostgreSQL, run beside it."""
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
    """Run a worker: mails and other jobs of the outbox."""
    settings, lease = load(), timedelta(seconds=lease_seconds)
    place = (metrics_host, metrics_port) if metrics_port else None
    server.work(settings, server.database_url(settings), lease, parent=with_parent, metrics_at=place)


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from persistence.migrate import upgrade  # slow to import

    settings = load()
    with ExitStack() as stack:
        url = settings.database_url or embedded.recorded_url(settings.data_dir)
        url = url or stack.enter_context(embedded.running(settings.data_dir))
        with reaching(url, remedy_of(settings)):
            upgrade(url)
    click.echo("The database is up to date.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
def doctor(as_json: bool, strict: bool) -> None:
    """Check this deployment and say in one line each what is wrong. Changes nothing; 1 when something fails."""
    from runtime import doctor  # slow to import

    log.configure(readable=True, level=logging.CRITICAL)  # what parts would warn of is told in the lines
    findings = doctor.examine()
    click.echo(doctor.as_json(findings) if as_json else "\n".join(doctor.lines(findings)))
    if not doctor.is_healthy(findings, strict=strict):
        sys.exit(1)
