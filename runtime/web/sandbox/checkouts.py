"""The sandbox's page of a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money.amounts import Money
from providers.payment.sandbox import PAGE
from runtime.web.sandbox.page import SandboxPage, Shown

if TYPE_CHECKING:
    from domain.money.sandbox import Session
    from services.providers.buttons import PaymentButtons

WORDS = {
    "OPEN": "Not paid yet", "PROCESSING": "Paid by a slow method; the money is on its way", "PAID": "Paid",
    "EXPIRED": "Expired", "FAILED": "Declined",
}  # fmt: skip
REFUNDS = {"OPEN": "asked for", "DONE": "made", "FAILED": "failed"}
DISPUTES = {"OPEN": "disputed", "WON": "dispute won", "LOST": "dispute lost"}


class CheckoutPage(SandboxPage):
    path = PAGE

    def __init__(self, buttons: PaymentButtons) -> None:
        self.buttons = buttons

    async def show(self, row: Session) -> Shown:
        payment = row.row
        more = [DISPUTES[payment.dispute]] if payment.dispute else []
        more += [f"refund of {Money(each.amount)} {REFUNDS[each.status]}" for each in row.refunds]
        state = ", ".join((WORDS[self.buttons.state(row)], *more))
        facts = {"Amount": f"{Money(payment.amount)} {payment.currency}"}
        return Shown("Payment", state, self.buttons.offered(row), facts, {"Back to the site": payment.return_url})
