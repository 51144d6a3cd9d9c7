"""When a creator is on vacation. The stored status follows a minute later; who shows or refuses something asks here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from domain.clock import timestamp
from domain.errors import ApiError
from domain.wire import creators as wire

ACTIVE, VACATION = "ACTIVE", "VACATION"
NONE: Mapping[str, Any] = {"vacation_mode": False, "vacation_start": None, "vacation_end": None}


class Planned(Protocol):
    """The columns of a creator profile that say it."""

    vacation_mode: Any
    vacation_start: Any
    vacation_end: Any


class Standing(Planned, Protocol):
    creator_status: Any


def is_on_vacation(profile: Planned, now: datetime) -> bool:
    begun = profile.vacation_start is None or profile.vacation_start <= now
    return bool(profile.vacation_mode) and begun and not has_ended(profile, now)


def has_ended(profile: Planned, now: datetime) -> bool:
    return profile.vacation_end is not None and profile.vacation_end <= now


def changes_at(profile: Planned, now: datetime) -> datetime | None:
    """The next moment at which a vacation begins or ends by the clock alone: what is shown is good until then."""
    if not profile.vacation_mode:
        return None
    moments = (profile.vacation_start, profile.vacation_end)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def planned(body: wire.SetVacationRequest, now: datetime) -> Mapping[str, Any]:
    """The columns of the vacation that is asked for. Raises ApiError creator.vacation.invalid_range."""
    if not body["enabled"]:
        return NONE
    start = datetime.fromisoformat(body["startDate"]) if "startDate" in body else now
    end = datetime.fromisoformat(body["endDate"]) if "endDate" in body else None
    if end is not None and (end <= start or end <= now):
        raise ApiError("creator.vacation.invalid_range")
    return {"vacation_mode": True, "vacation_start": start, "vacation_end": end}


def settled(profile: Standing, now: datetime) -> Mapping[str, Any]:
    """The columns that no longer say what is: the status of who left or came back, and a vacation that is over.

    Suspended, banned and deactivated creators keep their status, whatever their vacation says.
    """
    changed: dict[str, Any] = {}
    if profile.creator_status in (ACTIVE, VACATION):
        status = VACATION if is_on_vacation(profile, now) else ACTIVE
        if status != profile.creator_status:
            changed["creator_status"] = status
    if profile.vacation_mode and has_ended(profile, now):
        changed |= NONE
    return changed


def vacation_view(profile: Planned, now: datetime) -> wire.Vacation:
    if not profile.vacation_mode or has_ended(profile, now):
        return {"vacationMode": False, "vacationStart": None, "vacationEnd": None}
    return {
        "vacationMode": True,
        "vacationStart": timestamp(profile.vacation_start),
        "vacationEnd": timestamp(profile.vacation_end),
    }
