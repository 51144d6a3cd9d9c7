"""The sandbox: a payment provider of our own, with a page of our own, for development and staging."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.clock import utc_now
from domain.config_keys import ListKey
from domain.money.movements import Movement, begin_of, end_of
from domain.money.payments import Checkout, DisputeState, PaymentState, RefundState
from domain.money.sandbox import DISPUTE_FEE, EVENTS, FAULTS, KINDS, STATUSES, Fault, Session, fee_of, state_of
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.sandbox import SandboxProvider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from domain.money.payments import Order, RefundOrder
    from domain.money.sandbox import Action

PAGE = "/sandbox/checkout/"
SWITCHED_ON = ListKey(
    "external.payment.sandbox.faults",
    [],
    "what the sandbox does wrong, as vendors do at times; empty for nothing",
    FAULTS,
)


class PaymentBook(Protocol):
    """Where the sandbox keeps its book, which is none of ours."""

    async def open(self, order: Order) -> Any:
        """The row of the session that was made under the order's key, now or before."""

    async def of_key(self, key: str) -> Any:
        """None for no session."""

    async def find(self, sandbox_id: UUID) -> Session | None:
        """None for no session."""

    async def act(self, sandbox_id: UUID, action: Action, now: datetime) -> bool:
        """False where that cannot be done to it."""

    async def refund(self, sandbox_id: UUID, order: RefundOrder) -> Any:
        """The refund that was made under the order's key, now or before; a text that says why there is none."""

    async def lines(self, begin: datetime, end: datetime) -> Sequence[Any]:
        """Session, kind and amount of what moved."""


class SandboxPayments(SandboxProvider[PaymentBook]):
    family = "payment"
    tells_movements = True
    page = PAGE
    types = frozenset(event for events in EVENTS.values() for event in events)

    async def checkout(self, order: Order) -> Checkout:
        unanswered = self._has("TIMEOUT") and await self._book.of_key(order.key) is None
        row = await self._book.open(order)
        if (row.amount, row.currency) != (order.amount, order.currency):
            raise ProviderRejected("the key was used for another amount")
        _answer(unanswered)
        return Checkout(str(row.id), self._page_of(str(row.id)), row.expires_at)

    async def find(self, ref: str) -> PaymentState:
        session = await self._session(ref)
        row = session.row
        status, charged = STATUSES[state_of(row, utc_now())], row.status == "PAID"
        refunds = tuple(_refund(each) for each in session.refunds)
        disputes = () if row.dispute is None else (_dispute(session),)
        fee = fee_of(row.amount) if charged else None
        return PaymentState(ref, row.payment_id, status, row.amount, row.currency, fee, refunds, disputes)

    async def expire(self, ref: str) -> None:
        session, now = await self._session(ref), utc_now()
        if state_of(session.row, now) == "OPEN" and await self._book.act(session.row.id, "expire", now):
            return
        if STATUSES[state_of((await self._session(ref)).row, now)] in {"OPEN", "PAID"}:
            raise ProviderRejected("the session is paid")

    async def refund(self, order: RefundOrder) -> RefundState:
        unanswered = self._has("TIMEOUT") and await self._has_no_refund(order)
        made = await self._book.refund(_id(order.ref), order)
        if isinstance(made, str):
            raise ProviderRejected(made)
        _answer(unanswered)
        return _refund(made)

    async def tell_all(self, ref: str, events: Sequence[str]) -> None:
        """Send the notices of a button. Raises ProviderUnavailable where one is not taken, or none is sent."""
        notices = [self.told(ref, event) for event in events]
        if self._has("DROP"):
            raise ProviderUnavailable("the notice was not sent")
        if self._has("REORDER"):
            notices.reverse()
        for body, headers in notices:
            for _ in range(2 if self._has("DUPLICATE") else 1):
                await self.post(body, headers)

    def _has(self, fault: Fault) -> bool:
        return fault in self._config[SWITCHED_ON]

    async def _has_no_refund(self, order: RefundOrder) -> bool:
        known = (await self._session(order.ref)).refunds
        return all(each.refund_id != order.refund_id for each in known)

    async def _session(self, ref: str) -> Session:
        session = await self._book.find(_id(ref))
        if session is None:
            raise ProviderRejected("there is no such session")
        return session

    async def movements(self, day: date) -> Sequence[Movement]:
        lines = await self._book.lines(begin_of(day), end_of(day))
        return [Movement(str(sandbox_id), KINDS[kind], amount) for sandbox_id, kind, amount in lines]

    async def probe(self) -> str:
        return "the sandbox of this deployment"


def _answer(unanswered: bool) -> None:
    """What was made before is answered, so whoever asks again is."""
    if unanswered:
        raise ProviderUnavailable("no answer in time")


def _id(ref: str) -> UUID:
    try:
        return UUID(ref)
    except ValueError:
        raise ProviderRejected("there is no such session") from None


def _refund(row: Any) -> RefundState:
    return RefundState(f"re_{row.id}", row.amount, row.status, row.refund_id)


def _dispute(session: Session) -> DisputeState:
    row = session.row
    won, closed = row.dispute == "WON", row.dispute != "OPEN"
    return DisputeState(f"dp_{row.id}", session.disputed, taken=True, returned=won, closed=closed, fee=DISPUTE_FEE)
