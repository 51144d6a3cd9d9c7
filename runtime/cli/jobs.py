"""`biore jobs`."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from domain.admin.jobs import MOST_AT_ONCE, job_view, require_discardable
from domain.clock import utc_now
from domain.config_keys import InvalidConfig
from domain.errors import ApiError
from persistence.repositories import Repositories
from runtime.cli.support import with_parts
from runtime.compose import Parts

SHOWN = 100
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.group(
    epilog="""\b
Examples:
  biore jobs dead --topic email.verify_address
  biore jobs retry 3d4f1f9e-0d5c-4a53-8f0e-2f6f5b1d7c11 --reason "the mail server is back"
  biore jobs retry --topic email.verify_address --since 2026-01-02 --reason "the mail server is back"
"""
)
def jobs() -> None:
    """Look after jobs that were given up."""


@jobs.command("dead")
@click.option("--topic", help="Only jobs of this topic.")
def jobs_dead(topic: str | None) -> None:
    """List dead jobs as JSON, the latest first, 100 at most. Secrets and addresses are hidden."""

    async def show(parts: Parts) -> None:
        async with parts.database.reading() as db:
            for job in await db.jobs.page("DEAD", topic, None, SHOWN):
                click.echo(json.dumps(job_view(job, utc_now()), ensure_ascii=False))

    with_parts(show, reads=True)


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Which jobs, and why."""
    options = (
        click.argument("ids", nargs=-1, type=click.UUID),
        click.option("--topic", help="The dead jobs of this topic, the oldest 1000 at most, in place of IDS."),
        click.option("--since", type=MOMENT, help="Only jobs that died then or later (UTC)."),
        click.option("--until", type=MOMENT, help="Only jobs that died before (UTC)."),
        click.option("--reason", required=True, help="Why; audited."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@jobs.command("retry")
@selecting
def jobs_retry(
    ids: tuple[UUID, ...], topic: str | None, since: datetime | None, until: datetime | None, reason: str
) -> None:
    """Make dead jobs due again, with all of their attempts."""
    _act("RETRY", ids, topic, since, until, reason)


@jobs.command("discard")
@selecting
def jobs_discard(
    ids: tuple[UUID, ...], topic: str | None, since: datetime | None, until: datetime | None, reason: str
) -> None:
    """Give dead jobs up for good. Those that delete personal data can only be retried."""
    _act("DISCARD", ids, topic, since, until, reason)


def _act(
    act: str, ids: Sequence[UUID], topic: str | None, since: datetime | None, until: datetime | None, reason: str
) -> None:
    if bool(ids) is (topic is not None):
        raise InvalidConfig("give either ids of jobs, or --topic")

    async def change(parts: Parts) -> None:
        async with parts.database.unit() as db:
            chosen = ids if topic is None else await db.jobs.dead_of(topic, _utc(since), _utc(until), MOST_AT_ONCE)
            done = await _done(act, chosen, reason, db)
            told: dict[str, Any] = {"act": act, "jobs": len(done), "ids": [str(job_id) for job_id in done][:SHOWN]}
            await db.audit.record("admin.jobs.act", target=topic, reason=reason, by="cli", **told)
        click.echo(f"{len(done)} of {len(chosen)} jobs; the others are not dead any more.")

    with_parts(change)


async def _done(act: str, ids: Sequence[UUID], reason: str, db: Repositories) -> set[UUID]:
    if act == "RETRY":
        return await db.jobs.retry(ids)
    try:
        require_discardable((await db.jobs.topics_of(ids)).values())
    except ApiError as refusal:
        told = refusal.variables["topic"]
        raise InvalidConfig(f"jobs of {told} cannot be discarded: the law requires what they do; retry them") from None
    return await db.jobs.discard(ids, None, reason)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
