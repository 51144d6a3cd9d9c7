"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class MailboxMessage(TypedDict):
    id: str
    to: str
    subject: str
    text: str
    html: str
    locale: str
    createdAt: str


class Mailbox(TypedDict):
    messages: list[MailboxMessage]


class TestMailRequest(TypedDict):
    to: str
    provider: NotRequired[str]


class TestSmsRequest(TypedDict):
    to: str
    provider: NotRequired[str]


class TestTokenRequest(TypedDict):
    token: str
    provider: NotRequired[str]


class TestStorageRequest(TypedDict):
    provider: NotRequired[str]


class TestGeoIpRequest(TypedDict):
    address: str
    provider: NotRequired[str]


class ReceivedWebhooks(TypedDict):
    events: list[common.WebhookEvent]


PaymentOutcome: TypeAlias = Literal["pay", "pay_later", "decline", "expire", "charge_back", "win", "lose", "refund", "confirm_refund", "fail_refund"]


class SimulatePaymentRequest(TypedDict):
    outcome: PaymentOutcome


class Simulation(TypedDict):
    state: str
    outcomes: list[str]
    notified: bool


KycOutcome: TypeAlias = Literal["submit", "approve", "reject", "reject_for_good", "resubmit", "expire"]


class SimulateKycRequest(TypedDict):
    outcome: KycOutcome
    document: NotRequired[str]
    documentUntil: NotRequired[str]


PayoutAccountOutcome: TypeAlias = Literal["submit", "enable", "restrict", "disable"]


class SimulatePayoutAccountRequest(TypedDict):
    outcome: PayoutAccountOutcome


PayoutOutcome: TypeAlias = Literal["pay", "fail", "return"]


class SimulatePayoutRequest(TypedDict):
    outcome: PayoutOutcome
