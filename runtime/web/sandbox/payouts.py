"""The sandbox's pages of a payout account, and of a payout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money.amounts import Money
from domain.money.sandbox_payouts import ACCOUNT_CHANGED, TRANSFER_CHANGED, account_actions, transfer_actions
from providers.payout.sandbox import ACCOUNT_PAGE, TRANSFER_PAGE
from runtime.web.sandbox.page import SandboxPage, Shown

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from providers.payout.sandbox import SandboxPayouts
    from runtime.web.sandbox.page import Form
    from services.providers.sandbox import PayoutSandboxStorage

ACCOUNTS = {
    "OPEN": "Nothing handed in yet", "SUBMITTED": "Handed in; under review", "ENABLED": "Enabled",
    "RESTRICTED": "Restricted", "DISABLED": "Disabled",
}  # fmt: skip
TRANSFERS = {"SENT": "On its way", "PAID": "Paid", "FAILED": "Failed", "RETURNED": "Returned"}


class PayoutAccountPage(SandboxPage):
    path = ACCOUNT_PAGE

    def __init__(self, sandbox: SandboxPayouts, storage: PayoutSandboxStorage) -> None:
        self._sandbox = sandbox
        self._storage = storage

    async def find(self, ref: UUID) -> Any:
        return await self._storage.find(ref)

    async def show(self, row: Any) -> Shown:
        links = {} if row.return_url is None else {"Back to the site": row.return_url}
        for paid in await self._storage.transfers(row.id):
            links |= {f"Payout of {_amount(paid)}: {TRANSFERS[paid.state]} ({paid.id})": f"{TRANSFER_PAGE}{paid.id}"}
        return Shown("Payout account", ACCOUNTS[row.state], account_actions(row.state), links=links)

    async def press(self, ref: UUID, action: str, form: Form) -> bool:
        if not await self._storage.change(ref, action):
            return False
        await self._sandbox.tell(str(ref), ACCOUNT_CHANGED)
        return True


class PayoutPage(SandboxPage):
    path = TRANSFER_PAGE

    def __init__(self, sandbox: SandboxPayouts, storage: PayoutSandboxStorage) -> None:
        self._sandbox = sandbox
        self._storage = storage

    async def find(self, ref: UUID) -> Any:
        return await self._storage.transfer(ref)

    async def show(self, row: Any) -> Shown:
        links = {} if row.account_id is None else {"Account": f"{ACCOUNT_PAGE}{row.account_id}"}
        facts = {"Amount": _amount(row), "Order": row.key}
        return Shown("Payout", TRANSFERS[row.state], transfer_actions(row.state), facts, links)

    async def press(self, ref: UUID, action: str, form: Form) -> bool:
        if not await self._storage.settle(ref, action):
            return False
        await self._sandbox.tell(str(ref), TRANSFER_CHANGED)
        return True


def _amount(row: Any) -> str:
    return f"{Money(row.amount)} {row.currency}"
