"""Who is shut out, why and for how long (DSA Art. 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import require_may_act_on
from domain.admin.statements import KIND_OF, account_status_view, new_statement, read_until, transition_invalid
from domain.errors import ApiError, moved_on

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories


async def change(
    id: str,  # noqa: A002
    body: wire.ChangeStatusRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.AccountStatus:
    user_id, now = UUID(id), clock()
    user = await db.users.find_for_update(user_id)
    if user is None:
        raise ApiError("admin.not_found", what="account")
    require_may_act_on(await db.staff.roles_of(user_id), principal)
    if user.admin_version != expected_version:  # held, so that it stays so
        raise moved_on(user.admin_version)
    if user.status == "DELETED":
        raise ApiError("admin.user.erased")
    if body["status"] == "ACTIVE":
        await _let_in(db, user, principal.user_id, now)
    else:
        await _shut_out(db, user, body, principal.user_id, now)
    ban, changed = await db.statements.live_exclusion(user_id), await db.users.get(user_id)
    before = {"status": user.status}
    after = {"status": changed.status, "until": body.get("until"), "statement": str(ban.statement_id) if ban else None}
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record(
        "admin.user_status.change", actor=actor, target=user_id, reason=reason, before=before, after=after
    )
    return account_status_view(changed, ban)


async def _shut_out(db: Repositories, user: Any, body: wire.ChangeStatusRequest, by: UUID, now: datetime) -> None:
    if "statement" not in body:
        raise ApiError("admin.statement_required")
    until = read_until(body, now)
    await db.staff.require_other_owner(user.id)
    kind = KIND_OF[body["status"]]
    await db.statements.restrict(
        new_statement(kind, body["statement"], user_id=user.id, by=by, now=now, until=until),
        version=user.admin_version,
    )


async def _let_in(db: Repositories, user: Any, by: UUID, now: datetime) -> None:
    """Who was shut out before there were statements is let in by the status alone."""
    if user.status not in KIND_OF:
        raise transition_invalid(user.status, "ACTIVE")
    ban = await db.statements.live_exclusion(user.id)
    if ban is None:
        await db.users.change_seen(user.id, user.admin_version, status="ACTIVE")
    else:
        await db.statements.lift(ban.statement_id, by, now)
