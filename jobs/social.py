"""Followers of accounts that creators connected, counted anew once in a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from domain.creators.social_accounts import AGAIN, LEASE, Untold, next_reading

if TYPE_CHECKING:
    from domain.creators.social_accounts import Sealed, SocialProfile
    from jobs.needs import Clock, Config, Social, UnitOfWork

AT_ONCE = 8
# Of one run: the next one comes within minutes, and other workers take their share.
BATCHES = 50


async def refresh(uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> None:
    for _ in range(BATCHES):
        async with uow() as db:
            claimed = await db.social_accounts.claim(clock(), LEASE, AT_ONCE)
        readings = [_Reading(account, uow, social, config, clock) for account in claimed]
        await asyncio.gather(*(reading.take() for reading in readings))
        if len(claimed) < AT_ONCE:
            return


class _Reading:
    """One account, which nobody else asks for meanwhile. No transaction is open while the platform is asked.

    ``_stored`` is its access token as the row has it: whoever was overtaken writes nothing of the former ones.
    """

    def __init__(self, account: Any, uow: UnitOfWork, social: Social, config: Config, clock: Clock) -> None:
        self._account = account
        self._stored: bytes | None = account.access_token
        self._uow = uow
        self._social = social
        self._config = config
        self._clock = clock

    async def take(self) -> None:
        told = await self._social.read(self._account, self._clock(), self._keep_tokens)
        now = self._clock()
        if told is Untold.REFUSED:
            async with self._uow() as db:
                await db.social_accounts.refuse(self._account.id, self._stored, now)
        elif told is Untold.NOT_NOW:
            async with self._uow() as db:
                await db.social_accounts.put_off(self._account.id, now + AGAIN)
        else:
            await self._keep(told)

    async def _keep_tokens(self, newer: Sealed) -> None:
        async with self._uow() as db:
            await db.social_accounts.keep_tokens(self._account.id, self._stored, newer)
        self._stored = newer.access

    async def _keep(self, profile: SocialProfile) -> None:
        async with self._uow() as db:
            creator_id = await db.social_accounts.hold(self._account.user_id)
            due = next_reading(self._clock(), self._config)
            there = await db.social_accounts.measure(self._account, profile, due)
            if there and creator_id is not None and await db.social_accounts.recount(creator_id):
                await db.bio_pages.changed(creator_id)
