"""Whether a payout may be made: what must hold until it is sent, and how many of the staff must agree."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.config_keys import Config, IntKey
from domain.creators.bank import VERIFIED
from domain.errors import ApiError, transition_invalid
from domain.money.amounts import MINOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

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
KYC, TAX_FORM = "payment.payout.error.kyc_required", "payment.payout.error.tax_form_required"
METHOD, WALLET = "payment.payout.error.method_not_ready", "payment.payout.error.wallet_frozen"

UNANSWERED = timedelta(minutes=3)
"""After which a provider is asked what became of an attempt: no call of it takes that long."""
AGAIN = timedelta(hours=1)
"""After which something that did not work, and may work later, is tried again."""
STOPPED_AGAIN = timedelta(minutes=5)
LOOKED_AT_EVERY, LOOKED_AT_FOR = timedelta(hours=24), timedelta(days=14)
"""How often, and how long, it is looked at whether a payout that was made has come back."""


class Condition(NamedTuple):
    """``code``: that of the error with which a request is refused."""

    code: str
    holds: bool


def _later(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now


def _identified(facts: Any, now: datetime) -> bool:
    return bool(facts.kyc_status == "APPROVED") and _later(facts.kyc_until, now)


def _taxed(facts: Any, now: datetime) -> bool:
    return facts.tax_form is not None and _later(facts.tax_ends_at, now)


def _ready(facts: Any, _now: datetime) -> bool:
    """What it is sent to is what it was requested to."""
    if facts.method == "BANK_TRANSFER":
        return bool(facts.bank_state == VERIFIED) and facts.bank_last4 == facts.destination_last4
    return bool(facts.account_status == "ACTIVE" and facts.payouts_enabled) and facts.account_closed_at is None


def _free(facts: Any, _now: datetime) -> bool:
    return facts.frozen_for is None and facts.closed_at is None and not facts.debt


JUDGES: dict[str, Callable[[Any, datetime], bool]] = {KYC: _identified, TAX_FORM: _taxed, METHOD: _ready, WALLET: _free}


def judged(facts: Any, now: datetime) -> list[Condition]:
    """What was true when it was requested, and must be until it is sent."""
    return [Condition(code, judge(facts, now)) for code, judge in JUDGES.items()]


def broken(facts: Any, now: datetime) -> str | None:
    """The code of the first condition that does not hold."""
    return next((each.code for each in judged(facts, now) if not each.holds), None)


def require_conditions(facts: Any, now: datetime) -> None:
    """Raises ApiError admin.payout.precondition_failed."""
    code = broken(facts, now)
    if code is not None:
        raise ApiError("admin.payout.precondition_failed", condition=code)


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
    of_two = payout.amount > config[FOUR_EYES_ABOVE] * MINOR
    if payout.first_by is None:
        return {"first_by": by, "status": "PENDING" if of_two else "APPROVED"}
    if payout.first_by != by:
        return {"second_by": by, "status": "APPROVED"}
    if of_two:
        raise ApiError("admin.payout.second_person")
    return {"status": "APPROVED"}


def approves_itself(payout: Any, config: Config) -> bool:
    amount: int = payout.amount
    return payout.status == "PENDING" and amount < config[AUTO_APPROVE_BELOW] * MINOR


def approvals(payout: Any) -> int:
    return (payout.first_by is not None) + (payout.second_by is not None)
