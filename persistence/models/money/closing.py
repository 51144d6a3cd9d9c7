"""What was left in wallets of accounts that were erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created


class UnclaimedBalance(Created, Base):
    """``wallet_id`` is that which was closed. Whoever has the code that ``code_hash`` is of may claim it, once.

    The wallets of one account have one code.
    """

    __tablename__ = "unclaimed_balances"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(claimed_at IS NULL) = (claimed_by IS NULL)", name="claimed_by"),
        Index("ix_unclaimed_balances_code_hash", "code_hash"),
    )

    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"), primary_key=True)
    type: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    code_hash: Mapped[bytes]
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[UUID | None]
