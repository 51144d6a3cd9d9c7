"""Exports and erasures find by an index what a person left in tables that grow."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_audit_logs_actor", "audit_logs", ["actor_id", "created_at"])
    build_index("ix_email_changes_new_email", "email_changes", ["new_email"])
    build_index("ix_email_deliveries_failed", "email_deliveries", ["started_at"], where="error IS NOT NULL")
    build_index("ix_outbox_user", "outbox", [sa.text("(payload ->> 'user')")], where="(payload ->> 'user') IS NOT NULL")
    drop_index("ix_challenges_phone", "challenges")  # of other columns
    build_index("ix_challenges_phone", "challenges", ["phone"], where="phone IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_outbox_user", table_name="outbox")
    op.drop_index("ix_email_deliveries_failed", table_name="email_deliveries")
    op.drop_index(op.f("ix_email_changes_new_email"), table_name="email_changes")
    op.drop_index("ix_challenges_phone", table_name="challenges")
    op.create_index("ix_challenges_phone", "challenges", ["phone_hash", "created_at"], unique=False)
    op.drop_index("ix_audit_logs_actor", table_name="audit_logs")
