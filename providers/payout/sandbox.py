"""The sandbox: a payout provider of our own, with pages of our own, for development and staging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from domain.config_keys import BoolKey
from domain.money.movements import Movement, begin_of, end_of
from domain.money.payouts import PayoutState
from domain.money.sandbox_payouts import ACCOUNT_CHANGED, FEE, TRANSFER_CHANGED, account_state, fee_of
from providers.ports import ProviderRejected
from providers.sandbox import SandboxProvider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from domain.money.payouts import AccountState, NewAccount, PayoutOrder

ACCOUNT_PAGE, TRANSFER_PAGE = "/sandbox/payout-accounts/", "/sandbox/payouts/"
PAYS_AT_ONCE = BoolKey(
    "external.payout.sandbox.pays_at_once",
    True,
    "whether the sandbox has paid a payout as soon as it was asked to; otherwise a button of its page does",
)


class PayoutBook(Protocol):
    """Where the sandbox keeps its book, which is none of ours."""

    async def open(self, key: str) -> Any:
        """The account that was made under the key, now or before."""

    async def find(self, account_id: UUID) -> Any:
        """None for no account."""

    async def leave(self, account_id: UUID, return_url: str) -> bool:
        """Keep where its owner comes back to; False for no account."""

    async def pay(self, order: PayoutOrder, account_id: UUID | None, state: str) -> Any:
        """The transfer that was made under the order's key, now or before."""

    async def of_key(self, key: str) -> Any:
        """None for no transfer."""

    async def moved(self, begin: datetime, end: datetime) -> Sequence[Any]:
        """The transfers that were paid or came back in that time."""


class SandboxPayouts(SandboxProvider[PayoutBook]):
    family = "payout"
    tells_movements = True
    page = ACCOUNT_PAGE
    types = frozenset({ACCOUNT_CHANGED, TRANSFER_CHANGED})

    async def open_account(self, account: NewAccount) -> AccountState:
        row = await self._book.open(account.key)
        return account_state(str(row.id), row.state)

    async def onboarding_link(self, ref: str, return_url: str, refresh_url: str) -> str:
        del refresh_url  # its links do not end
        if not await self._book.leave(_id(ref), return_url):
            raise ProviderRejected("there is no such account")
        return self._page_of(ref)

    async def account(self, ref: str) -> AccountState:
        row = await self._book.find(_id(ref))
        if row is None:
            raise ProviderRejected("there is no such account")
        return account_state(ref, row.state)

    async def dashboard_link(self, ref: str) -> str | None:
        await self.account(ref)
        return self._page_of(ref)

    async def pay(self, order: PayoutOrder) -> PayoutState:
        row = await self._book.of_key(order.key)
        if row is None:
            account_id = None if order.account is None else await self._destination(order.account)
            state = "PAID" if self._config[PAYS_AT_ONCE] else "SENT"
            row = await self._book.pay(order, account_id, state)
        given = (order.amount, order.currency, order.account)
        if given != (row.amount, row.currency, None if row.account_id is None else str(row.account_id)):
            raise ProviderRejected("PROVIDER_REJECTED")
        return _state(row)

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        row = await self._book.of_key(order.key)
        return None if row is None else _state(row)

    async def movements(self, day: date) -> Sequence[Movement]:
        begin, end = begin_of(day), end_of(day)
        found = list[Movement]()
        for row in await self._book.moved(begin, end):
            ref = str(row.id)
            if row.paid_at is not None and begin <= row.paid_at < end:
                found += [Movement(ref, "PAYOUT", -row.amount), Movement(ref, "FEE", -FEE)]
            if row.returned_at is not None and begin <= row.returned_at < end:
                found.append(Movement(ref, "PAYOUT", row.amount))
        return found

    async def probe(self) -> str:
        return "the sandbox of this deployment"

    async def _destination(self, ref: str) -> UUID:
        try:
            row = await self._book.find(_id(ref))
        except ProviderRejected:
            row = None
        if row is None or row.state != "ENABLED":
            raise ProviderRejected("DESTINATION_REJECTED")
        return UUID(ref)


def _id(ref: str) -> UUID:
    try:
        return UUID(ref)
    except ValueError:
        raise ProviderRejected("there is no such account") from None


def _state(row: Any) -> PayoutState:
    reasons = {"FAILED": "DESTINATION_REJECTED", "RETURNED": "RETURNED"}
    return PayoutState(str(row.id), row.state, reasons.get(row.state), fee_of(row.state))
