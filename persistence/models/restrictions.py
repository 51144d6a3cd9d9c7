"""What was decided against an account, with its reasons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.admin.statements import ENDS, GROUNDS, SHUT_OUT, SOURCES, TARGETS, TYPES
from persistence.models.base import Base, Created, Identified, one_of

IS_LIVE = text("lifted_at IS NULL")
HAS_NOT_ENDED = text("ended_at IS NULL")


class StatementOfReasons(Identified, Created, Base):
    """One restriction and its statement of reasons (DSA Art. 17): there is none without the other.

    ``before`` holds the columns of the account that the restriction changed, as they were, ``after`` what it set: when
    it ends, what is still as it was set is put back. ``decided_by`` and ``lifted_by`` are no foreign keys: the ids stay
    when the accounts of the staff go. ``report_id``, ``case_id``: of the notice and the case that it came of.
    ``mass_spam``: no statement was sent (Art. 17(2)). ``territory``: country codes; NULL for everywhere.
    """

    __tablename__ = "statements_of_reasons"
    __table_args__ = (
        one_of("type", TYPES),
        one_of("target_type", TARGETS),
        one_of("source", SOURCES),
        one_of("ground", GROUNDS),
        one_of("ended_as", ENDS),
        Index("ix_statements_of_reasons_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_statements_of_reasons_user", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_statements_of_reasons_type", "type", text("created_at DESC"), text("id DESC")),
        Index("ix_statements_of_reasons_ground", "ground", text("created_at DESC"), text("id DESC")),
        Index("ix_statements_of_reasons_live", text("created_at DESC"), text("id DESC"), postgresql_where=IS_LIVE),
        Index(
            "ix_statements_of_reasons_due",
            "ends_at",
            postgresql_where=text("lifted_at IS NULL AND ends_at IS NOT NULL"),
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str]
    target_type: Mapped[str]
    target_id: Mapped[str | None]
    facts: Mapped[str]
    source: Mapped[str]
    report_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    automated_detection: Mapped[bool] = mapped_column(server_default=false())
    automated_decision: Mapped[bool] = mapped_column(server_default=false())
    ground: Mapped[str]
    reference: Mapped[str]
    explanation: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    territory: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    mass_spam: Mapped[bool] = mapped_column(server_default=false())
    before: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    after: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    decided_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]
    ended_as: Mapped[str | None]
    appeal_hash: Mapped[bytes | None] = mapped_column(unique=True)


class Ban(Identified, Created, Base):
    """For how long an account is shut out, of which there is one at a time. ``id`` is the ``banId`` of appeals."""

    __tablename__ = "bans"
    __table_args__ = (
        one_of("status", SHUT_OUT.values()),
        Index("uq_bans_live", "user_id", unique=True, postgresql_where=HAS_NOT_ENDED),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("statements_of_reasons.id", ondelete="CASCADE"), unique=True)
    status: Mapped[str]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
