"""What happened, who did it, and whether that was changed since."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.audit import (
    MOST_EXPORTED,
    MOST_VERIFIED,
    OLDEST_FIRST,
    entry_view,
    exported,
    heading,
    lines,
    table,
    verification_view,
)
from domain.admin.audit_filter import filter_of
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from domain.admin.audit_filter import Filter
    from domain.wire import admin as wire
    from handlers.needs import AuditSeals, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    actor: str | None = None,
    target: str | None = None,
    action: str | None = None,
    result: str | None = None,
    correlation_id: str | None = None,
    created_from: str | None = None,
    created_to: str | None = None,
) -> wire.AuditEntries:
    only = filter_of(
        actor=actor, target=target, action=action, result=result, correlation_id=correlation_id,
        created_from=created_from, created_to=created_to,
    )  # fmt: skip
    oldest_first = walk.sort == OLDEST_FIRST
    rows = await db.audit_trail.page(only, walk.after(datetime, UUID), walk.rows, oldest_first=oldest_first)
    shown, further = walk.page(rows, lambda row: (row.AuditLog.created_at, row.AuditLog.id))
    return {"items": [entry_view(row) for row in shown], "nextCursor": further}


async def get(id: str, db: Repositories) -> wire.AuditEntry:  # noqa: A002
    row = await db.audit_trail.find(UUID(id))
    if row is None:
        raise not_found("entry")
    return entry_view(row)


async def export(
    principal: Principal,
    uow: UnitOfWork,
    actor: str | None = None,
    target: str | None = None,
    action: str | None = None,
    result: str | None = None,
    correlation_id: str | None = None,
    created_from: str | None = None,
    created_to: str | None = None,
) -> bytes:
    only = filter_of(
        actor=actor, target=target, action=action, result=result, correlation_id=correlation_id,
        created_from=created_from, created_to=created_to,
    )  # fmt: skip
    return await _exported(principal, uow, only, "admin.audit.export", lines)


async def export_csv(
    principal: Principal,
    uow: UnitOfWork,
    actor: str | None = None,
    target: str | None = None,
    action: str | None = None,
    result: str | None = None,
    correlation_id: str | None = None,
    created_from: str | None = None,
    created_to: str | None = None,
) -> bytes:
    only = filter_of(
        actor=actor, target=target, action=action, result=result, correlation_id=correlation_id,
        created_from=created_from, created_to=created_to,
    )  # fmt: skip
    return heading().encode() + await _exported(principal, uow, only, "admin.audit.export_csv", table)


async def _exported(
    principal: Principal,
    uow: UnitOfWork,
    only: Filter,
    action: str,
    write: Callable[[Iterable[Mapping[str, Any]]], str],
) -> bytes:
    """Whoever gets the file stands in the log before they have it."""
    written, count = bytearray(), 0
    async with uow() as db:
        await db.audit_trail.use_snapshot()
        if await db.audit_trail.count_to(only, MOST_EXPORTED + 1) > MOST_EXPORTED:
            raise ApiError("admin.audit.export_too_large", limit=MOST_EXPORTED)
        async for rows in db.audit_trail.batches(only):
            written += write(exported(row) for row in rows).encode()
            count += len(rows)
    async with uow() as db:
        await db.audit.record(action, actor=principal.user_id, filter=only.written(), entries=count)
    return bytes(written)


async def verify(
    audit_seals: AuditSeals, sealed_from: str | None = None, sealed_to: str | None = None
) -> wire.AuditVerification:
    since = None if sealed_from is None else datetime.fromisoformat(sealed_from)
    until = None if sealed_to is None else datetime.fromisoformat(sealed_to)
    return verification_view(await audit_seals.verify(since, until, most=MOST_VERIFIED))
