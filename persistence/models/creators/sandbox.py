"""The book of the sandbox, which plays a provider of verifications in development and staging."""

from datetime import date, datetime

from sqlalchemy import false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class SandboxVerification(Base):
    """A verification of identity that whoever opens its page decides. Empty in production."""

    __tablename__ = "sandbox_verifications"

    ref: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default="OPEN")
    final: Mapped[bool] = mapped_column(server_default=false())
    document: Mapped[str | None]
    document_until: Mapped[date | None]
    changes: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
