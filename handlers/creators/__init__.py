"""What a creator runs the page with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.creators import social_account_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import creators as wire
    from handlers.needs import Principal, Repositories


async def social(principal: Principal, db: Repositories, max_items: int) -> Sequence[wire.SocialAccount]:
    accounts = await db.creators.social_accounts(principal.user_id, max_items)
    return [social_account_view(account) for account in accounts]
