"""Generated from the contract by `make spec`."""

from decimal import Decimal
from typing import Literal, NotRequired, TypedDict

from domain.wire import common


class PayoutRequest(TypedDict):
    amount: str
    method: NotRequired[common.PayoutMethod]


class RequestedPayout(TypedDict):
    payoutId: str


class Payout(TypedDict):
    payoutId: str
    amount: str
    currency: Literal["USD"]
    method: common.PayoutMethod
    status: common.PayoutStatus
    failureReason: common.PayoutFailedFor
    requestedAt: str
    processedAt: str | None


class PayoutReport(TypedDict):
    payouts: list[Payout]
    total: Decimal
    count: int


class CancelledPayout(TypedDict):
    payoutId: str
    status: common.PayoutStatus
