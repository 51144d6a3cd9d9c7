"""What staff was asked for by people who cannot sign in any more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from domain.admin.recoveries import KINDS, STATES
from persistence.models.base import Base, Created, Identified, one_of


class RecoveryRequest(Identified, Created, Base):
    """It takes effect after ``effective_at``, unless it ended before; both tokens are only in mails and messages.

    ``stop_hash``: of the token by which the owner stops it. ``proof_hash``: of the one that ``new_email`` was mailed.
    ``as_it_was``: a digest of what the account was signed in to with, and when last: while it holds, nobody has shown
    that the request is needless. ``requested_by`` is no foreign key: who asked may be gone.
    """

    __tablename__ = "recovery_requests"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        Index(
            "uq_recovery_requests_pending", "user_id", "kind", unique=True, postgresql_where=sql("state = 'PENDING'")
        ),
        Index("ix_recovery_requests_due", "effective_at", postgresql_where=sql("state = 'PENDING'")),
        Index("ix_recovery_requests_newest", "created_at", "id"),
        Index("ix_recovery_requests_newest_of_state", "state", "created_at", "id"),
        Index("ix_recovery_requests_newest_of_account", "user_id", "created_at", "id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="PENDING")
    new_email: Mapped[str | None] = mapped_column(index=True)
    proven_at: Mapped[datetime | None]
    evidence: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[UUID]
    effective_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    stop_hash: Mapped[bytes] = mapped_column(unique=True)
    proof_hash: Mapped[bytes | None] = mapped_column(unique=True)
    as_it_was: Mapped[bytes]
