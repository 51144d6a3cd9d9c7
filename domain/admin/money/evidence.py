"""What shows who made a disputed payment, as staff reads it who contests the dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.admin import PII
from domain.admin.masking import masked_email, masked_ip
from domain.admin.money.payments import dispute_view, payment_view
from domain.clock import timestamp
from domain.legal import CONSENTED_AS, TERMS
from domain.money.amounts import Money
from domain.presenting import presented
from domain.users import Principal
from domain.wire import admin as wire

AROUND = timedelta(days=30)
"""How far from the payment sign-ins and sessions are told of."""
MOST_SIGN_INS = 25
"""Before the payment, and after it."""
MOST_SESSIONS = 20
MOST_CONSENTS = 20
MOST_LINES = 100
OF_TERMS = CONSENTED_AS[TERMS]
METHODS: Mapping[str, wire.EvidenceSignInMethod] = {
    "auth.login.success": "PASSWORD",
    "auth.2fa.login.success": "SECOND_FACTOR",
    "auth.oauth.login.success": "PLATFORM",
}
"""What a sign-in is called in the audit log."""


class Disputed(NamedTuple):
    """``verified_at``: when an address of the account was first verified."""

    dispute: Any
    payment: Any
    user: Any
    verified_at: datetime | None

    @property
    def moment(self) -> datetime:
        """Around which the owner was there."""
        found: datetime = self.payment.paid_at or self.payment.created_at
        return found


class Kept(NamedTuple):
    """What is kept of the owner and the wallet."""

    consents: Sequence[Any]
    sign_ins: Sequence[Any]
    sessions: Sequence[Any]
    earlier: Any
    lines: Sequence[Any]

    @property
    def user_agents(self) -> list[str | None]:
        return [row.user_agent for row in (*self.consents, *self.sessions)]


def evidence_view(
    found: Disputed, kept: Kept, devices: Mapping[str | None, str | None], principal: Principal
) -> wire.DisputeEvidence:
    whole = PII in principal.permissions
    count, first, last = kept.earlier
    return {
        "dispute": dispute_view(found.dispute),
        "payment": payment_view(found.payment, found.user.id),
        "account": _account_view(found, whole=whole),
        "consents": [_consent_view(row, devices, whole=whole) for row in kept.consents],
        "signIns": [_sign_in_view(row) for row in kept.sign_ins],
        "sessions": [_session_view(row, devices, whole=whole) for row in kept.sessions],
        "earlierPayments": {"count": count, "firstPaidAt": timestamp(first), "lastPaidAt": timestamp(last)},
        "activity": [_line_view(row) for row in kept.lines],
    }


def _account_view(found: Disputed, *, whole: bool) -> wire.EvidenceAccount:
    email = found.user.email
    return presented(
        wire.EvidenceAccount,
        found.user,
        email=email if whole else masked_email(email),
        emailVerifiedAt=timestamp(found.verified_at),
        country=found.user.registration_country,
    )


def _consent_view(row: Any, devices: Mapping[str | None, str | None], *, whole: bool) -> wire.EvidenceConsent:
    ip = row.ip_address if whole else masked_ip(row.ip_address)
    return presented(wire.EvidenceConsent, row, accepted=row.granted, ip=ip, device=devices[row.user_agent])


def _sign_in_view(row: Any) -> wire.EvidenceSignIn:
    return presented(
        wire.EvidenceSignIn, row, sessionId=row.target_id, method=METHODS[row.action], network=row.ip_prefix
    )


def _session_view(row: Any, devices: Mapping[str | None, str | None], *, whole: bool) -> wire.EvidenceSession:
    ip = row.ip if whole else masked_ip(row.ip)
    ended = timestamp(row.revoked_at)
    return presented(wire.EvidenceSession, row, device=devices[row.user_agent], ip=ip, endedAt=ended)


def _line_view(row: Any) -> wire.EvidenceActivity:
    return presented(
        wire.EvidenceActivity,
        row,
        id=str(row.transfer_id),
        amount=str(Money(row.amount)),
        referenceType=row.about,
        referenceId=row.about_id,
    )
