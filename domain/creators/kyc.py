"""Whether a creator is who the documents say: what providers tell of it, and what follows from that here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from domain.clock import timestamp
from domain.config_keys import Config, IntKey, UrlKey
from domain.errors import ApiError
from domain.wire import creators as wire

VALID_DAYS = IntKey(
    "kyc.valid_days", 730, "days for which a verified identity is valid, or until its document ends", 30, 3650
)
MOST_ATTEMPTS = IntKey(
    "kyc.max_attempts_per_day", 3, "verifications of identity that a creator may begin in 24 hours", 1, 20
)
RETURN_URL = UrlKey(
    "kyc.return_url",
    "https://bio.re/creator/verification",
    "page to which creators come back from the verification of identity",
)
STATES = ("STARTED", "OPEN", "PROCESSING", "APPROVED", "REJECTED", "EXPIRED")
"""Of one try. ``STARTED`` is not known to be there at the provider; ``OPEN`` waits for the person."""
LIVE = ("STARTED", "OPEN", "PROCESSING")
ATTEMPTS_WITHIN = timedelta(hours=24)
LOOK_AGAIN = timedelta(hours=1)
"""After which a try that is under way is looked at without having been told of."""
REMINDED = (1, 7, 30)
"""Days before the end."""
MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class KycSubject:
    """Who is to be verified: an id of ours, which is that of the try, and where they come back to."""

    id: UUID
    return_url: str


@dataclass(frozen=True, slots=True)
class KycLink:
    """``ref`` is the provider's id of the try. ``lasts``: the URL is good until the end, and cannot be had again."""

    ref: str
    url: str = field(repr=False)
    expires_at: datetime | None = None
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class KycVerdict:
    """``reasons`` are codes. ``final``: another try is of no use.

    ``identity`` tells the document from all others, where the provider shows it; it is stored as a keyed hash only.
    ``name``: as the document has it, where the provider shows it; it is stored sealed, for the review of bank details.
    """

    status: str
    reasons: tuple[str, ...] = ()
    final: bool = False
    document_until: date | None = None
    identity: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KycLook:
    """A verdict as of the moment before it was asked for."""

    verdict: KycVerdict
    at: datetime


def kyc_view(profile: Any) -> wire.KycState:
    return {
        "status": profile.kyc_status,
        "provider": profile.kyc_provider,
        "providerId": profile.kyc_provider_id,
        "completedAt": timestamp(profile.kyc_completed_at),
    }


def require_may_start(profile: Any, newest: Any) -> None:
    """Raises ApiError creator.kyc.already_approved, in_progress or rejected_final."""
    if profile.kyc_status == "APPROVED":
        raise ApiError("creator.kyc.already_approved")
    if newest is not None and newest.state == "PROCESSING":
        raise ApiError("creator.kyc.in_progress")
    if newest is not None and newest.state == "REJECTED" and newest.final:
        raise ApiError("creator.kyc.rejected_final")


def require_attempt(count: int, oldest: datetime | None, config: Config, now: datetime) -> None:
    """Raises ApiError creator.kyc.too_many_attempts."""
    if oldest is not None and count >= config[MOST_ATTEMPTS]:
        wait = oldest + ATTEMPTS_WITHIN - now
        raise ApiError("creator.kyc.too_many_attempts", retry_after=max(1, int(wait.total_seconds()) + 1))


def valid_until(verdict: KycVerdict, now: datetime, config: Config) -> datetime:
    """The days of the config, or the end of the document's last day."""
    longest = now + timedelta(days=config[VALID_DAYS])
    until = verdict.document_until
    return longest if until is None else min(longest, datetime.combine(until, time.max, UTC))


def settled(session: Any, look: KycLook, config: Config) -> Mapping[str, Any]:
    """The columns of a try that follow from a look at it. One that approves anew does not make it valid for longer."""
    verdict, now = look.verdict, look.at
    columns: dict[str, Any] = {
        "looked_at": now,
        "reasons": list(verdict.reasons[:MOST_REASONS]),
        "final": verdict.final,
    }
    status = verdict.status
    if status == "APPROVED":
        until = session.valid_until or valid_until(verdict, now, config)
        columns["valid_until"] = until
        status = "APPROVED" if until > now else "EXPIRED"
    if status != session.state:
        columns |= {"state": status, "changes": session.changes + 1}
    if status in LIVE:
        columns["ended_at"] = None
    else:
        columns["ended_at"] = session.ended_at if status == session.state else now
        if verdict.final or status != "REJECTED":  # a rejection may be taken back, and the link cannot be had again
            columns["link"] = None
    return columns


def shadow(state: str, provider: str, ref: str | None, ended_at: datetime | None) -> Mapping[str, Any]:
    """What the creator's profile shows of the newest try."""
    return {
        "kyc_status": "PENDING" if state in LIVE else state,
        "kyc_provider": provider,
        "kyc_provider_id": ref,
        "kyc_completed_at": ended_at,
    }


def told_of(before: str, after: str) -> str | None:
    """Which mail the owner gets of a change."""
    if before == after or after in LIVE:
        return None
    if after == "EXPIRED":
        return "expired" if before == "APPROVED" else None
    return "withdrawn" if before == "APPROVED" else after.lower()


def reminder(until: datetime, reminded: int | None, now: datetime) -> int | None:
    """How many days before the end to remind of it now; None while it is no time to, or was done."""
    due = next((days for days in REMINDED if until - now <= timedelta(days=days)), None)
    return due if due is not None and (reminded is None or due < reminded) else None
