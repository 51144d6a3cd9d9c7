"""Appeals and who decides on them: always a person, and another one than before (DSA Art. 20)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.appeals import EARLIER, PERMISSION, appeal_view, full_view, require_mine, shorter_until
from domain.admin.statements import GRANTED
from domain.errors import ApiError, transition_invalid

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Permissions, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    status: wire.AppealStatus | None = None,
    type: wire.AppealType | None = None,  # noqa: A002
) -> wire.AppealsToReview:
    rows = await db.appeals.page(walk.after(datetime, UUID), walk.rows, status=status, kind=type)
    shown, further = walk.page(rows, lambda appeal: (appeal.created_at, appeal.id))
    return {"items": [appeal_view(appeal) for appeal in shown], "nextCursor": further}


async def find(id: str, db: Repositories) -> wire.AppealInFull:  # noqa: A002
    appeal = await _found(db, id)
    statement = await db.statements.find_with_ban(appeal.statement_id) if appeal.statement_id else None
    return full_view(appeal, statement, await db.appeals.earlier(appeal, EARLIER))


async def claim(
    id: str,  # noqa: A002
    principal: Principal,
    db: Repositories,
    clock: Clock,
    permissions: Permissions,
) -> wire.AppealToReview:
    reviewers = permissions.roles_with(PERMISSION)
    claimed = await db.appeals.claim(UUID(id), principal.user_id, reviewers, clock())
    if claimed is None:
        return appeal_view(await _claimed_before(db, id, principal.user_id))
    await db.audit.record("admin.appeals.claim", actor=principal.user_id, target=claimed.id)
    return appeal_view(claimed)


async def _claimed_before(db: Repositories, given: str, by: UUID) -> Any:
    appeal = await _found(db, given)
    if appeal.status == "DECIDED":
        raise transition_invalid("DECIDED", "UNDER_REVIEW")
    if appeal.assignee != by:
        raise ApiError("admin.case.taken")
    return appeal


async def decide(
    id: str,  # noqa: A002
    body: wire.DecideAppealRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    permissions: Permissions,
) -> wire.AppealToReview:
    appeal, by, now = await db.appeals.find_held(UUID(id)), principal.user_id, clock()
    if appeal is None:
        raise not_found("appeal")
    require_mine(appeal, by)
    statement = await db.statements.find(appeal.statement_id) if appeal.statement_id else None
    if statement is not None and statement.decided_by == by:
        await _require_alone(db, by, permissions)
    await _carry_out(db, body, statement, by, now)
    outcome, explanation = body["outcome"], body["explanation"]
    decided = await db.appeals.decide(appeal.id, by, outcome, explanation, now)
    await db.outbox.add(topics.AppealDecided(appeal.user_id, appeal.id))
    after = {"outcome": outcome, "until": body.get("until"), "appeal": str(appeal.id)}
    await db.audit.record("admin.appeals.decide", actor=by, target=appeal.user_id, reason=explanation, after=after)
    return appeal_view(decided)


async def _require_alone(db: Repositories, by: UUID, permissions: Permissions) -> None:
    """Who decided decides again only where nobody else can."""
    if await db.appeals.has_other_reviewer(permissions.roles_with(PERMISSION), by):
        raise ApiError("admin.appeal.same_reviewer")


async def _carry_out(db: Repositories, body: wire.DecideAppealRequest, statement: Any, by: UUID, now: datetime) -> None:
    if body["outcome"] == "PARTLY":
        until = shorter_until(body, statement, now)
        await db.statements.shorten(statement.id, until)
    elif body["outcome"] == "GRANTED" and statement is not None:
        await db.statements.lift(statement.id, by, now, GRANTED)


async def _found(db: Repositories, given: str) -> Any:
    appeal = await db.appeals.find(UUID(given))
    if appeal is None:
        raise not_found("appeal")
    return appeal
