"""Generated from the contract by `make spec`."""

from decimal import Decimal
from typing import Literal, TypeAlias, TypedDict


class ReferralLink(TypedDict):
    code: str
    link: str


class ReferralFigures(TypedDict):
    id: str
    code: str
    clicks: int
    signups: int
    conversions: int
    totalEarnings: str
    active: bool


class ReferralReward(TypedDict):
    id: str
    triggerType: str
    amount: str
    clawedBack: Literal[False]
    createdAt: str


class ReferralDashboard(TypedDict):
    link: ReferralFigures | None
    rewards: list[ReferralReward]
    totalEarnings: str


CouponUse: TypeAlias = Literal["MESSAGE", "LOAD"]


class ApplyCouponRequest(TypedDict):
    code: str
    transactionAmount: Decimal
    appliesTo: CouponUse


class AppliedCoupon(TypedDict):
    discount: Decimal
    finalAmount: Decimal
    usageId: str
    expiresAt: str


class ClickTracked(TypedDict):
    tracked: Literal[True]
