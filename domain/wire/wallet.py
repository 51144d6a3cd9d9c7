"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypedDict

from domain.wire import common


class LoadPackages(TypedDict):
    packages: list[int]
    min: int
    max: int
    currency: Literal["USD"]


class WalletBalance(TypedDict):
    balance: str
    frozen: bool
    owed: NotRequired[str]


class WalletActivity(TypedDict):
    id: str
    walletId: str
    type: common.WalletActivityType
    amount: str
    balanceBefore: str
    balanceAfter: str
    referenceType: common.WalletReference
    referenceId: str
    description: str
    createdAt: str


class WalletActivities(TypedDict):
    items: list[WalletActivity]
    total: int
    page: int
    limit: int
    totalPages: int


class LoadRequest(TypedDict):
    amount: str
    returnPath: NotRequired[str]
    couponUsageId: NotRequired[str]


class LoadSession(TypedDict):
    sessionId: str
    checkoutUrl: str


class ClaimRequest(TypedDict):
    claimCode: str


class WalletClaim(TypedDict):
    balance: str
    earnings: str
    currency: Literal["USD"]


class LoadState(TypedDict):
    sessionId: str
    status: common.LoadStatus
    amount: str
    currency: Literal["USD"]
    creditedAt: str | None
