"""Generated from the contract by `make spec`."""

from typing import NotRequired, TypedDict


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
