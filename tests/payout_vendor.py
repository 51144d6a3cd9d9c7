"""A payout provider with a book of its own, which fails as vendors do, and payouts for it to pay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from domain.money import flows
from domain.money.ledger import WalletName, platform
from domain.money.payouts import PayoutState
from providers.ports import ProviderRejected, ProviderUnavailable
from tests.creators import Creator, creator
from tests.handlers.support import insert
from tests.money import post
from tests.payment_vendor import Fault, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from domain.money.movements import Movement
    from domain.money.payouts import PayoutOrder
    from domain.webhooks import Notice, RawNotice
    from tests.harness import Api, Server, Tables

VENDOR = "vendor"


def death() -> None:
    raise RuntimeError("the worker was killed")


def refused(code: str) -> Fault:
    def refuse() -> None:
        raise ProviderRejected(code)

    return refuse


@dataclass
class Line:
    amount: int
    state: PayoutState


class PayoutVendor:
    """``before`` and ``after`` it pays something happens. ``book``: what it was asked for, by key."""

    name = VENDOR
    types: frozenset[str] = frozenset()
    tells_movements = False
    verifies = False

    def __init__(self) -> None:
        self.before: Fault = nothing
        self.after: Fault = nothing
        self.becomes: Any = "PAID"
        self.book: dict[str, Line] = {}
        self.asked = 0
        self.gone = False

    @property
    def paid(self) -> int:
        """What has left it for good."""
        return sum(line.amount for line in self.book.values() if line.state.state == "PAID")

    def now(self, key: str, state: Any, reason: str | None = None) -> None:
        line = self.book[key]
        line.state = replace(line.state, state=state, reason=reason)

    async def pay(self, order: PayoutOrder) -> PayoutState:
        self.asked += 1
        self.before()
        if order.key not in self.book:
            state = PayoutState(f"po_{uuid4().hex}", self.becomes, fee=25)
            self.book[order.key] = Line(order.amount, state)
        self.after()
        return self.book[order.key].state

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        if self.gone:
            raise ProviderUnavailable("no answer in time")
        line = self.book.get(order.key)
        assert line is None or ref in (None, line.state.ref)
        return None if line is None else line.state

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        del notice
        return []

    async def movements(self, day: date) -> Sequence[Movement]:
        raise ProviderUnavailable("no list of movements")

    async def probe(self) -> str:
        return "fine"


@contextmanager
def payout_vendor(server: Server) -> Iterator[PayoutVendor]:
    vendor = PayoutVendor()
    family = server.app.parts.providers.payout
    family.join(vendor)
    try:
        yield vendor
    finally:
        family._adapters.pop(VENDOR)


def wallet_of(user_id: UUID) -> WalletName:
    return WalletName(user_id, "CREATOR")


def earned(server: Server, user_id: UUID, amount: int) -> None:
    """In cents."""
    post(server, flows.adjusted(wallet_of(user_id), uuid4(), "creator", amount, platform("goodwill"), user_id))


def ready(api: Api, tables: Tables, **names: str) -> Creator:
    """A creator who may be paid out: identified, with a tax form, and an account at the provider."""
    one = creator(api, tables, kyc_status="APPROVED", **names)
    form = {"type": "W9", "country": "US", "details": b"sealed", "signed_at": "2026-01-02", "state": "APPROVED"}
    insert(tables, "tax_forms", user_id=one.user_id, **form, decided_at="2026-01-03", decided_by=one.user_id)
    account = {"provider": VENDOR, "ref": f"acct_{uuid4().hex}", "status": "ACTIVE", "payouts_enabled": True}
    insert(tables, "payout_accounts", user_id=one.user_id, **account)
    return one


def payout_of(server: Server, one: Creator, amount: int = 10_000, **columns: Any) -> UUID:
    """A payout that was requested, of money that was earned for it; so no hold of its account is left."""
    tables, wallet, payout_id = server.tables, wallet_of(one.user_id), uuid4()
    earned(server, one.user_id, amount)
    row: dict[str, Any] = {"method": "PLATFORM_ACCOUNT", "provider": VENDOR, "status": "PENDING"} | columns
    if row["method"] == "PLATFORM_ACCOUNT":
        account = "SELECT id FROM payout_accounts WHERE user_id = %s AND closed_at IS NULL"
        row["account_id"] = tables.one(account, one.user_id)["id"]
        held = "UPDATE payout_accounts SET held_until = now() WHERE id = %s AND held_until > now()"
        tables.run(held, row["account_id"])
    if row["status"] == "APPROVED":
        row |= {"approved_at": "2026-01-02", "due_at": "2026-01-02"} | columns
    insert(
        tables, "payouts", id=payout_id, user_id=one.user_id, wallet_id=wallet.id, amount=amount, currency="USD", **row
    )
    post(server, flows.payout_requested(wallet, payout_id, 1, amount))
    return payout_id
