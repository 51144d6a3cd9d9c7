"""Reports, the cases that they open, and the rules that texts are held against."""

from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import admin as wire
from persistence.models.base import Base, Created, Identified, one_of

IS_OPEN = text("state IN ('CLAIMED', 'OPEN')")


class ModerationCase(Identified, Created, Base):
    """``user_id``: whose the target is. At most one case of a target is open.

    ``evidence``: what the target looked like when the case was opened, and ``later`` where a report found it changed;
    ``flags`` of rules. ``assignee_id`` claimed or decided it.
    """

    __tablename__ = "moderation_cases"
    __table_args__ = (
        one_of("state", get_args(wire.CaseState)),
        Index("uq_moderation_cases_open", "target_type", "target_id", unique=True, postgresql_where=IS_OPEN),
        Index("ix_moderation_cases_age", "created_at", "id"),
        Index("ix_moderation_cases_notices", "notices", "id"),
        Index("ix_moderation_cases_state", "state", "created_at", "id"),
        Index("ix_moderation_cases_state_notices", "state", "notices", "id"),
        Index("ix_moderation_cases_origin", "origin", "created_at", "id"),
        Index("ix_moderation_cases_target_type", "target_type", "created_at", "id"),
        Index("ix_moderation_cases_category", "category", "created_at", "id"),
        Index("ix_moderation_cases_assignee", "assignee_id", "created_at", "id"),
    )

    target_type: Mapped[str]
    target_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    origin: Mapped[str]
    category: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="OPEN")
    notices: Mapped[int] = mapped_column(server_default=text("0"))
    evidence: Mapped[dict[str, Any]]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    claimed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


class ModerationNotice(Identified, Created, Base):
    """``user_id`` reported, or somebody without an account, of whom ``name`` and ``email`` are what was stated.

    ``told_at``: when the mail about the decision was queued.
    """

    __tablename__ = "moderation_notices"
    __table_args__ = (
        Index("uq_moderation_notices_user", "case_id", "user_id", unique=True),
        Index("uq_moderation_notices_email", "case_id", "email", unique=True),
        Index("ix_moderation_notices_age", "case_id", "created_at", "id"),
        Index("ix_moderation_notices_email", "email", postgresql_where=text("email IS NOT NULL")),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("moderation_cases.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str | None]
    email: Mapped[str | None]
    locale: Mapped[str]
    category: Mapped[str]
    explanation: Mapped[str]
    told_at: Mapped[datetime | None]


class ModerationRule(Identified, Created, Base):
    """Names that nobody may have are no rows of it: they stand in ``reserved_usernames``.

    ``folded``: by which two rules are the same. ``locale``: of the accounts that it is for; empty for all. ``hits`` are
    counted behind, and move no ``version``.
    """

    __tablename__ = "moderation_rules"
    __table_args__ = (
        one_of("kind", get_args(wire.RuleKind)),
        one_of("match", get_args(wire.RuleMatch)),
        one_of("action", get_args(wire.RuleAction)),
        Index("uq_moderation_rules_same", "kind", "folded", "match", "action", "locale", unique=True),
        Index("ix_moderation_rules_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_moderation_rules_kind", "kind", text("created_at DESC"), text("id DESC")),
        Index("ix_moderation_rules_action", "action", text("created_at DESC"), text("id DESC")),
    )

    kind: Mapped[str]
    pattern: Mapped[str]
    folded: Mapped[str]
    match: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    action: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="")
    hits: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_hit_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ModerationRevision(Base):
    """``number`` moves with each change of what ``name`` stands for, so that processes see that there was one."""

    __tablename__ = "moderation_revisions"

    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
