"""Where accounts were signed in to from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class KnownDevice(Identified, Created, Base):
    """A device in a network. ``network`` and ``area`` (/24 or /48) are keyed hashes, ``family`` is of our own list."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("user_id", "device_hash", "network"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device_hash: Mapped[bytes]
    network: Mapped[bytes]
    area: Mapped[bytes]
    family: Mapped[str | None]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)
