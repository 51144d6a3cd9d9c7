"""What is wrong with the ledger, and when it was looked at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Identified

OPEN = text("closed_at IS NULL")


class LedgerReconciliation(Identified, Base):
    """``severe``: how many of its findings say that money is wrong."""

    __tablename__ = "ledger_reconciliations"
    __table_args__ = (Index("ix_ledger_reconciliations_newest", "started_at", "id"),)

    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    transfers: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)
    wallets: Mapped[int] = mapped_column(BigInteger)
    findings: Mapped[int] = mapped_column(BigInteger)
    severe: Mapped[int] = mapped_column(BigInteger)


class LedgerFinding(Identified, Base):
    """``check`` and ``what``: of which one is open at most. Only people close one."""

    __tablename__ = "ledger_findings"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by"),
        CheckConstraint("(closed_at IS NULL) = (closed_because IS NULL)", name="closed_because"),
        Index("uq_ledger_findings_open", "check", "what", unique=True, postgresql_where=OPEN),
        Index("ix_ledger_findings_newest", "first_seen", "id"),
        Index("ix_ledger_findings_what", "check", "what"),
    )

    check: Mapped[str]
    what: Mapped[str]
    expected: Mapped[str]
    found: Mapped[str]
    severe: Mapped[bool]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    closed_because: Mapped[str | None]
