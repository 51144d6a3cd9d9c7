"""Payouts whose provider is silent: staff says what came of them, after the provider was asked once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from domain.money.payouts import Outcome
    from domain.wire import admin as wire
    from persistence.models import PayoutAttempt
    from persistence.payouts.desk import HeldPayout
    from persistence.repositories import Repositories
    from providers.families.money import PayoutFamily
    from services.money.payout_sending import Answer, PayoutBooks, Sending

DECIDES = ("PAID", "FAILED", "RETURNED")


class PayoutSettler:
    def __init__(self, providers: PayoutFamily, books: PayoutBooks) -> None:
        self._providers = providers
        self._books = books

    async def ask(self, held: HeldPayout, attempt: PayoutAttempt) -> Answer:
        """How the attempt is by now, as the provider says; no transaction is open. Nothing is begun for it any more."""
        return await self._books.find(self._providers, self._sending(held, attempt), attempt.ref)

    def says(self, answer: Answer) -> wire.PayoutProviderSays:
        if not answer.known:
            return "UNKNOWN"
        return "NOT_FOUND" if answer.state is None else answer.state.state

    async def settle(
        self,
        db: Repositories,
        held: HeldPayout,
        attempt: PayoutAttempt,
        outcome: Outcome,
        answer: Answer,
        now: datetime,
    ) -> wire.PayoutSettled:
        """What the provider says, where it says that the attempt is over; else what staff says. The payout is held."""
        says = self.says(answer)
        if says in DECIDES:
            await self._books.take(db, self._sending(held, attempt), answer, now)
        else:
            await self._books.end(db, held, attempt, outcome, now)
        settled = await db.payout_desk.find(held.row.id)
        return {
            "status": settled.Payout.status,
            "settledBy": "PROVIDER" if says in DECIDES else "STAFF",
            "providerSays": says,
        }

    def _sending(self, held: HeldPayout, attempt: PayoutAttempt) -> Sending:
        return self._books.sending_of(held, attempt, over=True)
