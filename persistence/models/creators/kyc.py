"""Verifications of identity, one row for each try. The creator's profile shows the newest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, SmallInteger, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.creators.kyc import LIVE, STATES
from persistence.models.base import Base, Created, Identified, one_of

UNDER_WAY = text(f"state IN ({', '.join(map(repr, LIVE))})")
VALID, HASHED, NAMED = text("state = 'APPROVED'"), text("identity_hash IS NOT NULL"), text("ref IS NOT NULL")
LOOKED_FOR = text("state IN ('OPEN', 'PROCESSING')")


class KycSession(Identified, Created, Base):
    """``ref`` is the provider's id, ``link`` its sealed URL where nobody can ask for that again.

    ``looked_at``: as of when the state is. ``identity_hash`` is a keyed hash of the document; ``twin`` says that
    another account has the same; ``verified_name`` is sealed, and goes when the verification ends. ``changes`` counts
    verdicts; ``reminded``: how many days before the end its owner was last reminded of that.
    """

    __tablename__ = "kyc_sessions"
    __table_args__ = (
        one_of("state", STATES),
        Index("ix_kyc_sessions_user_id", "user_id", "created_at", "id"),
        Index("uq_kyc_sessions_ref", "provider", "ref", unique=True, postgresql_where=NAMED),
        Index("uq_kyc_sessions_live", "user_id", unique=True, postgresql_where=UNDER_WAY),
        Index("ix_kyc_sessions_valid_until", "valid_until", postgresql_where=VALID),
        Index("ix_kyc_sessions_looked_at", "looked_at", postgresql_where=LOOKED_FOR),
        Index("ix_kyc_sessions_identity_hash", "identity_hash", postgresql_where=HASHED),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str]
    ref: Mapped[str | None]
    link: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(server_default="STARTED")
    final: Mapped[bool] = mapped_column(server_default=false())
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    looked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    identity_hash: Mapped[str | None]
    verified_name: Mapped[bytes | None]
    twin: Mapped[bool] = mapped_column(server_default=false())
    changes: Mapped[int] = mapped_column(server_default=text("0"))
    reminded: Mapped[int | None] = mapped_column(SmallInteger)
