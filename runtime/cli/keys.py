"""`biore keys`."""

import json

import click

from domain.clock import utc_now
from runtime.cli.support import with_parts
from runtime.compose import Parts
from services.signing_keys import SigningKeys


@click.group()
def keys() -> None:
    """Keys that sign access tokens."""


@keys.command("list")
def keys_list() -> None:
    """The key that signs, and retired ones; none of them in clear."""

    async def show(parts: Parts) -> None:
        signing = _signing_keys(parts)
        await signing.refresh()
        for key in signing.shown():
            click.echo(json.dumps(key))

    with_parts(show)


@keys.command("rotate")
def keys_rotate() -> None:
    """Sign with a new key. Running nodes follow within 5 seconds; tokens of the old key live out their time."""

    async def rotate(parts: Parts) -> None:
        click.echo(f"{await _signing_keys(parts).rotate()} signs from now on.")

    with_parts(rotate)


def _signing_keys(parts: Parts) -> SigningKeys:
    return SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
