"""`biore users`."""

import json

import click

from domain.clock import utc_now
from runtime.cli.support import given, with_parts
from runtime.compose import Parts
from services.recovery import Recovery


@click.group()
def users() -> None:
    """Look up and recover accounts, for support."""


former = click.option(
    "--former", is_flag=True, help="The account that was moved away from ADDRESS in the last 30 days."
)


@users.command("show")
@click.argument("address")
@former
def users_show(address: str, former: bool) -> None:
    """Show how the account of ADDRESS signs in, without secrets."""

    async def show(parts: Parts) -> None:
        click.echo(json.dumps(await _recovery(parts).show(address, former=former), ensure_ascii=False))

    with_parts(show)


@users.command("recover", short_help="Give an account back to its owner; takes two people.")
@click.argument("address")
@click.option("--by", required=True, help="Who you are; audited.")
@click.option("--approve", "code", help="The code that somebody else prepared; - reads it from the standard input.")
@former
def users_recover(address: str, by: str, code: str | None, former: bool) -> None:
    """Give the account of ADDRESS back to its owner, who lost second factor and platforms: it takes two people.

    The first gets a code, good for 24 hours and for the account as it is. The second approves with it: second factor,
    platforms, phone, password and sessions are gone, and ADDRESS is mailed a link to choose a password.

    With --former in both calls it is the account that was moved away from ADDRESS, which it has again then.
    """

    async def recover(parts: Parts) -> None:
        recovery = _recovery(parts)
        if code is None:
            prepared = await recovery.prepare(address, by, former=former)
            click.echo(f"Somebody else approves with this code within 24 hours:\n{prepared}")
        else:
            await recovery.approve(address, by, given(code), former=former)
            click.echo("The account is given back; its address is mailed a link to choose a password.")

    with_parts(recover)


def _recovery(parts: Parts) -> Recovery:
    return Recovery(parts.database, parts.keyring, parts.config, utc_now)
