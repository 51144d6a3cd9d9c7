"""Whether a payout may be made: what must hold until it is sent, and how many of the staff must agree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.errors import ApiError, transition_invalid
from domain.money.amounts import MINOR

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.money.payout_rules import Refusal
    from domain.wire import admin as wire

FOUR_EYES_ABOVE = IntKey(
    "admin.four_eyes_above", 500, "payouts above this need two members of staff, in whole US dollars", 0, 1_000_000
)
AUTO_APPROVE_BELOW = IntKey(
    "payout.auto_approve_below",
    0,
    "payouts below this are approved without staff, in whole US dollars; 0 for none",
    0,
    10_000,
)
STUCK_DAYS = IntKey(
    "payout.stuck_days",
    10,
    "days that a payout is under way at its provider before staff may settle it",
    1,
    90,
)
KYC, METHOD = "payment.payout.error.kyc_required", "payment.payout.error.method_not_ready"

UNANSWERED = timedelta(minutes=3)
"""After which a provider is asked what became of an attempt, again and again: no call of it takes that long."""
ASKED_WITHIN = timedelta(seconds=30)
"""After an attempt was written down its provider is asked within this time, or by ``find`` alone."""
CERTAIN_FOR = timedelta(days=25)
"""For so long a provider that finds no attempt certainly has none: some look through the last 30 days alone."""
AGAIN = timedelta(hours=1)
"""After which something that did not work, and may work later, is tried again."""
STOPPED_AGAIN = timedelta(minutes=5)
LOOKED_AT_EVERY, LOOKED_AT_FOR = timedelta(hours=24), timedelta(days=14)
"""How often, and how long, it is looked at whether a payout that was made has come back, whoever says that it was."""
WATCHED_FOR = timedelta(days=60)
"""How long it is looked at whether the provider made one after all of which staff says that it failed."""
MAY_BE_UNDER_WAY = frozenset({"SENT", "UNKNOWN"})
"""What is said of an attempt that may still be paid: it is at its provider, or nobody knows."""


def require_standing(refusal: Refusal | None) -> None:
    """What was true when it was requested must be until it is sent.

    Raises ApiError admin.payout.precondition_failed.
    """
    if refusal is not None:
        raise ApiError("admin.payout.precondition_failed", condition=refusal.code)


def risks(facts: Any) -> list[wire.PayoutRisk]:
    """What whoever approves should look at."""
    found: dict[wire.PayoutRisk, bool] = {"FIRST_PAYOUT": not facts.paid_before, "SAME_DOCUMENT": facts.twin}
    return [name for name, is_so in found.items() if is_so]


def approving(payout: Any, by: UUID, config: Config) -> dict[str, Any]:
    """The columns of the approval by one of the staff. Above a limit the first one leaves it pending.

    Raises ApiError admin.transition_invalid, and admin.payout.second_person for who has approved it before.
    """
    if payout.status != "PENDING":
        raise transition_invalid(payout.status, "APPROVED")
    of_two = needs_two(payout, config)
    if payout.first_by is None:
        return {"first_by": by, "status": "PENDING" if of_two else "APPROVED"}
    if payout.first_by != by:
        return {"second_by": by, "status": "APPROVED"}
    if of_two:
        raise ApiError("admin.payout.second_person")
    return {"status": "APPROVED"}


def require_stuck(attempt: Any, config: Config, now: datetime) -> None:
    """Raises ApiError admin.payout.too_early."""
    available_at = attempt.created_at + timedelta(days=config[STUCK_DAYS])
    if now < available_at:
        raise ApiError("admin.payout.too_early", availableAt=timestamp(available_at))


def statement(
    payout: Any,
    attempt: Any,
    said: wire.SettlePayoutRequest,
    by: UUID,
    config: Config,
    says: wire.PayoutProviderSays = "NOT_ASKED",
) -> tuple[dict[str, Any], bool]:
    """The columns of what one of the staff says that came of an attempt, and whether it is settled by that.

    Another one has to say the same above a limit, where the first one approved the payout, and where it shall have
    failed that may be under way, as its provider ``says``. Raises ApiError admin.payout.second_person for who has said
    so before.
    """
    outcome = said["outcome"]
    if attempt.stated == outcome and attempt.stated_by != by:
        return {"confirmed_by": by}, True
    of_two = needs_two(payout, config) or by in {payout.first_by, payout.second_by}
    of_two = of_two or (outcome == "FAILED" and says in MAY_BE_UNDER_WAY)
    if of_two and attempt.stated == outcome:
        raise ApiError("admin.payout.second_person")
    return {"stated": outcome, "stated_by": by, "confirmed_by": None, "evidence": said["evidence"]}, not of_two


def needs_two(payout: Any, config: Config) -> bool:
    """Whether two of the staff must agree."""
    return bool(payout.amount > config[FOUR_EYES_ABOVE] * MINOR)


def approves_itself(payout: Any, config: Config) -> bool:
    """Never one that needs two."""
    amount: int = payout.amount
    most = min(config[AUTO_APPROVE_BELOW] * MINOR - 1, config[FOUR_EYES_ABOVE] * MINOR)
    return payout.status == "PENDING" and amount <= most


def approvals(payout: Any) -> int:
    return (payout.first_by is not None) + (payout.second_by is not None)
