"""What becomes of a legal text that was published: people are told of it, and asked again when it takes effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.config.changes import Author, Wish
from domain.legal import TELL_AT_ONCE, TELL_PAUSE, VERSIONS, is_superseded

if TYPE_CHECKING:
    from jobs.needs import Clock, ConfigWriter, Job, UnitOfWork


async def tell(job: Job[topics.TellOfLegalVersion], uow: UnitOfWork, clock: Clock) -> None:
    """The next accounts. How far it came and who was told is committed with the mails, so nobody is left out or told
    twice, wherever it is killed."""
    payload = job.payload
    async with uow.last() as db:
        version = await db.legal.find(payload.version)
        if version is None:
            return
        page = await db.legal.people(version, payload.after, TELL_AT_ONCE)
        if not await db.legal.reach(version.id, payload.after, page.last, clock()):
            return
        for user_id in await db.legal.note_told(version, page.to_tell):
            await db.notifications.notify("legal_changed", user_id, {"version": version.id}, str(version.id))
        if page.last is not None:
            await db.outbox.add_later(topics.TellOfLegalVersion(version.id, page.last), TELL_PAUSE)


async def in_force(
    job: Job[topics.LegalVersionInForce], uow: UnitOfWork, clock: Clock, config_writer: ConfigWriter
) -> None:
    """From now on people are asked about this version."""
    async with uow.last() as db:
        found = await db.legal.find(job.payload.version)
        if found is None:
            return
        versions = await db.legal.hold_all(found.slug)
        now = clock()
        version = next((one for one in versions if one.id == found.id and one.applied_at is None), None)
        if version is None:
            return
        if version.effective_at > now:  # the database is ahead of us
            await db.outbox.add_later(job.payload, version.effective_at - now)
            return
        await db.legal.apply(version.id, now)
        if not is_superseded(version, versions, now):
            name, reason = VERSIONS[version.slug].name, f"Version {version.label} took effect."
            await config_writer.write(db, [Wish(name, version.label)], Author(reason=reason), now)
            await db.audit.record("config.set", target=name, value=version.label, reason=reason)
