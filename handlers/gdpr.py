"""What people may ask of us about their data: a copy of it, or its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.auth import require_password
from domain.clock import timestamp
from domain.errors import ApiError
from domain.gdpr import EXPORT, deletion_view, export_status_view, export_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import gdpr as wire
    from handlers.needs import (
        Clock,
        CurrentPassword,
        Erasures,
        ExportLinks,
        Principal,
        Repositories,
        UnitOfWork,
    )


async def export(principal: Principal, db: Repositories) -> wire.ExportRequest:
    request = await _ask_for_export(principal, db, unless=("PENDING", "PROCESSING"))
    if request is None:
        raise ApiError("error.gdpr.export_already_pending")
    return export_view(request)


async def export_status(id: str, principal: Principal, db: Repositories) -> wire.ExportStatus:  # noqa: A002
    return export_status_view(await db.gdpr_requests.get_own(UUID(id), principal.user_id))


async def export_download(
    id: str,  # noqa: A002
    principal: Principal,
    db: Repositories,
    clock: Clock,
    export_links: ExportLinks,
) -> wire.ExportDownload:
    request, archive = await db.gdpr_requests.get_own_with_archive(UUID(id), principal.user_id, clock())
    if request.kind != EXPORT:
        raise ApiError("error.gdpr.not_export")
    if archive is None:
        raise ApiError("error.gdpr.export_not_ready")
    return {"downloadUrl": export_links.url(archive, principal.session_id), "expiresAt": timestamp(archive.expires_at)}


async def export_legacy(principal: Principal, db: Repositories) -> wire.LegacyExport:
    request = await _ask_for_export(principal, db, unless=("PENDING",))
    if request is None:
        raise ApiError("error.user.export_in_progress")
    return {"requestId": str(request.id)}


async def delete(principal: Principal, db: Repositories, erasures: Erasures) -> wire.DeletionRequest:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
    await db.staff.require_other_owner(principal.user_id, "error.gdpr.last_owner")
    request = await erasures.schedule(db, principal.user_id)
    if request is None:
        raise ApiError("error.gdpr.deletion_already_pending")
    await db.audit.record("gdpr.delete.requested", actor=principal.user_id, target=principal.user_id)
    return deletion_view(request.id, request.ends)


async def cancel_deletion(
    x_reactivate_token: str | None, principal: Principal | None, db: Repositories, clock: Clock
) -> None:
    now = clock()
    if x_reactivate_token:
        user_id = await db.reactivation_tokens.redeem(x_reactivate_token, now)
    elif principal is not None:
        user_id = principal.user_id
    else:
        raise ApiError("auth.unauthenticated")
    if await db.gdpr_requests.cancel_deletion(user_id, now) is None:
        raise ApiError("error.gdpr.no_pending_deletion")
    await db.users.change_status(user_id, "DEACTIVATED", "ACTIVE")
    await db.outbox.add(topics.DeletionCancelled(user_id))
    await db.audit.record("gdpr.delete.cancelled", actor=user_id, target=user_id)


async def delete_legacy(
    body: wire.LegacyDeletionRequest,
    principal: Principal,
    uow: UnitOfWork,
    current_password: CurrentPassword,
    erasures: Erasures,
) -> wire.LegacyDeletion:
    async with uow() as db:
        user = await db.users.get(principal.user_id)
    matched = await current_password.matches(uow, user.id, user.password_hash, body["password"])
    require_password(user.password_hash, matched=matched)
    async with uow() as db:
        await db.sessions.hold_compared(principal.session_id, user, "error.user.password_incorrect")
        await db.staff.require_other_owner(user.id, "error.user.last_owner")
        request = await erasures.schedule(db, user.id)
        if request is None:
            raise ApiError("error.user.deletion_scheduled")
        await db.audit.record("gdpr.delete.requested", actor=user.id, target=user.id)
    return {"scheduledAt": timestamp(request.ends)}


async def _ask_for_export(principal: Principal, db: Repositories, *, unless: Sequence[str]) -> Any:
    """None while another request stands in the way."""
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
    request = await db.gdpr_requests.add(principal.user_id, EXPORT, unless=unless)
    if request is not None:
        await db.outbox.add(topics.BuildExport(request.id))
        await db.outbox.add(topics.ExportRequested(principal.user_id))
        await db.audit.record("gdpr.export.requested", actor=principal.user_id, target=request.id)
    return request
