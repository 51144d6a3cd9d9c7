"""What providers told us of."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.webhooks import STATES
from persistence.models.base import Base, Identified, one_of

ZERO = text("0")
DUE, UNDONE, KEPT = text("due_at IS NOT NULL"), text("state NOT IN ('DONE', 'IGNORED')"), text("payload IS NOT NULL")


class ProviderEvent(Identified, Base):
    """``type``, ``external_id`` and ``object_ref`` are the provider's words; ``payload`` is sealed.

    ``due_at``: when to look whether the job of the event is still there. ``pings`` counts what came again of what has
    no id of its own, ``tries`` how often it was begun, ``waits`` how often its object was not known here.
    """

    __tablename__ = "provider_events"
    __table_args__ = (
        UniqueConstraint("family", "provider", "external_id"),
        one_of("state", STATES),
        Index("ix_provider_events_due_at", "due_at", postgresql_where=DUE),
        Index("ix_provider_events_open", "family", "state", postgresql_where=UNDONE),
        Index("ix_provider_events_ended_at", "ended_at", postgresql_where=KEPT),
        Index("ix_provider_events_newest", "received_at", "id"),
        Index("ix_provider_events_state", "state", "received_at", "id"),
        Index("ix_provider_events_family", "family", "received_at", "id"),
        Index("ix_provider_events_object", "object_ref", "provider", "family"),
    )

    family: Mapped[str]
    provider: Mapped[str]
    external_id: Mapped[str]
    type: Mapped[str]
    object_ref: Mapped[str | None]
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    payload: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(server_default="RECEIVED")
    pings: Mapped[int] = mapped_column(server_default=ZERO)
    tries: Mapped[int] = mapped_column(server_default=ZERO)
    waits: Mapped[int] = mapped_column(server_default=ZERO)
    due_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fault: Mapped[str | None]
