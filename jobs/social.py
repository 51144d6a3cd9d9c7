"""Followers of accounts that creators connected, counted anew once in a while."""

from __future__ import annotations

import asyncio
from collections import Counter
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
    outcomes = Counter(read=0, refused=0, put_off=0, failed=0)
    for _ in range(BATCHES):
        async with uow() as db:
            claimed = await db.social_accounts.claim(clock(), LEASE, AT_ONCE)
        outcomes.update(
            await asyncio.gather(*(_outcome(account, uow, social, config, clock) for account in claimed)),
        )
        if len(claimed) < AT_ONCE:
            break
    if outcomes.total():
        social.tell(outcomes)


async def _outcome(account: Any, uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> str:
    """One account's own: what fails here neither stops the others nor hides what became of them."""
    try:
        return await _read(account, uow, social, config, clock)
    except Exception as error:
        social.failed(account, error)
    try:
        async with uow() as db:
            await db.social_accounts.put_off(account.id, clock() + AGAIN)
    except Exception as error:  # its turn comes when the claim ends
        social.failed(account, error)
    return "failed"


async def _read(account: Any, uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> str:
    """Of one account, which nobody else asks for meanwhile. No transaction is open while the platform is asked."""
    stored: bytes | None = account.access_token  # as the row has it: who was overtaken writes nothing of former tokens

    async def keep_tokens(newer: Sealed) -> None:
        nonlocal stored
        async with uow() as db:
            await db.social_accounts.keep_tokens(account.id, stored, newer)
        stored = newer.access

    told = await social.read(account, clock(), keep_tokens)
    if told is Untold.REFUSED:
        await _forget(account, stored, uow, clock())
        return "refused"
    if told is Untold.NOT_NOW:
        async with uow() as db:
            await db.social_accounts.put_off(account.id, clock() + AGAIN)
        return "put_off"
    await _keep(account, told, uow, next_reading(clock(), config))
    return "read"


async def _forget(account: Any, tried: bytes | None, uow: UnitOfWork, now: datetime) -> None:
    async with uow() as db:
        creator_id = await db.social_accounts.hold(account.user_id)
        there = await db.social_accounts.refuse(account.id, tried, now)
        if there and creator_id is not None:
            await db.social_accounts.recount(creator_id)
            await db.bio_pages.changed(creator_id, by_owner=False)


async def _keep(account: Any, profile: SocialProfile, uow: UnitOfWork, due: datetime) -> None:
    async with uow() as db:
        creator_id = await db.social_accounts.hold(account.user_id)
        there = await db.social_accounts.measure(account, profile, due)
        if there and creator_id is not None and await db.social_accounts.recount(creator_id):
            await db.bio_pages.changed(creator_id, by_owner=False)
