"""Objections to what was decided about an account or its content (DSA Art. 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import ApiError
from domain.users.appeals import appeal_view, new_appeal, new_appeal_by_link, require_open

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Clock, Config, Principal, Repositories


async def submit(
    body: wire.SubmitAppealRequest, principal: Principal, db: Repositories, clock: Clock, config: Config
) -> wire.Appeal:
    await db.users.require_present(principal.user_id)
    statement = await _meant(body, principal.user_id, db)
    require_open(statement, clock(), config)
    return await _add(db, principal.user_id, new_appeal(body, statement))


async def _meant(body: wire.SubmitAppealRequest, user_id: UUID, db: Repositories) -> Any:
    """The restriction that the appeal is against, as far as we know one."""
    if "statementId" in body:
        statement = await db.statements.find_of(user_id, UUID(body["statementId"]))
        if statement is None:
            raise ApiError("error.trust_safety.statement_not_found")
        return statement
    if "banId" in body:
        return await db.statements.find_by_ban(user_id, UUID(body["banId"]))
    return await db.statements.latest(user_id, body["type"])


async def submit_by_link(body: wire.AppealByLinkRequest, db: Repositories, clock: Clock, config: Config) -> wire.Appeal:
    """Who is shut out cannot sign in: the link of the statement's mail is the proof."""
    statement = await db.statements.find_by_token(UUID(body["token"]))
    if statement is None:
        raise ApiError("error.trust_safety.appeal_link_invalid")
    require_open(statement, clock(), config)
    return await _add(db, statement.user_id, new_appeal_by_link(body, statement))


async def _add(db: Repositories, user_id: UUID, columns: dict[str, Any]) -> wire.Appeal:
    appeal = await db.appeals.add(user_id, columns)
    if appeal is None:
        raise ApiError("error.trust_safety.appeal_already_pending")
    await db.audit.record("user.appeal.submitted", actor=user_id, target=appeal.id)
    return appeal_view(appeal)
