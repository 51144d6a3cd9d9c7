"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class PayoutRequest(TypedDict):
    amount: str
    method: NotRequired[common.PayoutMethod]


class RequestedPayout(TypedDict):
    payoutId: str


PayoutFailedFor: TypeAlias = Literal["DESTINATION_REJECTED", "DESTINATION_NEGATIVE", "TREASURY_EMPTY", "PROVIDER_REJECTED", "RETURNED", None]


class Payout(TypedDict):
    payoutId: str
    amount: str
    currency: Literal["USD"]
    method: common.PayoutMethod
    status: common.PayoutStatus
    failureReason: PayoutFailedFor
    requestedAt: str
    processedAt: str | None


class PayoutReport(TypedDict):
    payouts: list[Payout]
    total: float
    count: int


class CancelledPayout(TypedDict):
    payoutId: str
    status: common.PayoutStatus
