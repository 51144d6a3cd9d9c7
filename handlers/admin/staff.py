"""Who has which role."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.admin import not_found, require_may_grant
from domain.admin.staff import member_view, require_future, require_other, require_suitable
from domain.errors import ApiError

if TYPE_CHECKING:
    from typing import Any

    from domain.wire import admin as wire
    from handlers.needs import Clock, Permissions, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories, walk: Walk, role: wire.StaffRoleName | None = None, q: str | None = None
) -> wire.StaffMembers:
    rows = await db.staff.page(walk.after(UUID), walk.rows, role=role, email=q)
    shown, further = walk.page(rows, lambda member: (member.id,))
    return {"items": [member_view(member) for member in shown], "nextCursor": further}


async def grant(
    body: wire.GrantRoleRequest, principal: Principal, db: Repositories, clock: Clock, permissions: Permissions
) -> wire.StaffMember:
    role, reason = body["role"], body["reason"]
    expires_at = datetime.fromisoformat(body["expiresAt"]) if "expiresAt" in body else None
    require_future(expires_at, clock())
    require_may_grant(role, principal, permissions.of)
    user = await db.users.find_by_email(body["email"])
    if user is None:
        raise not_found("account")
    require_other(user.id, principal)
    require_suitable(user)
    locales = body.get("locales")
    given: dict[str, Any] = {"by": principal.user_id, "expires_at": expires_at, "locales": locales}
    if not await db.staff.add(user.id, role, reason, now=clock(), **given):
        raise ApiError("admin.staff.already")
    await _tell_owners(db, topics.GRANTED, user.id, role, principal.user_id)
    told: dict[str, Any] = {"role": role, "expiresAt": body.get("expiresAt")}
    told |= {"locales": locales} if locales else {}
    await db.audit.record("admin.staff.grant", actor=principal.user_id, target=user.id, reason=reason, after=told)
    member = await db.staff.get(user.id)
    return member_view(member)


async def revoke(
    user_id: str, body: wire.RevokeRoleRequest, principal: Principal, db: Repositories, clock: Clock
) -> None:
    target, role = UUID(user_id), body["role"]
    require_other(target, principal)
    if role == "OWNER":
        await db.staff.require_other_owner(target)
    if not await db.staff.remove(target, role):
        raise not_found("role")
    await _tell_owners(db, topics.REVOKED, target, role, principal.user_id)
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.staff.revoke", actor=actor, target=target, reason=reason, before={"role": role})


async def _tell_owners(db: Repositories, change: str, member: UUID, role: str, by: UUID) -> None:
    for owner in await db.staff.owners():
        await db.outbox.add(topics.StaffChanged(owner, member, role, change, by))
