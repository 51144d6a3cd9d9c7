"""What providers say that moved is compared with the books: what differs is looked at first, and then people are told.

Nothing is repaired. But what nobody else tells of is booked here: that a provider paid to our bank, and what it costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain import topics
from domain.money.movements import MOST_DIFFERENCES, finding_of, posting_of
from domain.money.reconciliation import is_severe
from providers.ports import ProviderRejected, ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from domain.money.movements import Movement
    from persistence.repositories import Repositories
    from providers.families.money import PaymentFamily, PayoutFamily
    from services.money.reconciler import Reconciler

log = structlog.get_logger(__name__)


class MovementBooks:
    """``account``: of the ledger, such as ``clearing:stripe``. Writes inside the caller's unit of work."""

    def __init__(self, payments: PaymentFamily, payouts: PayoutFamily, reconciler: Reconciler) -> None:
        self._families: dict[str, PaymentFamily | PayoutFamily] = {"clearing": payments, "rail": payouts}
        self._reconciler = reconciler

    def tells(self, account: str) -> bool:
        """Whether its provider has a list that we may read."""
        code, _, provider = account.partition(":")
        return self._families[code].tells_movements(provider)

    async def ask(self, account: str, day: date) -> Sequence[Movement] | str:
        """What moved; or why the provider does not tell."""
        code, _, provider = account.partition(":")
        try:
            return await self._families[code].movements(provider, day)
        except (ProviderUnavailable, ProviderRejected) as fault:
            log.warning("movements.unread", account=account, day=day.isoformat(), fault=str(fault))
            return str(fault)

    async def look(self, db: Repositories, account: str, until: date) -> None:
        """A notice may have been lost: of what differs the provider is asked, as after a notice."""
        code, _, provider = account.partition(":")
        for each in await db.movements.differences(account, until, MOST_DIFFERENCES):
            if code == "rail":
                payout_id = await db.movements.payout_of(provider, each.ref)
                if payout_id is not None:
                    await db.outbox.add(topics.LookAtPayout(payout_id))
            elif each.kind in {"PAID", "BACK", "FEE"}:
                known = await db.payments.knows(provider, each.ref)
                about = topics.ExamineSession(provider, each.ref) if known is None else topics.LookAtPayment(known)
                await db.outbox.add(about)

    async def compare(self, db: Repositories, account: str, until: date, now: datetime) -> None:
        """By the end of that day, with all days before it. Again: what is still so is no other finding."""
        found, posted = [], 0
        differences = await db.movements.differences(account, until, MOST_DIFFERENCES)
        for each in differences:
            posting = posting_of(account.partition(":")[2], each)
            if posting is None:
                found.append(finding_of(account, each))
            else:
                await db.ledger.post(posting)
                posted += 1
        if found:
            await db.reconciliations.note(found, now)
            await self._reconciler.stop_payouts(db, now)
        if len(differences) < MOST_DIFFERENCES:  # else there may be more, and the day stays open
            await db.movements.compared(account, until, now)
        severe = sum(is_severe(each.check) for each in found)
        told = {"account": account, "until": until.isoformat(), "findings": len(found), "posted": posted}
        (log.error if severe else log.info)("movements.compared", **told, severe=severe)
