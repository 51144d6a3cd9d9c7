"""How many codes a phone got, or an account asked for."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class PhoneQuota(Base):
    """Codes of the window that ``opened_at``. Phone and account are known by a keyed hash only."""

    __tablename__ = "phone_quotas"

    phone_hash: Mapped[bytes] = mapped_column(primary_key=True)
    sent: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(index=True)
