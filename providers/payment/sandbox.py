"""The sandbox: a payment provider of our own, with a page of our own, for development and staging.

It signs its notices with a key that is made from the deployment's secret, so nobody has to set anything up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import structlog

from domain.clock import utc_now
from domain.money.payments import Checkout, DisputeState, Movement, PaymentState, RefundState
from domain.money.sandbox import DISPUTE_FEE, EVENTS, STATUSES, fee_of, state_of
from domain.upload import API_URL
from domain.webhooks import WEBHOOKS, Notice, RawNotice
from providers.ports import NoticeUnreadable, ProviderRejected
from providers.signed import require_signed, signed

if TYPE_CHECKING:
    from datetime import date

    from domain.config_keys import Config
    from domain.money.payments import Order
    from providers.ports import SandboxStore

SECONDS = 10
HEADER = "Biore-Sandbox-Signature"
PAGE = "/sandbox/checkout/"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PaymentSandbox:
    """``secrets`` are what notices are signed with: the first, and known by any."""

    store: SandboxStore
    secrets: Callable[[], Sequence[str]] = field(repr=False)


class SandboxPayments:
    name = "sandbox"
    types = frozenset(event for events in EVENTS.values() for event in events)

    def __init__(self, config: Config, http: httpx.AsyncClient, sandbox: PaymentSandbox) -> None:
        self._config = config
        self._http = http
        self._store = sandbox.store
        self._secrets = sandbox.secrets

    @property
    def verifies(self) -> bool:
        return True

    async def checkout(self, order: Order) -> Checkout:
        row = await self._store.open(order)
        if (row.amount, row.currency) != (order.amount, order.currency):
            raise ProviderRejected("the key was used for another amount")
        url = f"{self._config[API_URL].rstrip('/')}{PAGE}{row.id}"
        return Checkout(str(row.id), url, row.expires_at)

    async def find(self, ref: str) -> PaymentState:
        row = await self._store.find(_id(ref))
        if row is None:
            raise ProviderRejected("there is no such session")
        status, charged = STATUSES[state_of(row, utc_now())], row.status == "PAID"
        refunds = (RefundState(f"re_{row.id}", row.amount),) if row.refunded else ()
        disputes = () if row.dispute is None else (_dispute(row),)
        fee = fee_of(row.amount) if charged else None
        return PaymentState(ref, row.payment_id, status, row.amount, row.currency, fee, refunds, disputes)

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        require_signed(notice, HEADER.lower(), self._secrets(), utc_now())
        try:
            told = json.loads(notice.body)
            moment = datetime.fromtimestamp(told["created"], UTC)
            return [Notice(str(told["id"]), str(told["type"]), str(told["object"]), moment)]
        except (ValueError, KeyError, TypeError, OverflowError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None

    def told(self, ref: str, event: str) -> tuple[bytes, dict[str, str]]:
        """A notice as it is sent: its bytes, and the header that signs them."""
        now = utc_now()
        said = {"id": f"evt_{uuid4()}", "type": event, "object": ref, "created": int(now.timestamp())}
        body = json.dumps(said).encode()
        return body, {HEADER: signed(self._secrets()[0], body, now), "Content-Type": "application/json"}

    async def tell(self, ref: str, event: str) -> None:
        """Send a notice to the intake. One that is lost is no harm: whoever began the payment asks."""
        body, headers = self.told(ref, event)
        url = f"{self._config[API_URL].rstrip('/')}{WEBHOOKS}payment/{self.name}"
        try:
            answer = await self._http.post(url, content=body, headers=headers, timeout=SECONDS)
            answer.raise_for_status()
        except httpx.HTTPError as fault:
            log.warning("sandbox.not_told", notice=event, fault=type(fault).__name__)

    async def movements(self, day: date) -> Sequence[Movement]:
        begin = datetime.combine(day, time(), UTC)
        lines = await self._store.lines(begin, begin + timedelta(days=1))
        return [Movement(str(sandbox_id), kind, amount) for sandbox_id, kind, amount in lines]

    async def probe(self) -> str:
        return "the sandbox of this deployment"


def _id(ref: str) -> UUID:
    try:
        return UUID(ref)
    except ValueError:
        raise ProviderRejected("there is no such session") from None


def _dispute(row: Any) -> DisputeState:
    won, closed = row.dispute == "WON", row.dispute != "OPEN"
    return DisputeState(f"dp_{row.id}", row.amount, taken=True, returned=won, closed=closed, fee=DISPUTE_FEE)
