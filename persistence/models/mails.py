"""How many mails an address got that anybody may cause, and which addresses take none."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class MailQuota(Base):
    """Mails of one kind in the day that ``opened_at``. The address is known by a keyed hash only."""

    __tablename__ = "mail_quotas"

    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    sent: Mapped[int]
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)


class MailSuppression(Base):
    """An address whose server refused a mail for good, or whose owner did. It is known by a keyed hash only."""

    __tablename__ = "mail_suppressions"

    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
