"""Restrictions without a case, and the statements of reasons of all (DSA Art. 17)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found, require_may_act_on
from domain.admin.statements import SHUT_OUT, new_statement, read_until, statement_view, takes
from domain.errors import transition_invalid

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    user_id: str | None = None,
    type: common.StatementType | None = None,  # noqa: A002
    ground: common.StatementGround | None = None,
    live: bool | None = None,
) -> wire.StatementsOfReasons:
    owner = UUID(user_id) if user_id else None
    keys = walk.after(datetime, UUID)
    rows = await db.statements.page(keys, walk.rows, user_id=owner, kind=type, ground=ground, live=live)
    shown, further = walk.page(rows, lambda row: (row[0].created_at, row[0].id))
    return {"items": [statement_view(row) for row in shown], "nextCursor": further}


async def add(
    body: wire.RestrictRequest, principal: Principal, db: Repositories, clock: Clock
) -> wire.StatementOfReasons:
    target, kind, now = UUID(body["userId"]), body["type"], clock()
    until = read_until(body, now)
    await db.admin_users.hold(target, principal)
    if kind in SHUT_OUT:
        await db.staff.require_other_owner(target)
    columns = new_statement(kind, body["statement"], user_id=target, by=principal.user_id, now=now, until=until)
    made = await db.statements.restrict(columns, takes(kind))
    told = {"type": kind, "until": body.get("until"), "statement": str(made.id)}
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.statements.add", actor=actor, target=target, reason=reason, after=told)
    return statement_view(await db.statements.find_with_ban(made.id))


async def find(id: str, db: Repositories) -> wire.StatementOfReasons:  # noqa: A002
    row = await db.statements.find_with_ban(UUID(id))
    if row is None:
        raise not_found("statement")
    return statement_view(row)


async def lift(
    id: str,  # noqa: A002
    body: wire.LiftRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.StatementOfReasons:
    statement = await db.statements.find(UUID(id))
    if statement is None:
        raise not_found("statement")
    require_may_act_on(await db.staff.roles_of(statement.user_id), principal)
    if await db.statements.lift(statement.id, principal.user_id, clock()) is None:
        raise transition_invalid(await _ended(db, statement.id), "LIFTED")
    before = {"type": statement.type, "statement": str(statement.id)}
    actor, owner, reason = principal.user_id, statement.user_id, body["reason"]
    await db.audit.record("admin.statements.lift", actor=actor, target=owner, reason=reason, before=before)
    return statement_view(await db.statements.find_with_ban(statement.id))


async def _ended(db: Repositories, statement_id: UUID) -> str:
    """How a restriction ended: by somebody who was faster, or long ago."""
    statement = await db.statements.find(statement_id)
    return statement.ended_as if statement is not None and statement.ended_as else "ENDED"
