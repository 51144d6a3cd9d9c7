"""The account of the signed-in person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import topics
from domain.auth import REACTIVATION_TTL_DAYS, require_password
from domain.errors import ApiError
from domain.users import attribution_view, profile_columns, profile_view, updated_profile_view

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import (
        AvatarColumns,
        Changes,
        Clock,
        Config,
        CurrentPassword,
        Moderation,
        Principal,
        Repositories,
        UnitOfWork,
    )


async def profile(principal: Principal, db: Repositories, max_items: int) -> wire.UserProfile:
    user, accounts = await db.users.get_with_social_accounts(principal.user_id, max_items)
    return profile_view(user, principal.creator_id is not None, accounts)


async def update_profile(
    body: wire.UpdateProfileRequest,
    principal: Principal,
    db: Repositories,
    avatar_columns: AvatarColumns,
    moderation: Moderation,
    clock: Clock,
) -> wire.UpdatedProfile:
    columns = profile_columns(body)
    if "avatarUrl" in body:
        columns |= await avatar_columns(db, body["avatarUrl"], principal.user_id)
    # Held against all who decide about the account: they take its case before its page, which this takes after it.
    user = await db.users.get_for_update(principal.user_id)
    if columns:
        user = await db.users.change(user.id, **columns)
    flagged = moderation.texts(columns, user.locale)
    await db.cases.flag(user.id, [found.written(clock()) for found in flagged])
    return updated_profile_view(user)


async def attribution(principal: Principal, db: Repositories) -> wire.UserAttribution:
    return attribution_view(await db.users.get(principal.user_id))


async def reactivate(
    body: wire.ReactivateRequest,
    x_reactivate_token: str | None,
    principal: Principal | None,
    db: Repositories,
    clock: Clock,
) -> None:
    token, now = x_reactivate_token or (body or {}).get("token"), clock()
    if token:
        user_id = await db.reactivation_tokens.redeem(token, now)
    elif principal is not None:
        user_id = principal.user_id
    else:
        raise ApiError("auth.unauthenticated")
    if not await db.users.change_status(user_id, "DEACTIVATED", "ACTIVE"):
        raise ApiError("error.user.account_not_deactivated")
    if await db.gdpr_requests.cancel_deletion(user_id, now) is not None:
        await db.outbox.add(topics.DeletionCancelled(user_id))
        await db.audit.record("gdpr.delete.cancelled", actor=user_id, target=user_id)
    await db.audit.record("user.reactivate.success", actor=user_id, target=user_id)


async def deactivate(
    body: wire.DeactivateRequest,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    current_password: CurrentPassword,
    changes: Changes,
) -> None:
    async with uow() as db:
        user = await db.users.get(principal.user_id)
    matched = await current_password.matches(uow, user.id, user.password_hash, body["password"])
    require_password(user.password_hash, matched=matched)
    now, life = clock(), timedelta(days=config[REACTIVATION_TTL_DAYS])

    async with uow() as db:
        await db.sessions.hold_compared(principal.session_id, user, "error.user.password_incorrect")
        await db.staff.require_other_owner(user.id, "error.user.last_owner")
        notice = await changes.note(db, user.id, "account_deactivated")
        if not await db.users.deactivate(user.id):  # another call was faster, and ended the session of this one
            raise ApiError("auth.unauthenticated")
        await db.sessions.revoke_all(user.id, now)
        await db.password_resets.invalidate(user.id, now)
        token = await db.reactivation_tokens.start(user.id, now, life)
        await db.outbox.add(topics.AccountDeactivated(user.id), notice.written(str(token)))
        await db.audit.record("user.deactivate.success", actor=user.id, target=user.id)
