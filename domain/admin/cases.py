"""Cases of moderation, as staff sees and decides them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.admin import PII
from domain.admin.masking import masked_email
from domain.admin.statements import SHUT_OUT, VISIBILITY_REMOVED
from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.presenting import presented
from domain.wire import admin as wire

CLAIM_HOURS = IntKey(
    "moderation.claim_hours",
    24,
    "hours after which a case that was claimed and not decided can be claimed again",
    1,
    720,
)
SHOWN = 100
"""How many reports and events a case is shown with."""
# The columns of an account that are a part of its profile.
PARTS: Mapping[str, Sequence[str]] = {
    "username": ("username",),
    "displayName": ("display_name",),
    "bio": ("bio",),
    "avatar": ("avatar_url", "avatar_key"),
}
LINK = "LINK"
USUAL = ("displayName", "bio", "avatar")


def stale_since(now: datetime, config: Config) -> datetime:
    """Who claimed a case before then has let go of it."""
    return now - timedelta(hours=config[CLAIM_HOURS])


def taken_parts(case: Any, body: Mapping[str, Any]) -> dict[str, None]:
    """The columns of the account that a restriction empties; a link is taken away whole."""
    if body["type"] in SHUT_OUT or case.target_type == LINK:
        return {}
    return {column: None for part in body.get("parts", USUAL) for column in PARTS[part]}


def restricted(case: Any, body: Mapping[str, Any]) -> tuple[str, str | None]:
    """Kind and id of what a statement is about."""
    if body["type"] == VISIBILITY_REMOVED and case.target_type != LINK and body.get("parts") == ["username"]:
        return "USERNAME", None
    return case.target_type, None if case.target_type == "USER" else str(case.target_id)


def told_of(case: Any, statement: Mapping[str, Any]) -> dict[str, Any]:
    """What the decider writes, with what the case says by itself."""
    known = {"source": "NOTICE" if case.notices else "OWN_INITIATIVE", "automatedDetection": case.origin == "RULE"}
    return known | dict(statement)


def case_view(case: Any) -> wire.ModerationCase:
    return presented(wire.ModerationCase, case, username=case.evidence.get("username"))


def full_view(
    case: Any, notices: Sequence[Any], events: Sequence[Any], permissions: Collection[str]
) -> wire.ModerationCaseInFull:
    return presented(
        wire.ModerationCaseInFull,
        case,
        username=case.evidence.get("username"),
        evidence=_evidence_view(case.evidence),
        reports=[_report_view(notice, whole=PII in permissions) for notice in notices],
        history=[presented(wire.CaseEvent, event, at=timestamp(event.created_at)) for event in events],
    )


def _report_view(notice: Any, *, whole: bool) -> wire.CaseReport:
    return presented(wire.CaseReport, notice, email=notice.email if whole else masked_email(notice.email))


def _evidence_view(evidence: Mapping[str, Any]) -> wire.CaseEvidence:
    """Empty once the account is erased."""
    later: list[wire.CaseLook] = [
        presented(wire.CaseLook, None, at=_at(look), **_look(look)) for look in _some(evidence, "later")
    ]
    flags: list[wire.CaseFlag] = [
        {"at": _at(flag), "scope": flag["scope"], "text": flag["text"], "rules": flag["rules"]}
        for flag in _some(evidence, "flags")
    ]
    return presented(wire.CaseEvidence, None, later=later, flags=flags, **_look(evidence))


def _some(evidence: Mapping[str, Any], name: str) -> Sequence[Any]:
    found: Sequence[Any] = evidence.get(name, ())
    return found


def _at(seen: Mapping[str, Any]) -> str:
    return timestamp(datetime.fromisoformat(seen["at"]))


LOOK = ("username", "displayName", "bio", "avatarUrl", "title", "url")


def _look(seen: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: seen.get(name) for name in LOOK}
