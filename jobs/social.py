"""Followers of accounts that creators connected, counted anew once in a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from domain.creators.social_accounts import AGAIN, LEASE, Untold, next_reading

if TYPE_CHECKING:
    from datetime import datetime

    from domain.creators.social_accounts import Sealed, SocialProfile
    from jobs.needs import Clock, Config, Social, UnitOfWork

AT_ONCE = 8
# Of one run: the next one comes within minutes, and other workers take their share.
BATCHES = 50


async def refresh(uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> None:
    for _ in range(BATCHES):
        async with uow() as db:
            claimed = await db.social_accounts.claim(clock(), LEASE, AT_ONCE)
        await asyncio.gather(*(_read(account, uow, social, config, clock) for account in claimed))
        if len(claimed) < AT_ONCE:
            return


async def _read(account: Any, uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> None:
    """Of one account, which nobody else asks for meanwhile. No transaction is open while the platform is asked."""
    stored: bytes | None = account.access_token  # as the row has it: who was overtaken writes nothing of former tokens

    async def keep_tokens(newer: Sealed) -> None:
        nonlocal stored
        async with uow() as db:
            await db.social_accounts.keep_tokens(account.id, stored, newer)
        stored = newer.access

    told = await social.read(account, clock(), keep_tokens)
    if told is Untold.REFUSED:
        async with uow() as db:
            await db.social_accounts.refuse(account.id, stored, clock())
    elif told is Untold.NOT_NOW:
        async with uow() as db:
            await db.social_accounts.put_off(account.id, clock() + AGAIN)
    else:
        await _keep(account, told, uow, next_reading(clock(), config))


async def _keep(account: Any, profile: SocialProfile, uow: UnitOfWork, due: datetime) -> None:
    async with uow() as db:
        creator_id = await db.social_accounts.hold(account.user_id)
        there = await db.social_accounts.measure(account, profile, due)
        if there and creator_id is not None and await db.social_accounts.recount(creator_id):
            await db.bio_pages.changed(creator_id, by_owner=False)
