"""Who wants mails from a creator."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class EmailSubscriber(Identified, Created, Base):
    """An address that was entered on a page, subscribed while it is confirmed and not unsubscribed.

    ``token_hash`` is of the link that was mailed last, until it is used. ``token_expires_at``: when a subscription that
    nobody confirmed is over, with a link or without. ``was_listed``: whether its creator was ever shown it, and so
    knows its id.
    """

    __tablename__ = "bio_email_subscribers"
    __table_args__ = (
        UniqueConstraint("page_id", "email"),
        Index(
            "ix_bio_email_subscribers_listed", "page_id", text("subscribed_at DESC"), "id",
            postgresql_where=text("confirmed_at IS NOT NULL AND unsubscribed_at IS NULL"),
        ),
        Index(
            "ix_bio_email_subscribers_confirmed", "confirmed_at", "page_id",
            postgresql_where=text("unsubscribed_at IS NULL"),
        ),
        Index(
            "ix_bio_email_subscribers_unconfirmed", "token_expires_at",
            postgresql_where=text("confirmed_at IS NULL AND unsubscribed_at IS NULL"),
        ),
        Index(
            "ix_bio_email_subscribers_unsubscribed", "unsubscribed_at",
            postgresql_where=text("unsubscribed_at IS NOT NULL"),
        ),
    )  # fmt: skip

    page_id: Mapped[UUID] = mapped_column(ForeignKey("bio_pages.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(index=True)
    name: Mapped[str | None]
    locale: Mapped[str]
    subscribed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    token_expires_at: Mapped[datetime]
    was_listed: Mapped[bool] = mapped_column(server_default=text("false"))
