"""The sandbox's pages of a payout account, and of a payout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money.amounts import Money
from providers.payout.sandbox import ACCOUNT_PAGE, TRANSFER_PAGE
from runtime.web.sandbox.page import SandboxPage, Shown

if TYPE_CHECKING:
    from typing import Any

    from services.providers.buttons import PayoutAccountButtons, TransferButtons

ACCOUNTS = {
    "OPEN": "Nothing handed in yet", "SUBMITTED": "Handed in; under review", "ENABLED": "Enabled",
    "RESTRICTED": "Restricted", "DISABLED": "Disabled",
}  # fmt: skip
TRANSFERS = {"SENT": "On its way", "PAID": "Paid", "FAILED": "Failed", "RETURNED": "Returned"}


class PayoutAccountPage(SandboxPage):
    path = ACCOUNT_PAGE

    def __init__(self, buttons: PayoutAccountButtons) -> None:
        self.buttons = buttons
        self._transfers = buttons.transfers

    async def show(self, row: Any) -> Shown:
        links = {} if row.return_url is None else {"Back to the site": row.return_url}
        for paid in await self._transfers(row.id):
            links |= {f"Payout of {_amount(paid)}: {TRANSFERS[paid.state]} ({paid.id})": f"{TRANSFER_PAGE}{paid.id}"}
        return Shown("Payout account", ACCOUNTS[self.buttons.state(row)], self.buttons.offered(row), links=links)


class PayoutPage(SandboxPage):
    path = TRANSFER_PAGE

    def __init__(self, buttons: TransferButtons) -> None:
        self.buttons = buttons

    async def show(self, row: Any) -> Shown:
        links = {} if row.account_id is None else {"Account": f"{ACCOUNT_PAGE}{row.account_id}"}
        facts = {"Amount": _amount(row), "Order": row.key}
        return Shown("Payout", TRANSFERS[self.buttons.state(row)], self.buttons.offered(row), facts, links)


def _amount(row: Any) -> str:
    return f"{Money(row.amount)} {row.currency}"
