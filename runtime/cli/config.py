"""`biore config`."""

import json
from typing import Any

import click

from runtime.cli.support import given, secret_given, with_parts
from runtime.compose import Parts
from services.config.catalogue import CATALOGUE, is_secret


@click.group()
def config() -> None:
    """What an admin may change while the system runs."""


@config.command("list")
def config_list() -> None:
    """All keys, their values and meanings; changed ones are marked."""

    async def show(parts: Parts) -> None:
        for name, value, changed in parts.config.items():
            meaning = CATALOGUE[name].meaning if name in CATALOGUE else "overrides the contract's limit"
            click.echo(f"{'*' if changed else ' '} {name} = {json.dumps(value, ensure_ascii=False)}\n      {meaning}")

    with_parts(show)


@config.command("get")
@click.argument("name")
def config_get(name: str) -> None:
    """The value of one key, as JSON."""

    async def show(parts: Parts) -> None:
        click.echo(json.dumps(parts.config.shown(name), ensure_ascii=False))

    with_parts(show)


@config.command("set")
@click.argument("name")
@click.argument("value")
def config_set(name: str, value: str) -> None:
    """Change one key. VALUE is JSON, else a text; - reads it from the standard input, which secrets must come by.

    Running nodes follow within 5 seconds.
    """
    secret = is_secret(name)
    text = secret_given(name, value) if secret else given(value)

    async def change(parts: Parts) -> None:
        await parts.config.set(name, text if secret else _json_or_text(text))
        click.echo(f"{name} = {json.dumps(parts.config.shown(name), ensure_ascii=False)}")

    with_parts(change)


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
