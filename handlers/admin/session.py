"""A member of the staff proves once more who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin import fresh_until
from domain.clock import timestamp
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, CurrentPassword, Principal, SecondFactor, UnitOfWork

INVALID = "admin.confirm_invalid"


async def confirm(
    body: wire.StaffConfirmRequest,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    current_password: CurrentPassword,
    second_factor: SecondFactor,
) -> wire.StaffConfirmation:
    async with uow() as db:
        user = await db.users.find(principal.user_id)
    if user is None or not await current_password.matches(uow, user.id, user.password_hash, body["password"]):
        raise ApiError(INVALID)
    await second_factor.begin(uow, user.id)

    now = clock()
    async with uow() as db:
        held = await db.users.find_for_update(user.id)
        same = held is not None and held.password_hash == user.password_hash
        right = same and await second_factor.accepts_any(db, user.id, body["code"])
        if right:
            await second_factor.forget_failures(db, user.id)
            right = await db.sessions.confirm(principal.session_id, now)
        action, result = ("confirm", "success") if right else ("confirm_failure", "failure")
        target = principal.session_id
        await db.audit.record(f"admin.session.{action}", result=result, actor=user.id, target=target)
    if not right:  # told after the commit: the code is consumed although the request fails
        raise ApiError(INVALID)
    return {"freshUntil": timestamp(fresh_until(now, config))}
