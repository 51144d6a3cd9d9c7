"""What a reconciliation of the ledger has seen. It repairs nothing."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.money.books import Finding
from domain.wire import admin

TOPIC = "money.reconcile"
MOST = 1000
"""Findings that one reconciliation stores: of more the first ones are enough to know that all is to be looked at."""
LONGEST = 500
OVERDUE = timedelta(minutes=15)
"""Beyond its deadline a price should be settled within this time."""
LONGEST_UNDER_WAY = timedelta(days=10)
"""After which a payout should have arrived, or come back."""
SESSION_OVERDUE = timedelta(hours=1)
"""Beyond its end the provider of a session should have said what became of it."""
UNMATCHED_OVERDUE = timedelta(hours=1)
"""For so long a notice may be about something that is not known here."""
REFUND_OVERDUE, SUSPENSE_OVERDUE = timedelta(days=15), timedelta(days=7)
Check = admin.LedgerCheck
MOVEMENTS: tuple[Check, ...] = ("movement_in", "movement_out", "movement_unknown", "movement_differs")
"""What a provider says that moved, beside the books: came there, left there, is known to the books alone, differs."""
WARNINGS: frozenset[Check] = frozenset({"closed", "overdue", "refund_overdue", "suspense_overdue", "movement_in"})
"""Checks whose findings say that something waits for people, and not that money of ours is gone or wrong."""


def is_severe(check: str) -> bool:
    """Whether a finding of the check stops payouts."""
    return check not in WARNINGS


@dataclass(slots=True)
class Seen:
    """``kept``: the first findings, each thing once."""

    kept: dict[tuple[str, str], Finding] = field(default_factory=dict)
    count: int = 0
    severe: int = 0

    def add(self, finding: Finding) -> None:
        self.count += 1
        self.severe += is_severe(finding.check)
        if len(self.kept) < MOST:
            told = {name: getattr(finding, name)[:LONGEST] for name in ("what", "expected", "found")}
            self.kept.setdefault((finding.check, told["what"]), replace(finding, **told))
