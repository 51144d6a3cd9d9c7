"""The end of an account, for an owner who asks support for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import require_permission
from domain.admin.users import require_unerased
from domain.clock import timestamp
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Erasures, Principal, Repositories

AT_ONCE = "users.erase_now"


async def request(
    id: str,  # noqa: A002
    body: wire.RequestErasureRequest,
    principal: Principal,
    db: Repositories,
    erasures: Erasures,
) -> wire.AccountErasure:
    at_once = body.get("skipGrace", False)
    if at_once:
        require_permission(AT_ONCE, principal.permissions)
    user = await _account(db, UUID(id), principal)
    await db.staff.require_other_owner(user.id)
    asked = await (erasures.begin if at_once else erasures.schedule)(db, user.id)
    if asked is None:
        raise ApiError("error.gdpr.deletion_already_pending")
    await _record(db, "admin.erasures.request", principal, user.id, body["reason"], {"skipGrace": at_once})
    return {"id": str(asked.id), "status": "PENDING", "gracePeriodEnds": timestamp(asked.ends)}


async def cancel(
    id: str,  # noqa: A002
    body: wire.CancelErasureRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> None:
    user = await _account(db, UUID(id), principal)
    if await db.gdpr_requests.cancel_deletion(user.id, clock()) is None:
        raise ApiError("error.gdpr.no_pending_deletion")
    await db.users.change_status(user.id, "DEACTIVATED", "ACTIVE")
    await db.outbox.add(topics.DeletionCancelled(user.id))
    await _record(db, "admin.erasures.cancel", principal, user.id, body["reason"], {})


async def _account(db: Repositories, user_id: UUID, principal: Principal) -> Any:
    """Held until the unit ends."""
    user = await db.admin_users.hold(user_id, principal)
    require_unerased(user.status)
    return user


async def _record(
    db: Repositories, action: str, principal: Principal, user_id: UUID, reason: str, after: dict[str, Any]
) -> None:
    await db.audit.record(action, actor=principal.user_id, target=user_id, reason=reason, after=after)
