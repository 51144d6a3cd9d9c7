"""The audit log is sealed after the fact, and what its last seal says is taken elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.auth import ALERT_EMAIL

if TYPE_CHECKING:
    from jobs.needs import AuditHeads, AuditSeals, Config, UnitOfWork


async def seal(audit_seals: AuditSeals) -> None:
    await audit_seals.seal_recent()


async def seal_left(audit_seals: AuditSeals) -> None:
    """What took longer than an hour to commit, or was written before there were seals."""
    await audit_seals.seal_left()


async def head(audit_seals: AuditSeals, audit_heads: AuditHeads) -> None:
    found = await audit_seals.head()
    if found is not None:
        await audit_heads.keep(found)


async def mail_head(audit_seals: AuditSeals, uow: UnitOfWork, config: Config) -> None:
    found = await audit_seals.head()
    if found is not None and config[ALERT_EMAIL]:
        async with uow.last() as db:
            await db.outbox.add(topics.AuditHead(**found.written()))
