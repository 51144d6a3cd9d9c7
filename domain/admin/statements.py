"""Restrictions and their statements of reasons (DSA Art. 17): no restriction without one.

Whoever restricts an account or its content says so in the transaction of the effect, in one of two ways::

    # The account is shut out, or columns of it are changed: effect, statement and mail in one call.
    made = await db.statements.restrict(
        new_statement("ACCOUNT_BANNED", body["statement"], user_id=…, by=principal.user_id, now=now, until=None)
    )
    await db.statements.restrict(
        new_statement("VISIBILITY_REMOVED", body["statement"], …, target=("BIO", None)), {"bio": None}
    )

    # The effect was brought about by the caller: statement and mail. ``before`` and ``after`` hold columns of the
    # account, which are put back when the restriction ends.
    await db.statements.add(
        new_statement(
            "VISIBILITY_REMOVED", body["statement"], …, target=("USERNAME", None),
            before={"username": "ada"}, after={"username": "user-7f3a"},
        )
    )

Both mail the statement by a job of that transaction. ``db.statements.lift`` ends a restriction, puts back what was
there, and mails that. ``body["statement"]`` is the schema ``Statement`` of ``openapi/schemas/admin_statements.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

from domain.clock import timestamp
from domain.config_keys import IntKey
from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Principal
from domain.wire import admin as wire
from domain.wire import common

VISIBILITY_REMOVED, VISIBILITY_LIMITED = "VISIBILITY_REMOVED", "VISIBILITY_LIMITED"
MONEY_SUSPENDED, SERVICE_SUSPENDED = "MONEY_SUSPENDED", "SERVICE_SUSPENDED"
ACCOUNT_SUSPENDED, ACCOUNT_BANNED = "ACCOUNT_SUSPENDED", "ACCOUNT_BANNED"
TYPES: tuple[str, ...] = get_args(common.StatementType)
SHUT_OUT: Mapping[str, str] = {ACCOUNT_SUSPENDED: "SUSPENDED", ACCOUNT_BANNED: "BANNED"}
"""The status that an account has by each type that concerns the whole of it."""
KIND_OF: Mapping[str, str] = {status: kind for kind, status in SHUT_OUT.items()}
TARGETS: tuple[str, ...] = get_args(common.StatementTarget)
SOURCES: tuple[str, ...] = get_args(get_type_hints(wire.StatementOfReasons)["source"])
GROUNDS: tuple[str, ...] = get_args(common.StatementGround)
LIFTED, EXPIRED, REPLACED, GRANTED = "LIFTED", "EXPIRED", "REPLACED", "GRANTED"
ENDS: tuple[str, ...] = tuple(filter(None, get_args(common.StatementEnd)))

APPEAL_DAYS = IntKey(
    "trust.appeal_days",
    184,
    "days after a statement of reasons in which its recipient may appeal (the law asks for six months)",
    184,
    3650,
)


def new_statement(
    kind: str,
    told: Mapping[str, Any],
    *,
    user_id: UUID,
    by: UUID | None,
    now: datetime,
    until: datetime | None = None,
    target: tuple[str, str | None] = ("USER", None),
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    report_id: UUID | None = None,
    case_id: UUID | None = None,
) -> dict[str, Any]:
    """The columns of a statement. ``told`` is what the decider writes, as the schema ``Statement`` has it.

    ``by`` is None for a rule that decided alone. ``target``: the kind of what is restricted, and its id if it has one.
    """
    target_type, target_id = target
    return {
        "user_id": user_id,
        "type": kind,
        "target_type": target_type,
        "target_id": target_id,
        "facts": told["facts"],
        "source": told.get("source", "OWN_INITIATIVE"),
        "report_id": report_id,
        "case_id": case_id,
        "automated_detection": told.get("automatedDetection", False),
        "automated_decision": told.get("automatedDecision", False),
        "ground": told["ground"],
        "reference": told["reference"],
        "explanation": told["explanation"],
        "created_at": now,
        "starts_at": now,
        "ends_at": until,
        "territory": told.get("territory"),
        "mass_spam": told.get("massSpam", False),
        "before": dict(before or {}),
        "after": dict(after or {}),
        "decided_by": by,
    }


def notes_of(statement: Any) -> list[str]:
    """Keys of the sentences in which a mail tells a statement, in order (DSA Art. 17(3))."""
    notes = [f"restriction.what.{statement.type}"]
    if statement.target_type != "USER":
        notes.append(f"restriction.target.{statement.target_type}")
    notes += ["restriction.facts", f"restriction.source.{statement.source}"]
    if statement.automated_detection:
        notes.append("restriction.automated_detection")
    if statement.automated_decision:
        notes.append("restriction.automated_decision")
    notes += [f"restriction.ground.{statement.ground}", "restriction.explanation"]
    notes.append("restriction.until" if statement.ends_at else "restriction.open_ended")
    if statement.territory:
        notes.append("restriction.territory")
    return [*notes, "restriction.appeal", *REDRESS]


REDRESS = ("restriction.dispute", "restriction.court")
"""What remains to somebody whom our own answer does not satisfy (DSA Art. 17(3)(f), 20(5), 21)."""


PROFILE: Mapping[str, None] = dict.fromkeys(("display_name", "bio", "avatar_url", "avatar_key"))
"""What is taken from a profile that shall not be visible."""


def takes(kind: str) -> Mapping[str, None]:
    return {} if kind in SHUT_OUT else PROFILE


def read_until(body: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a restriction shall end. Raises ApiError validation.failed for a time that has passed."""
    until = datetime.fromisoformat(body["until"]) if "until" in body else None
    if until is not None and until <= now:
        details = [{"field": "until", "rule": "minimum", "limit": timestamp(now)}]
        raise ApiError("validation.failed", details=details)
    return until


def statement_view(row: Any) -> wire.StatementOfReasons:
    """``row`` has a statement and the id of its ban."""
    statement, ban_id = row
    return presented(wire.StatementOfReasons, statement, banId=str(ban_id) if ban_id else None)


def account_status_view(user: Any, ban: Any) -> wire.AccountStatus:
    told: dict[str, str | None] = dict.fromkeys(("banId", "statementId", "until"))
    if ban is not None:
        told = {"banId": str(ban.id), "statementId": str(ban.statement_id), "until": timestamp(ban.until)}
    return presented(wire.AccountStatus, user, version=user.admin_version, **told)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What staff wants an account to be, and why. ``action`` is what the audit log calls it."""

    status: str
    statement: Mapping[str, Any] | None
    until: datetime | None
    reason: str
    by: Principal
    now: datetime
    action: str

    @property
    def kind(self) -> str | None:
        """The type of the restriction; None for the end of one."""
        return KIND_OF.get(self.status)


def status_told(user: Any, ban: Any) -> dict[str, str | None]:
    """As the audit log has it."""
    statement, until = (str(ban.statement_id), timestamp(ban.until)) if ban else (None, None)
    return {"status": user.status, "until": until, "statement": statement}


def refused_view(user_id: str, refusal: ApiError, act: StatusChange) -> wire.StatusResult:
    """An account that is so already is unchanged, and no failure."""
    if refusal.code == "admin.transition_invalid" and refusal.variables["from"] == act.status:
        return {"id": user_id, "outcome": "UNCHANGED", "code": None}
    return {"id": user_id, "outcome": "FAILED", "code": refusal.code}
