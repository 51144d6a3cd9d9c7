"""Who is shut out, why and for how long (DSA Art. 17)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin.statements import (
    KIND_OF,
    StatusChange,
    account_status_view,
    new_statement,
    read_until,
    refused_view,
    status_told,
)
from domain.errors import ApiError, moved_on, transition_invalid

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, UnitOfWork


async def change(
    id: str,  # noqa: A002
    body: wire.ChangeStatusRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.AccountStatus:
    act = _read(body, principal, clock(), "admin.user_status.change")
    user, ban = await _carry_out(db, UUID(id), act, expected_version)
    return account_status_view(user, ban)


async def change_many(
    body: wire.ChangeManyStatusesRequest, principal: Principal, uow: UnitOfWork, clock: Clock
) -> wire.StatusResults:
    """Each account in a transaction of its own: what fails for one is done for the others.

    A call that broke off may be repeated: what it did is unchanged then.
    """
    act = _read(body, principal, clock(), "admin.user_status.change_many")
    results = [await _one_of_many(uow, user_id, act) for user_id in dict.fromkeys(body["ids"])]
    outcomes = Counter[str](result["outcome"] for result in results)
    async with uow.last() as db:
        await db.audit.record(act.action, actor=principal.user_id, reason=act.reason, after=outcomes)
    return {"results": results}


async def _one_of_many(uow: UnitOfWork, user_id: str, act: StatusChange) -> wire.StatusResult:
    try:
        async with uow() as db:
            await _carry_out(db, UUID(user_id), act, None)
    except ApiError as refusal:
        return refused_view(user_id, refusal, act)
    return {"id": user_id, "outcome": "DONE", "code": None}


def _read(body: Any, principal: Principal, now: datetime, action: str) -> StatusChange:
    act = StatusChange(
        body["status"], body.get("statement"), read_until(body, now), body["reason"], principal, now, action
    )
    if act.kind is not None and act.statement is None:
        raise ApiError("admin.statement_required")
    return act


async def _carry_out(db: Repositories, user_id: UUID, act: StatusChange, version: int | None) -> tuple[Any, Any]:
    """The account and its exclusion as they are then. ``version``: in which the caller has read the account."""
    user = await db.admin_users.hold(user_id, act.by)
    if version is not None and user.admin_version != version:  # held, so that it stays so
        raise moved_on(user.admin_version)
    if user.status == "DELETED":
        raise ApiError("admin.user.erased")
    if act.kind is None:
        await _let_in(db, user, act)
    else:
        await _shut_out(db, user, act.kind, act)
    ban, changed = await db.statements.live_exclusion(user_id), await db.users.get(user_id)
    before, after, by = {"status": user.status}, status_told(changed, ban), act.by.user_id
    await db.audit.record(act.action, actor=by, target=user_id, reason=act.reason, before=before, after=after)
    return changed, ban


async def _shut_out(db: Repositories, user: Any, kind: str, act: StatusChange) -> None:
    await db.staff.require_other_owner(user.id)
    told = act.statement or {}
    columns = new_statement(kind, told, user_id=user.id, by=act.by.user_id, now=act.now, until=act.until)
    await db.statements.restrict(columns, version=user.admin_version)


async def _let_in(db: Repositories, user: Any, act: StatusChange) -> None:
    """Who was shut out before there were statements is let in by the status alone."""
    if user.status not in KIND_OF:
        raise transition_invalid(user.status, "ACTIVE")
    ban = await db.statements.live_exclusion(user.id)
    if ban is None:
        await db.users.change_seen(user.id, user.admin_version, status="ACTIVE")
    else:
        await db.statements.lift(ban.statement_id, act.by.user_id, act.now)
