"""Cases of moderation: reports and flagged texts, and what is decided about them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.cases import SHOWN, case_view, full_view, restricted, stale_since, taken_parts, told_of
from domain.admin.statements import SHUT_OUT, new_statement, read_until
from domain.errors import ApiError, transition_invalid

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import reports
    from handlers.needs import Clock, Config, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    principal: Principal,
    state: wire.CaseState | None = None,
    origin: wire.CaseOrigin | None = None,
    target_type: wire.CaseTargetType | None = None,
    category: reports.ReportCategory | None = None,
    assignee: str | None = None,
) -> wire.ModerationCases:
    by_count = walk.sort == "-notices"
    keys: Any = walk.after(int, UUID) if by_count else walk.after(datetime, UUID)
    of = str(principal.user_id) if assignee == "me" else assignee
    filters = {"state": state, "origin": origin, "target_type": target_type, "category": category}
    rows = await db.cases.page(walk.sort, keys, walk.rows, assignee=of, **filters)
    shown, further = walk.page(rows, lambda case: (case.notices if by_count else case.created_at, case.id))
    return {"items": [case_view(case) for case in shown], "nextCursor": further}


async def find(id: str, principal: Principal, db: Repositories) -> wire.ModerationCaseInFull:  # noqa: A002
    case = await _found(db, UUID(id))
    notices = await db.cases.newest_notices(case.id, SHOWN)
    events = await db.cases.events(case.id, SHOWN)
    return full_view(case, notices, events, principal.permissions)


async def claim(
    id: str,  # noqa: A002
    principal: Principal,
    db: Repositories,
    clock: Clock,
    config: Config,
) -> wire.ModerationCase:
    now = clock()
    case = await db.cases.claim(UUID(id), principal.user_id, now, stale_since(now, config))
    if case is None:
        return case_view(await _claimed_before(db, UUID(id), principal.user_id))
    await db.audit.record("admin.cases.claim", actor=principal.user_id, target=case.id)
    return case_view(case)


async def _claimed_before(db: Repositories, case_id: UUID, by: UUID) -> Any:
    case = await _found(db, case_id)
    if case.state != "CLAIMED":
        raise transition_invalid(case.state, "CLAIMED")
    if case.assignee_id != by:
        raise ApiError("admin.case.taken")
    return case


async def approve(
    id: str,  # noqa: A002
    body: wire.ApproveCaseRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    config: Config,
) -> wire.ModerationCase:
    case = await _decide(db, UUID(id), "APPROVED", principal.user_id, clock(), config)
    await db.audit.record("admin.cases.approve", actor=principal.user_id, target=case.id, reason=body["note"])
    return case_view(case)


async def reject(
    id: str,  # noqa: A002
    body: wire.RejectCaseRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    config: Config,
) -> wire.ModerationCase:
    now, by = clock(), principal.user_id
    until = read_until(body, now)
    owner = (await _found(db, UUID(id))).user_id
    await db.admin_users.hold(owner, principal)  # before the case, as by who reports and who writes texts
    if body["type"] in SHUT_OUT:
        await db.staff.require_other_owner(owner)
    case = await _decide(db, UUID(id), "REJECTED", by, now, config)
    columns = new_statement(
        body["type"],
        told_of(case, body["statement"]),
        user_id=owner,
        by=by,
        now=now,
        until=until,
        target=restricted(case, body),
        report_id=await db.cases.first_notice(case.id),
        case_id=case.id,
    )
    made = await db.statements.restrict(columns, taken_parts(case, body))
    told = {"type": body["type"], "until": body.get("until"), "statement": str(made.id), "user": str(owner)}
    await db.audit.record("admin.cases.reject", actor=by, target=case.id, reason=body["reason"], after=told)
    return case_view(case)


async def _decide(db: Repositories, case_id: UUID, state: str, by: UUID, now: datetime, config: Config) -> Any:
    """The case as it is then; who reported is told by the job that goes with it."""
    decided = await db.cases.decide(case_id, state, by, now, stale_since(now, config))
    if decided is None:
        case = await _found(db, case_id)
        if case.state == "CLAIMED":
            raise ApiError("admin.case.taken")
        raise transition_invalid(case.state, state)
    await db.outbox.add(topics.NotifyReporters(case_id))
    return decided


async def _found(db: Repositories, case_id: UUID) -> Any:
    case = await db.cases.find(case_id)
    if case is None:
        raise not_found("case")
    return case
