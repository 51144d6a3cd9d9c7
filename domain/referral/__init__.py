"""Referral links: the codes that they get, and how they are told to their owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from domain.clock import timestamp
from domain.config_keys import Config
from domain.content import CANONICAL_BASE_URL
from domain.money.amounts import Money
from domain.money.coupons import Reservation
from domain.presenting import presented
from domain.wire import referral as wire

TRIES = 3
CODE_BYTES = 4
"""Eight characters, as a UUID begins with."""


def candidate_codes(username: str | None, random: Sequence[bytes]) -> Iterator[str]:
    """At most three: the username, if there is one, then random ones."""
    codes = [username] if username else []
    codes += [each.hex() for each in random]
    yield from codes[:TRIES]


def link_view(link: Any, config: Config) -> wire.ReferralLink:
    site = urlsplit(config[CANONICAL_BASE_URL])
    return {"code": link.code, "link": f"{site.netloc}{site.path.rstrip('/')}/ref/{link.code}"}


def dashboard_view(link: Any, rewards: Sequence[Any]) -> wire.ReferralDashboard:
    return {
        "link": None if link is None else presented(wire.ReferralFigures, link),
        "rewards": [_reward_view(reward) for reward in rewards],
        "totalEarnings": "0" if link is None else str(link.total_earnings),
    }


def _reward_view(reward: Any) -> wire.ReferralReward:
    return presented(wire.ReferralReward, reward, clawedBack=False, createdAt=timestamp(reward.created_at))


def coupon_view(reserved: Reservation) -> wire.AppliedCoupon:
    return {
        "discount": Money(reserved.discount).major,
        "finalAmount": Money(reserved.to_pay).major,
        "usageId": str(reserved.id),
        "expiresAt": timestamp(reserved.expires_at),
    }
