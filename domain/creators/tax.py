"""Tax forms of creators: what they must say, until when they hold, and how the owner sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.clock import timestamp
from domain.creators.bank import UNREADABLE
from domain.errors import ApiError
from domain.money.countries import COUNTRIES
from domain.presenting import presented
from domain.wire import creators as wire

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING, APPROVED, REJECTED, REPLACED = "PENDING", "APPROVED", "REJECTED", "REPLACED"
USA, OF_THE_USA = "US", "W9"
ENDING = frozenset({"W8BEN", "W8BEN_E"})
YEARS = 3
REMINDERS = (30, 7, 1)
"""Days before the end at which the owner is told."""
TIN_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Declaration:
    """A form as it is submitted. ``secret`` is what is sealed of it."""

    type: str
    country: str
    secret: Mapping[str, Any] = field(repr=False)
    signed_at: datetime
    ends_at: datetime | None

    @property
    def tin_last4(self) -> str | None:
        """None of a short number, too: four characters would tell most of it."""
        tin: str | None = self.secret["tin"]
        return None if tin is None or len(tin) < TIN_DIGITS else tin[-4:]


def declared(body: Mapping[str, Any], now: datetime) -> Declaration:
    """Raises ApiError creator.tax.type_mismatch, creator.tax.invalid_tin or validation.failed."""
    kind, country, address = body["type"], body["country"], body["address"]
    signed = datetime.fromisoformat(body["signedAt"]).astimezone(UTC)
    if signed > now:
        limit = {"field": "signedAt", "rule": "maximum", "limit": timestamp(now)}
        raise ApiError("validation.failed", details=[limit])
    ends_at = end_of(kind, signed)
    if ends_at is not None and ends_at <= now:
        earliest = datetime(now.year - YEARS, 1, 1, tzinfo=UTC)
        limit = {"field": "signedAt", "rule": "minimum", "limit": timestamp(earliest)}
        raise ApiError("validation.failed", details=[limit])
    given = {"country": country, "address.country": address["country"], "treatyCountry": body.get("treatyCountry")}
    unknown = [name for name, land in given.items() if land is not None and land not in COUNTRIES]
    if unknown:
        raise ApiError("validation.failed", details=[{"field": name, "rule": "pattern"} for name in unknown])
    if (kind == OF_THE_USA) != (country == USA):
        raise ApiError("creator.tax.type_mismatch")
    tin = body.get("tin")
    if kind == OF_THE_USA and not _is_tin_of_the_usa(tin or ""):
        raise ApiError("creator.tax.invalid_tin")
    secret = {
        "legalName": body["legalName"],
        "address": {"region": None, **address},
        "tin": tin,
        "treatyCountry": body.get("treatyCountry"),
        "signature": body["signature"],
    }
    return Declaration(kind, country, secret, signed, ends_at)


def _is_tin_of_the_usa(tin: str) -> bool:
    """SSN, ITIN and EIN have 9 digits. None is one digit all along, or begins with three zeros."""
    digits = tin.isascii() and tin.isdigit() and len(tin) == TIN_DIGITS
    return digits and len(set(tin)) > 1 and not tin.startswith("000")


def unreadable(country: str) -> dict[str, Any]:
    """What is shown of a form that was sealed under a secret that is gone."""
    address = {"line": UNREADABLE, "city": UNREADABLE, "region": None, "postalCode": UNREADABLE, "country": country}
    return {"legalName": UNREADABLE, "address": address, "tin": None, "treatyCountry": None, "signature": UNREADABLE}


def end_of(kind: str, signed: datetime) -> datetime | None:
    """A W-8 holds for the rest of the year and three more; the last moment is that before the one returned."""
    return datetime(signed.year + YEARS + 1, 1, 1, tzinfo=UTC) if kind in ENDING else None


def shown(secret: Mapping[str, Any]) -> dict[str, Any]:
    """What of it answers have: all but the number."""
    return {name: value for name, value in secret.items() if name != "tin"}


def form_view(row: Any, secret: Mapping[str, Any]) -> wire.TaxForm:
    return presented(
        wire.TaxForm,
        row,
        **shown(secret),
        submittedAt=timestamp(row.created_at),
    )


def status_view(form: wire.TaxForm | None, approved: Any, now: datetime) -> wire.TaxStatus:
    """``approved``: the row of the form that is, which may have ended; None where there is none."""
    valid = approved is not None and (approved.ends_at is None or approved.ends_at > now)
    return {
        "form": None if form is None else dict(form),
        "valid": valid,
        "validUntil": timestamp(approved.ends_at) if approved is not None else None,
    }
