"""Generated from the contract by `make spec`."""

from typing import Any, NotRequired, TypedDict

from domain.wire import common


class Ticket(TypedDict):
    id: str
    userId: str
    categoryId: str | None
    subject: str
    status: common.TicketStatus
    priority: common.TicketPriority
    assignedTo: str | None
    resolvedAt: str | None
    closedAt: str | None
    createdAt: str
    updatedAt: str


class Tickets(TypedDict):
    items: list[Ticket]
    total: int
    page: int
    limit: int
    totalPages: int


class CreateTicketRequest(TypedDict):
    subject: str
    content: str
    categoryId: NotRequired[str]
    priority: NotRequired[common.TicketPriority]


class CreatedTicket(TypedDict):
    ticketId: str


class TicketMessage(TypedDict):
    id: str
    ticketId: str
    authorType: common.TicketAuthorType
    authorName: str | None
    content: str
    createdAt: str


class TicketDetail(TypedDict):
    id: str
    userId: str
    categoryId: str | None
    subject: str
    status: common.TicketStatus
    priority: common.TicketPriority
    assignedTo: str | None
    resolvedAt: str | None
    closedAt: str | None
    createdAt: str
    updatedAt: str
    messages: list[TicketMessage]
    category: dict[str, Any] | None


class ReplyTicketRequest(TypedDict):
    content: str
    isInternal: NotRequired[bool]
