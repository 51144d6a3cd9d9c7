"""`biore webhooks`."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import click

from domain import topics
from domain.clock import utc_now
from domain.config_keys import InvalidConfig
from domain.webhooks import FAILED, STATES, may_be_replayed, webhook_event_view
from persistence.repositories import Repositories
from runtime.cli.support import with_parts
from runtime.compose import Parts

SHOWN = 100
MOST_AT_ONCE = 1000


@click.group(
    epilog="""\b
Examples:
  biore webhooks list --state PARKED
  biore webhooks replay 7f2b8c3a-4e9d-4b79-8c5a-3b2f8d7e6a5c --reason "the provider is back"
  biore webhooks replay --failed --reason "the provider is back"
"""
)
def webhooks() -> None:
    """Show what providers notified of, and process it again."""


@webhooks.command("list", short_help="List events, the latest first.")
@click.option("--state", type=click.Choice(STATES), help="Only events in this state.")
@click.option("--family", help="Only events of this family of providers.")
def webhooks_list(state: str | None, family: str | None) -> None:
    """List events as JSON, the latest first, 100 at most, without what the provider sent."""

    async def show(parts: Parts) -> None:
        async with parts.database.reading() as db:
            for event in await db.provider_events.page(None, SHOWN, {"state": state, "family": family}):
                click.echo(json.dumps(webhook_event_view(event), ensure_ascii=False))

    with_parts(show, reads=True)


@webhooks.command("replay", short_help="Process events again.")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--failed", is_flag=True, help=f"All that are {' or '.join(FAILED)}, in place of IDS.")
@click.option("--reason", required=True, help="Why; audited.")
def webhooks_replay(ids: tuple[UUID, ...], failed: bool, reason: str) -> None:
    """Process events again: the provider is queried for the present state, and what is missing is posted, once.

    Of failed ones the oldest 1000 at most. One that could not be read, or that is being processed, is left as it is.
    """
    if bool(ids) is failed:
        raise InvalidConfig("give either ids of events, or --failed")

    async def replay(parts: Parts) -> None:
        async with parts.database.unit() as db:
            done, chosen = await _replayed(db, ids, reason)
        click.echo(f"{done} of {chosen} events; a worker processes them.")

    with_parts(replay)


async def _replayed(db: Repositories, ids: Sequence[UUID], reason: str) -> tuple[int, int]:
    """How many of how many. Without ``ids`` those that failed."""
    events, now = db.provider_events, utc_now()
    held = await events.hold_among(ids) if ids else await events.hold_failed(MOST_AT_ONCE)
    chosen = [event for event in held if may_be_replayed(event)]
    for event in chosen:
        await events.replay(event.id, now)
        await db.outbox.add(topics.ApplyEvent(event.id))
        before = {"family": event.family, "provider": event.provider, "state": event.state}
        told: dict[str, Any] = {"reason": reason, "before": before, "by": "cli"}
        await db.audit.record("admin.finance.webhooks.replay", target=event.id, **told)
    return len(chosen), len(set(ids)) if ids else len(held)
