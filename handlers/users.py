"""The account of the signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.users import MAX_SOCIAL_ACCOUNTS, profile_view

if TYPE_CHECKING:
    from handlers.needs import Principal, Repositories


async def profile(principal: Principal, db: Repositories) -> dict[str, Any]:
    user = await db.users.get(principal.user_id)
    is_creator = await db.creators.exists_for(user.id)
    accounts = await db.creators.social_accounts(user.id, MAX_SOCIAL_ACCOUNTS)
    return profile_view(user, is_creator, accounts)
