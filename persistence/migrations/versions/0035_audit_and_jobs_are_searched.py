"""The audit log is searched; jobs are listed by topic, and dead letters can be discarded."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

previous_release = "It counts dead letters that were discarded with the others."

OPEN, DEAD, DONE = "done_at IS NULL AND dead_at IS NULL", "dead_at IS NOT NULL", "done_at IS NOT NULL"
AUDIT: dict[str, list[Any]] = {
    "ix_audit_logs_created": ["created_at", "id"],
    "ix_audit_logs_action": [sa.text("action text_pattern_ops"), "created_at"],
    "ix_audit_logs_result": ["result", "created_at"],
    "ix_audit_logs_correlation": ["correlation_id", "created_at"],
}
OUTBOX = {
    "ix_outbox_open_topic": ("available_at", OPEN),
    "ix_outbox_dead_topic": ("dead_at", DEAD),
    "ix_outbox_done_topic": ("done_at", DONE),
}
DISCARDS: dict[str, Any] = {
    "discarded_at": sa.DateTime(timezone=True),
    "discarded_by": sa.Uuid(),
    "discard_reason": sa.Text(),
}


def upgrade() -> None:
    for name, kind in DISCARDS.items():
        op.add_column("outbox", sa.Column(name, kind, nullable=True), if_not_exists=True)
    for index, columns in AUDIT.items():
        build_index(index, "audit_logs", columns)
    for index, (moment, where) in OUTBOX.items():
        build_index(index, "outbox", ["topic", moment], where=where)


def downgrade() -> None:
    for index in OUTBOX:
        drop_index(index, "outbox")
    for index in AUDIT:
        drop_index(index, "audit_logs")
    for name in DISCARDS:
        op.drop_column("outbox", name)
