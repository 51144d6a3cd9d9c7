"""`biore config`."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import click

from domain.clock import timestamp, utc_now
from domain.config.changes import told
from domain.config_keys import InvalidConfig
from runtime.cli.support import given, secret_given, with_parts
from runtime.compose import Parts
from services.config.catalogue import CATALOGUE, is_secret
from services.config.live import LiveConfig

OVERRIDE = "overrides the contract's limit"
LIFE = re.compile(r"([1-9][0-9]{0,3})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


because = click.option("--reason", help="Why it is changed, for the history and the audit log.")


@click.group(
    epilog="""\b
Examples:
  biore config list auth                          keys that begin with auth.
  biore config list --changed                     what differs from the defaults
  biore config set auth.salt_rounds 13
  biore config set platform.supported_locales '["en", "de"]'
  biore config set external.email.smtp.url - < smtp-url.txt
  biore config set auth.lockout_threshold 8 --until 2026-05-01T12:00Z --reason "campaign"
  biore config unset auth.salt_rounds             back to the default
  biore config history auth.salt_rounds           who changed it, when and why
  biore config rollback auth.salt_rounds 6f0c2a41-9b7e-4d5b-8c55-0d1c2f9f6a10
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
@click.option("--until", help="When the value ends by itself: 2026-05-01T12:00Z, 90m, 2h or 3d.")
@because
def config_set(name: str, value: str, until: str | None, reason: str | None) -> None:
    """Set the value of one key.

    VALUE is JSON; anything that is not valid JSON is taken as text. With - it is read from the standard input,
    which is the only way to pass a secret. Running servers follow within 5 seconds.
    """
    secret, end = is_secret(name), _moment(until)
    text = secret_given(name, value) if secret else given(value)

    async def change(parts: Parts) -> None:
        await parts.config.set(name, text if secret else _json_or_text(text), reason=reason, until=end)
        ends = f", until {timestamp(end)}" if end else ""
        click.echo(f"{name} = {_json(parts.config.shown(name))}{ends}")

    with_parts(change)


@config.command("unset")
@click.argument("name")
@because
def config_unset(name: str, reason: str | None) -> None:
    """Set one key back to its default. Running servers follow within 5 seconds."""

    async def change(parts: Parts) -> None:
        changed = await parts.config.unset(name, reason=reason)
        known = name in CATALOGUE
        now = f"{name} = {_json(parts.config.shown(name))} (default)" if known else f"{name} is not set"
        click.echo(now if changed else f"{now}; it was not changed before")

    with_parts(change)


@config.command("history")
@click.argument("name")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), show_default=True, help="How many changes.")
def config_history(name: str, limit: int) -> None:
    """Show the last changes of one key, the newest first.

    Of secrets it shows fingerprints: whether two values were the same, and nothing else.
    """

    async def show(parts: Parts) -> None:
        changes = await parts.config.history(name, limit)
        click.echo("\n".join(map(_change, changes)) if changes else f"{name} was never changed")

    with_parts(show, reads=True)


@config.command("rollback")
@click.argument("name")
@click.argument("change_id", type=click.UUID, metavar="ID")
@because
def config_rollback(name: str, change_id: UUID, reason: str | None) -> None:
    """Store the value again that one key had after a change.

    ID is that of the change, as `biore config history` shows it. Running servers follow within 5 seconds.
    """

    async def change(parts: Parts) -> None:
        await parts.config.restore(name, change_id, reason=reason)
        click.echo(f"{name} = {_json(parts.config.shown(name))}")

    with_parts(change)


def _moment(text: str | None) -> datetime | None:
    """A time, in UTC where it names no zone, or how long from now. Raises InvalidConfig."""
    if text is None:
        return None
    if found := LIFE.fullmatch(text):
        return utc_now() + timedelta(**{UNITS[found[2]]: int(found[1])})
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidConfig(f"{text!r} is no time such as 2026-05-01T12:00Z, 90m, 2h or 3d") from None


def _change(change: Any) -> str:
    before, after = (told(value, secret=is_secret(change.name)) for value in (change.before, change.after))
    ends = f", until {timestamp(change.until)}" if change.until else ""
    why = f": {' '.join(change.reason.split())}" if change.reason else ""
    by = change.actor_id or "command line"
    return f"{change.id}  {timestamp(change.created_at)}  {_held(before)} -> {_held(after)}{ends}  by {by}{why}"


def _held(value: Any) -> str:
    return "default" if value is None else _json(value)


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
        if end := config.ends_at(name):
            default += f"   until {timestamp(end)}"
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
