"""What happens at the vendors without us: banks, payers and people at dashboards."""

import random
from typing import Any

from benchmarks.money.house import MoneyHouse
from benchmarks.money.vendors import their_clock

OPEN_REFUND, OPEN_DISPUTE = "pending", "needs_response"
UNDECIDED = ("pending", "in_transit")


class World:
    """Each ``turn`` a little happens, and all of it is told."""

    def __init__(self, house: MoneyHouse, chance: random.Random) -> None:
        self._house = house
        self._chance = chance
        self.happened = 0

    def turn(self, *, last: bool = False) -> None:
        """``last``: nothing new begins, and what is open is decided."""
        house = self._house
        with house.till.lock:
            self._loads(last=last)
            self._refunds(last=last)
            self._disputes(last=last)
        house.post_notices()
        with house.world.lock:
            house.world.moment = int(their_clock().timestamp())
            self._payouts(last=last)

    def _does(self, likely: float) -> bool:
        done = self._chance.random() < likely
        self.happened += done
        return done

    def _loads(self, *, last: bool) -> None:
        till = self._house.till
        for ref, session in list(till.sessions.items()):
            if session["status"] == "open":
                if last:
                    till.expire(ref)
            elif session["status"] == "complete" and session["payment_status"] == "unpaid":
                processing = till.intents[session["payment_intent"]]["status"] == "processing"
                if processing and self._does(1.0 if last else 0.1):
                    (till.pay if self._chance.random() < 0.5 else till.decline)(ref)
            elif session["payment_status"] == "paid" and not last:
                self._take_back(ref, till.intents[session["payment_intent"]])

    def _take_back(self, ref: str, intent: dict[str, Any]) -> None:
        till = self._house.till
        left = till._left(intent)
        if left == 0 or intent["latest_charge"]["disputed"]:
            return
        if self._does(0.0003):
            till.refund(ref, self._chance.choice((left, 1)))
        elif self._does(0.00015):
            till.dispute(ref, left)
        elif self._does(0.0003):
            till.warn(ref)
        elif self._does(0.0001):
            till.dispute(ref, left, inquiry=True)

    def _refunds(self, *, last: bool) -> None:
        till = self._house.till
        for ref, refund in list(till.refunds.items()):
            if refund["status"] == OPEN_REFUND and self._does(1.0 if last else 0.2):
                till.end_refund(ref, "succeeded" if self._chance.random() < 0.8 else "failed")
            elif refund["status"] == "succeeded" and not last and self._does(0.0005):
                till.end_refund(ref, "failed")

    def _disputes(self, *, last: bool) -> None:
        till = self._house.till
        for ref, dispute in list(till.disputes.items()):
            if dispute["status"].startswith("warning_needs"):
                if self._does(1.0 if last else 0.05):
                    till.lose(ref, "warning_closed")
            elif dispute["status"] == OPEN_DISPUTE and self._does(1.0 if last else 0.05):
                (till.win if self._chance.random() < 0.5 else till.lose)(ref)

    def _payouts(self, *, last: bool) -> None:
        world = self._house.world
        for ref, payout in list(world.payouts.items()):
            if payout["status"] in UNDECIDED and self._does(1.0 if last else 0.1):
                if self._chance.random() < 0.8:
                    world.arrive(ref)
                    self._house.tell_payout("payout.paid", ref)
                else:
                    world.fail(ref)
                    self._house.tell_payout("payout.failed", ref)
            elif payout["status"] == "paid" and not last and self._does(0.0005):
                world.fail(ref)
                self._house.tell_payout("payout.failed", ref)
