"""The account of the signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.auth import read_one_time_token
from domain.errors import ApiError
from domain.users import MAX_SOCIAL_ACCOUNTS, profile_view

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from handlers.needs import Body, Clock, Principal, Repositories


async def profile(principal: Principal, db: Repositories) -> dict[str, Any]:
    user = await db.users.get(principal.user_id)
    is_creator = await db.creators.exists_for(user.id)
    accounts = await db.creators.social_accounts(user.id, MAX_SOCIAL_ACCOUNTS)
    return profile_view(user, is_creator, accounts)


async def reactivate(
    body: Body, x_reactivate_token: str | None, principal: Principal | None, db: Repositories, clock: Clock
) -> None:
    token = x_reactivate_token or (body or {}).get("token")
    if token:
        user_id = await _owner_of(token, db, clock())
    elif principal is not None:
        user_id = principal.user_id
    else:
        raise ApiError("auth.unauthenticated")
    if not await db.users.reactivate(user_id):
        raise ApiError("error.user.account_not_deactivated")
    await db.audit.record("user.reactivate.success", actor=user_id, target=user_id)


async def _owner_of(token: str, db: Repositories, now: datetime) -> UUID:
    parsed = read_one_time_token(token)
    user_id = await db.reactivation_tokens.consume(parsed, now) if parsed is not None else None
    if user_id is None:
        raise ApiError("error.user.reactivation_invalid")
    return user_id
