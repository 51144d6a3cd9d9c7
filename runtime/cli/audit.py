"""`biore audit`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from domain.admin.sealing import Head, Verified, read_head
from domain.config_keys import InvalidConfig
from runtime.cli.support import with_parts
from runtime.compose import Parts
from services.audit.seals import AuditSeals


@click.group(
    epilog="""\b
Examples:
  biore audit head > head.json                   keep it where the database cannot be changed from
  biore audit verify --head head.json            the whole log, and that its end is there
"""
)
def audit() -> None:
    """Show whether somebody changed the audit log."""


@audit.command("head")
def audit_head() -> None:
    """Print the last seal of the audit log, as JSON."""

    async def show(parts: Parts) -> None:
        head = await _seals(parts).head()
        if head is None:
            raise InvalidConfig("nothing is sealed yet; a worker does it every 10 seconds")
        click.echo(json.dumps(head.written()))

    with_parts(show, reads=True)


@audit.command("verify")
@click.option(
    "--head",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `biore audit head` printed before, or an object below audit/heads/ of the storage.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="Only seals made since then (UTC), such as those of a secret that is still known.",
)
def audit_verify(file: Path | None, since: datetime | None) -> None:
    """Compare the audit log with its seals; exits with 1 if they differ.

    The end of a log that was cut off is found with a head that was kept elsewhere.
    """
    head = None if file is None else _read(file)

    async def verify(parts: Parts) -> Verified:
        return await _seals(parts).verify(None if since is None else since.replace(tzinfo=UTC), head=head)

    found = with_parts(verify)
    told = f"{found.checked} entries below {found.seals} seals"
    if found.bad is not None:
        click.echo(f"FAIL  seal {found.bad.number} is wrong ({found.bad.fault}); {told} before it are as they were.")
        sys.exit(1)
    click.echo(f"ok  {told} are as they were.")


def _read(file: Path) -> Head:
    try:
        return read_head(json.loads(file.read_text()))
    except ValueError as error:
        raise InvalidConfig(f"{file}: {error}") from None


def _seals(parts: Parts) -> AuditSeals:
    return AuditSeals(parts.database, parts.keyring)
