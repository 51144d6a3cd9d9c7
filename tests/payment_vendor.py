"""A payment provider that fails as vendors do: before it acts, after it has acted, or by its silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from providers.ports import ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.movements import Movement
    from domain.money.payments import Checkout, Order, PaymentState, RefundOrder, RefundState
    from domain.webhooks import Notice, RawNotice
    from providers.payment.sandbox import SandboxPayments
    from tests.harness import Server

Fault = Callable[[], None]


def nothing() -> None:
    pass


def silence() -> None:
    raise ProviderUnavailable("no answer in time")


class Faulty:
    """The sandbox, with what happens before it makes something, and after that. ``asked``: how often it was.

    ``mute``: it does not tell what moved; ``more``: what moved besides.
    """

    def __init__(self, sandbox: SandboxPayments) -> None:
        self.sandbox = sandbox
        self.name = sandbox.name
        self.types = sandbox.types
        self.tells_movements = sandbox.tells_movements
        self.mute = False
        self.more: Mapping[date, Sequence[Movement]] = {}
        self.before: Fault = nothing
        self.after: Fault = nothing
        self.asked = 0

    @property
    def verifies(self) -> bool:
        return self.sandbox.verifies

    async def checkout(self, order: Order) -> Checkout:
        self.asked += 1
        self.before()
        made = await self.sandbox.checkout(order)
        self.after()
        return made

    async def find(self, ref: str) -> PaymentState:
        self.asked += 1
        return await self.sandbox.find(ref)

    async def expire(self, ref: str) -> None:
        self.asked += 1
        await self.sandbox.expire(ref)

    async def refund(self, order: RefundOrder) -> RefundState:
        self.asked += 1
        self.before()
        made = await self.sandbox.refund(order)
        self.after()
        return made

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        return self.sandbox.read(notice)

    async def movements(self, day: date) -> Sequence[Movement]:
        if self.mute:
            silence()
        return [*(await self.sandbox.movements(day)), *self.more.get(day, ())]

    async def probe(self) -> str:
        return await self.sandbox.probe()


@contextmanager
def faulty(server: Server) -> Iterator[Faulty]:
    """In place of the sandbox."""
    payments = server.app.parts.providers.payment
    sandbox: Any = payments.adapter("sandbox")
    vendor = Faulty(sandbox)
    payments.join(vendor)
    try:
        yield vendor
    finally:
        payments.join(sandbox)
