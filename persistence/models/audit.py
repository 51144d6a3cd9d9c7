"""What shows that nobody changed the audit log: seals, each over some of its rows and the seal before it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class AuditSeal(Base):
    """Append-only. ``number`` counts from 1 without gaps: as the primary key it keeps two workers from making a fork.

    ``rows`` is how many rows it holds, ``digest`` that of them, of all before in this row and of ``previous``, the
    digest of the seal before (empty for the first), under the key ``key_id``.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (Index("ix_audit_seals_at", "at"), Index("ix_audit_seals_key", "key_id"))

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    rows: Mapped[int]
    key_id: Mapped[str]
    digest: Mapped[bytes]
    previous: Mapped[bytes]
    at: Mapped[datetime]


class AuditSealed(Base):
    """Append-only: which seal holds a row of the audit log."""

    __tablename__ = "audit_sealed"

    row_id: Mapped[UUID] = mapped_column(ForeignKey("audit_logs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(ForeignKey("audit_seals.number"), index=True)
