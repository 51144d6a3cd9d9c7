"""How a person wants to be spoken to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func, true
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class UserSettings(Identified, Created, Base):
    """Made when first asked for. ``locale`` is the true one; the account's is its mirror."""

    __tablename__ = "user_settings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    locale: Mapped[str | None]
    theme: Mapped[str | None]
    email_notifications: Mapped[bool] = mapped_column(server_default=true())
    push_notifications: Mapped[bool] = mapped_column(server_default=true())
    in_app_notifications: Mapped[bool] = mapped_column(server_default=true())
    digest_mode: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
