"""Rewards for referrals: earned by the first load that somebody pays, paid when it has stood for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money import flows
from domain.money.amounts import MINOR, Money
from domain.money.ledger import WalletName
from domain.referral.rewards import (
    ASKED_AGAIN,
    MONTHLY_BUDGET,
    can_claw_back,
    held_until,
    month_of,
    next_month,
    over_limit,
    reward_of,
    was_taken_back,
)
from domain.switches import REFERRAL
from services.money.gifts import GiftService

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.config_keys import Config
    from domain.referral.rewards import Why
    from persistence.models import Payment, ReferralReward
    from persistence.money.payments import HeldPayment
    from persistence.repositories import Repositories


class RewardService:
    """Works inside the caller's unit of work."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._gifts = GiftService()

    async def make(self, db: Repositories, held: HeldPayment, now: datetime) -> None:
        """If the payment, which is held, is the first that somebody pays whom another account referred.

        Before any wallet is held: whoever has the account waits for the wallet.
        """
        amount = reward_of(self._config)
        if not amount or held.wallet.type != "FAN":
            return
        payment, referee_id = held.row, held.wallet.user_id
        until = held_until(now, self._config)
        made = await db.rewards.make(referee_id, payment.wallet_id, payment.id, amount, until)
        if made is not None:
            reward_id, user_id = made
            why = (await db.rewards.alike(user_id, referee_id)).why
            if why is not None:  # where they sign in from is forgotten in time
                await db.rewards.end(reward_id, "VOID", now, why)

    async def due(self, db: Repositories, now: datetime, but: Sequence[UUID], most: int) -> Sequence[UUID]:
        """To pay, or to take back. While referrals are switched off nothing is paid."""
        states = ["PAID"] if self._config[REFERRAL] else ["HELD", "PAID"]
        return await db.rewards.due(now, but, states, most)

    async def settle(self, db: Repositories, reward_id: UUID, now: datetime) -> None:
        """Make of it what has become of its payment. Twice is once."""
        if self._config[MONTHLY_BUDGET]:
            await db.rewards.hold_budget()
        parties = await db.rewards.parties(reward_id)
        if parties is None:
            return
        people = await db.rewards.hold_people(parties.user_id, parties.referee_id)
        payment = await db.payments.hold(parties.payment_id)
        reward = await db.rewards.hold(reward_id)
        if payment is None:
            return
        if reward.state == "HELD":
            await self._judge(db, reward, payment.row, people, now)
        elif reward.state == "PAID" and can_claw_back(payment.row, now, self._config):
            await self._claw_back(db, reward, now)
        else:
            await db.rewards.postpone(reward.id, None)

    async def _judge(
        self, db: Repositories, reward: ReferralReward, payment: Payment, people: Mapping[UUID, str], now: datetime
    ) -> None:
        if await db.disputes.is_undecided(payment.id):
            await db.rewards.postpone(reward.id, now + ASKED_AGAIN)
        elif was_taken_back(payment):
            await db.rewards.end(reward.id, "VOID", now, "PAYMENT_TAKEN_BACK")
        elif now < reward.held_until:
            await db.rewards.postpone(reward.id, reward.held_until)
        elif (why := await self._refusal(db, reward, people)) is not None:
            await db.rewards.end(reward.id, "VOID", now, why)
        elif await self._is_spent(db, reward, now):
            await db.rewards.postpone(reward.id, next_month(now))
        else:
            await self._pay(db, reward, now)

    async def _refusal(self, db: Repositories, reward: ReferralReward, people: Mapping[UUID, str]) -> Why | None:
        if people.get(reward.user_id) != "ACTIVE":
            return "REFERRER_NOT_ACTIVE"
        if people.get(reward.referee_id) != "ACTIVE":
            return "REFEREE_NOT_ACTIVE"
        alike = (await db.rewards.alike(reward.user_id, reward.referee_id)).why
        return alike or over_limit(await db.rewards.earned(reward), _minor(reward), self._config)

    async def _is_spent(self, db: Repositories, reward: ReferralReward, now: datetime) -> bool:
        budget = self._config[MONTHLY_BUDGET] * MINOR
        return budget > 0 and await db.rewards.spent(month_of(now)) + _minor(reward) > budget

    async def _pay(self, db: Repositories, reward: ReferralReward, now: datetime) -> None:
        wallet = WalletName(reward.user_id, "FAN")
        await db.rewards.end(reward.id, "PAID", now)
        await db.rewards.count(reward, 1)
        await self._gifts.give(db, wallet, "REWARD", flows.rewarded(wallet, reward.id, _minor(reward)), reward.id, None)
        told = {"amount": str(Money.of(reward.amount))}
        await db.notifications.notify("reward_paid", reward.user_id, told, f"reward:{reward.id}")

    async def _claw_back(self, db: Repositories, reward: ReferralReward, now: datetime) -> None:
        """What is left of it. What comes back with a message later lives as any expired gift does."""
        wallet = WalletName(reward.user_id, "FAN")
        await db.rewards.end(reward.id, "CLAWED_BACK", now)
        await db.rewards.count(reward, -1)
        left = await self._gifts.withdraw(db, wallet, "REWARD", reward.id, now)
        if left:
            has = await db.ledger.balances(wallet)
            back = flows.reward_taken_back(wallet, reward.id, left, has)
            if back is not None:
                await db.ledger.post(back)


def _minor(reward: ReferralReward) -> int:
    return Money.of(reward.amount).minor
