"""Objections to what was decided about an account or its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import ApiError
from domain.users.appeals import appeal_view, new_appeal

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Principal, Repositories


async def submit(body: wire.SubmitAppealRequest, principal: Principal, db: Repositories) -> wire.Appeal:
    await db.users.require_present(principal.user_id)
    appeal = await db.appeals.add(principal.user_id, new_appeal(body))
    if appeal is None:
        raise ApiError("error.trust_safety.appeal_already_pending")
    await db.audit.record("user.appeal.submitted", actor=principal.user_id, target=appeal.id)
    return appeal_view(appeal)
