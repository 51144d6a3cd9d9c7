"""What the platform itself remembers: jobs, answers, settings, traces."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from persistence.models.base import Base, Created, Identified


class OutboxJob(Identified, Created, Base):
    """Due while ``done_at`` and ``dead_at`` are null. ``lease`` names the claim that may end the job.

    ``lane`` is that of ``domain.jobs.Lane``; an earlier version does not tell it.

    ``traceparent`` is that of the request or job which added it, where there was tracing. ``discarded_at``: one of the
    staff gave a dead letter up; nobody is named where a command did.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "available_at", postgresql_where=sql("done_at IS NULL AND dead_at IS NULL")),
        Index("ix_outbox_lane", "lane", "available_at", postgresql_where=sql("done_at IS NULL AND dead_at IS NULL")),
        Index("ix_outbox_leased", "leased_until", postgresql_where=sql("leased_until IS NOT NULL")),
        Index("ix_outbox_done", "done_at", postgresql_where=sql("done_at IS NOT NULL")),
        Index("ix_outbox_dead", "dead_at", postgresql_where=sql("dead_at IS NOT NULL")),
        Index(
            "ix_outbox_open_topic", "topic", "available_at", postgresql_where=sql("done_at IS NULL AND dead_at IS NULL")
        ),
        Index("ix_outbox_dead_topic", "topic", "dead_at", postgresql_where=sql("dead_at IS NOT NULL")),
        Index("ix_outbox_done_topic", "topic", "done_at", postgresql_where=sql("done_at IS NOT NULL")),
        Index("ix_outbox_user", sql("(payload ->> 'user')"), postgresql_where=sql("(payload ->> 'user') IS NOT NULL")),
    )

    topic: Mapped[str]
    lane: Mapped[int] = mapped_column(SmallInteger, server_default=sql("1"))
    payload: Mapped[dict[str, Any]]
    correlation_id: Mapped[str | None]
    traceparent: Mapped[str | None]
    available_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    discarded_at: Mapped[datetime | None]
    discarded_by: Mapped[UUID | None]
    discard_reason: Mapped[str | None]
    last_error: Mapped[str | None]


class ScheduledJob(Base):
    """When a recurring job is due next. Whoever moves ``next_due`` on has the due time, nobody else."""

    __tablename__ = "scheduled_jobs"

    topic: Mapped[str] = mapped_column(primary_key=True)
    next_due: Mapped[datetime]
    last_due: Mapped[datetime | None]


class Delivery(Identified, Created):
    """One attempt of one provider to deliver the message of a job."""

    __tablename__: str

    job_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str]
    outcome: Mapped[str]
    error: Mapped[str | None]
    started_at: Mapped[datetime]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index]:
        failed = sql("error IS NOT NULL")
        return (Index(f"ix_{cls.__tablename__}_failed", "started_at", postgresql_where=failed),)


class EmailDelivery(Delivery, Base):
    __tablename__ = "email_deliveries"


class SmsDelivery(Delivery, Base):
    __tablename__ = "sms_deliveries"


class MailboxMessage(Identified, Base):
    """A mail caught in development. ``id`` is the mail's own, so a repeated delivery stays one mail."""

    __tablename__ = "mailbox_messages"
    __table_args__ = (
        Index("ix_mailbox_messages_recipient", "recipient", sql("number DESC")),
        Index("ix_mailbox_messages_created_at", "created_at"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class IdempotencyKey(Identified, Created, Base):
    """A claim while ``status`` is null, then the sealed answer. ``caller`` and ``fingerprint`` are keyed hashes."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("caller", "operation_id", "key"),)

    caller: Mapped[bytes]
    operation_id: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes]
    leased_until: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    body: Mapped[bytes | None]


class ConfigEntry(Base):
    """A value that somebody chose. It holds until ``expires_at``, where that is given, and then the default does again.

    ``updated_by`` is null where a command wrote it.
    """

    __tablename__ = "config_entries"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_by: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]


class ConfigChange(Identified, Created, Base):
    """Append-only. ``before`` and ``after`` are null where the default held; of secrets they hold ``{fingerprint}``.

    ``version`` is the one that the change led to, so that no version of a key is ever used again.
    """

    __tablename__ = "config_history"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("source IN ('STAFF', 'COMMAND')", name="source"),
    )

    name: Mapped[str]
    version: Mapped[int]
    before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    after: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    until: Mapped[datetime | None]
    source: Mapped[str]
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    reason: Mapped[str | None]


class SigningKey(Created, Base):
    """Signs access tokens until ``retired_at``. ``sealed`` is empty for a key derived from the deployment's secret."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    retired_at: Mapped[datetime | None]


class AuditLog(Identified, Created, Base):
    """Append-only; a trigger refuses changes. Holds no secret and no clear address.

    ``role``: the roles of an actor who acted as staff, by comma. ``reason``: in that person's words. ``before`` and
    ``after``: what the act changed.

    Seals hold every column as it was: one that is added may be NULL, and has no default.
    """

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("ix_audit_logs_actor", "actor_id", "created_at"),
        Index("ix_audit_logs_target", "target_id", "created_at"),
        Index("ix_audit_logs_created", "created_at", "id"),
        Index("ix_audit_logs_action", "action", "created_at", postgresql_ops={"action": "text_pattern_ops"}),
        Index("ix_audit_logs_result", "result", "created_at"),
        Index("ix_audit_logs_correlation", "correlation_id", "created_at"),
    )

    action: Mapped[str]
    result: Mapped[str]
    actor_id: Mapped[UUID | None]
    target_id: Mapped[str | None]
    correlation_id: Mapped[str | None]
    ip_prefix: Mapped[str | None]
    role: Mapped[str | None]
    reason: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))


class ProviderFamily(Base):
    """The version of what was chosen and set in a family. One without a row has version 0."""

    __tablename__ = "provider_families"

    family: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ProviderProbe(Base):
    """When a provider last passed a probe that somebody asked for. Every process then closes its breaker."""

    __tablename__ = "provider_probes"

    family: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    passed_at: Mapped[datetime]


class ProviderState(Base):
    """A provider as one process knows it; written by that process, and ignored a minute after it last was."""

    __tablename__ = "provider_states"

    process: Mapped[UUID] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    role: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    fault: Mapped[str | None]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class ProviderOutcome(Base):
    """Calls of one provider that ended alike in one hour, of all processes together."""

    __tablename__ = "provider_outcomes"
    __table_args__ = (
        Index("ix_provider_outcomes_faults", sql("last_at DESC"), postgresql_where=sql("fault IS NOT NULL")),
    )

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    micros: Mapped[int] = mapped_column(BigInteger)
    slowest_micros: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
    fault: Mapped[str | None]


class PlatformStats(Base):
    """The public figures, in one row. Messages and earnings are 0 until somebody counts them here."""

    __tablename__ = "platform_stats"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    total_creators: Mapped[int] = mapped_column(BigInteger)
    total_messages_sent: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    total_earned_cents: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    counted_at: Mapped[datetime]
