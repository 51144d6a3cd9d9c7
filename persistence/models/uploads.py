"""Files that people were allowed to upload."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from domain.upload import STATUSES, TYPES
from persistence.models.base import Base, Created, Identified, one_of


class Upload(Identified, Created, Base):
    """One signed URL and the file that came by it. ``provider`` keeps the file, whichever is active later.

    PENDING until the bytes were looked at. ``uploaded_at`` is known where we take the bytes ourselves; ``direct`` ones
    go past us. ``max_bytes`` is the told size, where it was told. A file of nobody is removed, then its row.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("kind", TYPES),
        one_of("status", STATUSES),
        Index("ix_uploads_user_id_created_at", "user_id", "created_at"),
        Index("ix_uploads_pending", "expires_at", postgresql_where=sql("status = 'PENDING'")),
        Index("ix_uploads_ended", "created_at", postgresql_where=sql("status IN ('REJECTED', 'DELETED')")),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    content_type: Mapped[str]
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    direct: Mapped[bool] = mapped_column(server_default=false())
    status: Mapped[str] = mapped_column(server_default="PENDING")
    size: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None]
    expires_at: Mapped[datetime]
    uploaded_at: Mapped[datetime | None]
