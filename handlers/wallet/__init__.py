"""What is in a person's wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.pages import Page
from domain.wallet import activity_type, activity_view, balance_view, packages_view

if TYPE_CHECKING:
    from domain.wire import wallet as wire
    from handlers.needs import Config, Principal, Repositories


async def packages(config: Config) -> wire.LoadPackages:
    return packages_view(config)


async def balance(principal: Principal, db: Repositories) -> wire.WalletBalance:
    return balance_view(await db.wallets.of_fan(principal.user_id))


async def activity(
    page: int,
    limit: int,
    principal: Principal,
    db: Repositories,
    type: str | None = None,  # noqa: A002
) -> wire.WalletActivities:
    asked = Page(page, limit)
    rows, total = await db.wallets.activity(principal.user_id, activity_type(type), asked)
    return activity_view(rows, asked, total)
