"""Text messages of a day."""

import datetime as dt

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class SmsBudget(Base):
    """Codes to phones of a country on a day, and how many came back. The country ``*`` is all of them.

    ``asked_by``: ``anybody`` or ``accounts``, whose budgets are apart. ``alerted_at``: when the operators were told.
    """

    __tablename__ = "sms_budgets"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    asked_by: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    verified: Mapped[int] = mapped_column(server_default=text("0"))
    alerted_at: Mapped[dt.datetime | None]
