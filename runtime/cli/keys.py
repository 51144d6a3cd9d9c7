"""`biore keys`."""

import json

import click

from domain.clock import utc_now
from runtime.cli.support import with_parts
from runtime.compose import Parts
from services.signing_keys import SigningKeys


@click.group()
def keys() -> None:
    """Manage the keys that sign access tokens."""


@keys.command("list")
def keys_list() -> None:
    """List the signing key and retired keys, without their secrets."""

    async def show(parts: Parts) -> None:
        signing = _signing_keys(parts)
        await signing.refresh()
        for key in signing.shown():
            click.echo(json.dumps(key))

    with_parts(show)


@keys.command("rotate")
def keys_rotate() -> None:
    """Sign with a new key. Running servers follow within 5 seconds; existing tokens stay valid until they expire."""

    async def rotate(parts: Parts) -> None:
        click.echo(f"{await _signing_keys(parts).rotate()} signs from now on.")

    with_parts(rotate)


def _signing_keys(parts: Parts) -> SigningKeys:
    return SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
