"""`biore config`."""

import json
from collections.abc import Iterator
from typing import Any

import click

from domain.config_keys import InvalidConfig
from runtime.cli.support import given, secret_given, with_parts
from runtime.compose import Parts
from services.config.catalogue import CATALOGUE, is_secret
from services.config.live import LiveConfig

OVERRIDE = "overrides the contract's limit"


@click.group(
    epilog="""\b
Examples:
  biore config list auth                          keys that begin with auth.
  biore config list --changed                     what differs from the defaults
  biore config set auth.salt_rounds 13
  biore config set platform.supported_locales '["en", "de"]'
  biore config set external.email.smtp.url - < smtp-url.txt
  biore config unset auth.salt_rounds             back to the default
"""
)
def config() -> None:
    """Show and change settings of the running system."""


@config.command("list")
@click.argument("prefix", default="")
@click.option("--changed", is_flag=True, help="Only keys whose value was changed.")
def config_list(prefix: str, changed: bool) -> None:
    """List keys that begin with PREFIX, or all, with value and meaning.

    A * marks a key that was changed; `biore config unset` takes it back.
    """

    async def show(parts: Parts) -> None:
        known = list(_listed(parts.config, prefix, changed))
        if not known and not (changed and not prefix):
            begins = f" that begins with {prefix!r}" if prefix else ""
            raise InvalidConfig(f"there is no {'changed ' if changed else ''}config key{begins}; "
                                "`biore config list` shows all")  # fmt: skip
        click.echo("\n".join(known) if known else "Nothing was changed: every key has its default.")

    with_parts(show, reads=True)


@config.command("get")
@click.argument("name")
def config_get(name: str) -> None:
    """Show the value of one key, as JSON."""

    async def show(parts: Parts) -> None:
        click.echo(_json(parts.config.shown(name)))

    with_parts(show, reads=True)


@config.command("set")
@click.argument("name")
@click.argument("value")
def config_set(name: str, value: str) -> None:
    """Set the value of one key.

    VALUE is JSON; anything that is not valid JSON is taken as text. With - it is read from the standard input,
    which is the only way to pass a secret. Running servers follow within 5 seconds.
    """
    secret = is_secret(name)
    text = secret_given(name, value) if secret else given(value)

    async def change(parts: Parts) -> None:
        await parts.config.set(name, text if secret else _json_or_text(text))
        click.echo(f"{name} = {_json(parts.config.shown(name))}")

    with_parts(change)


@config.command("unset")
@click.argument("name")
def config_unset(name: str) -> None:
    """Set one key back to its default. Running servers follow within 5 seconds."""

    async def change(parts: Parts) -> None:
        changed = await parts.config.unset(name)
        known = name in CATALOGUE
        now = f"{name} = {_json(parts.config.shown(name))} (default)" if known else f"{name} is not set"
        click.echo(now if changed else f"{now}; it was not changed before")

    with_parts(change)


def _listed(config: LiveConfig, prefix: str, changed_only: bool) -> Iterator[str]:
    """Each key with its meaning below it; a heading before those of one beginning."""
    heading = ""
    for name, value, changed in config.items():
        if not name.startswith(prefix) or (changed_only and not changed):
            continue
        if name.partition(".")[0] != heading:
            if heading:
                yield ""
            heading = name.partition(".")[0]
            yield click.style(heading, bold=True)
        default = f"   (default {_json(config.default(name))})" if changed and _has_default(name) else ""
        yield f"{'*' if changed else ' '} {name} = {_json(value)}{default}"
        yield f"      {CATALOGUE[name].meaning if name in CATALOGUE else OVERRIDE}"


def _has_default(name: str) -> bool:
    return name in CATALOGUE and not is_secret(name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
