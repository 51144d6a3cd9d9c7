"""Where creators have their money paid out to, but for accounts at a payout provider."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import admin, common
from persistence.models.base import Base, Created, one_of


class BankDetail(Created, Base):
    """``details`` is sealed, all of it together. ``state`` and what was decided are of the details as they are now, and
    NULL until these are complete. ``held_until``: nothing is paid out to them before. ``version`` moves with each
    change. ``auto_payout``: a payout is requested each week; ``auto_payout_at`` and ``_refusal`` tell of the last time.
    """

    __tablename__ = "bank_details"
    __table_args__ = (
        one_of("state", get_args(admin.BankDetailsState)),
        one_of("rejected_for", get_args(admin.BankRejection)),
        one_of("preferred_method", get_args(common.PayoutMethod)),
        Index("ix_bank_details_auto_payout", "user_id", postgresql_where=text("auto_payout")),
        Index("ix_bank_details_state", "state", "changed_at", "user_id", postgresql_where=text("state IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    details: Mapped[bytes | None]
    last4: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    rejected_for: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    held_until: Mapped[datetime | None]
    preferred_method: Mapped[str | None]
    auto_payout: Mapped[bool] = mapped_column(server_default=text("false"))
    auto_payout_at: Mapped[datetime | None]
    auto_payout_refusal: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
