"""Generated from the contract by `make spec`."""

from typing import TypedDict


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
