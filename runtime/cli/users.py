"""`biore users`."""

import json

import click

from domain.clock import utc_now
from runtime.cli.support import given, with_parts
from runtime.compose import Parts
from services.recovery import Recovery


@click.group()
def users() -> None:
    """Accounts of people, for support."""


@users.command("show")
@click.argument("address")
def users_show(address: str) -> None:
    """What the account of ADDRESS is signed in to with; no secret of it."""

    async def show(parts: Parts) -> None:
        click.echo(json.dumps(await _recovery(parts).show(address), ensure_ascii=False))

    with_parts(show)


@users.command("recover")
@click.argument("address")
@click.option("--by", required=True, help="Who you are; audited.")
@click.option("--approve", "code", help="The code that somebody else prepared; - reads it from the standard input.")
def users_recover(address: str, by: str, code: str | None) -> None:
    """Give the account of ADDRESS back to its owner, who lost second factor and platforms: it takes two people.

    The first gets a code, good for 24 hours and for the account as it is. The second approves with it: second factor,
    platforms, phone, password and sessions are gone, and ADDRESS is mailed a link to choose a password.
    """

    async def recover(parts: Parts) -> None:
        recovery = _recovery(parts)
        if code is None:
            click.echo(f"Somebody else approves with this code within 24 hours:\n{await recovery.prepare(address, by)}")
        else:
            await recovery.approve(address, by, given(code))
            click.echo("The account is given back; its address is mailed a link to choose a password.")

    with_parts(recover)


def _recovery(parts: Parts) -> Recovery:
    return Recovery(parts.database, parts.keyring, parts.config, utc_now)
