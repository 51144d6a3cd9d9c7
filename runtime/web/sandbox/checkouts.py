"""The sandbox's page of a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from domain.money.amounts import Money
from domain.money.sandbox import EVENTS, LABELS, Action, Session, actions, state_of
from providers.payment.sandbox import PAGE
from runtime.web.sandbox.page import SandboxPage, Shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from providers.payment.sandbox import SandboxPayments
    from runtime.web.sandbox.page import Form
    from services.providers.sandbox import PaymentSandboxStorage

WORDS = {
    "OPEN": "Not paid yet", "PROCESSING": "Paid by a slow method; the money is on its way", "PAID": "Paid",
    "EXPIRED": "Expired", "FAILED": "Declined",
}  # fmt: skip
REFUNDS = {"OPEN": "asked for", "DONE": "made", "FAILED": "failed"}
DISPUTES = {"OPEN": "disputed", "WON": "dispute won", "LOST": "dispute lost"}


class CheckoutPage(SandboxPage):
    path = PAGE

    def __init__(self, sandbox: SandboxPayments, storage: PaymentSandboxStorage, clock: Callable[[], datetime]) -> None:
        self._sandbox = sandbox
        self._storage = storage
        self._clock = clock

    async def find(self, ref: UUID) -> Session | None:
        return await self._storage.find(ref)

    async def show(self, row: Session) -> Shown:
        now, payment = self._clock(), row.row
        more = [DISPUTES[payment.dispute]] if payment.dispute else []
        more += [f"refund of {Money(each.amount)} {REFUNDS[each.status]}" for each in row.refunds]
        buttons: dict[str, str] = {action: LABELS[action] for action in actions(row, now)}
        facts = {"Amount": f"{Money(payment.amount)} {payment.currency}"}
        return Shown(
            "Payment", ", ".join((WORDS[state_of(payment, now)], *more)), buttons, facts,
            {"Back to the site": payment.return_url},
        )  # fmt: skip

    async def press(self, ref: UUID, action: str, form: Form) -> bool:
        known = next((one for one in get_args(Action) if one == action), None)
        if known is None or not await self._storage.act(ref, known, self._clock()):
            return False
        for event in EVENTS[known]:
            await self._sandbox.tell(str(ref), event)
        return True
