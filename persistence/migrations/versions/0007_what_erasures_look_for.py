"""Exports and erasures find by an index what a person left in tables that grow."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_logs_actor", "audit_logs", ["actor_id", "created_at"], unique=False)
    op.drop_index("ix_challenges_phone", table_name="challenges")
    op.create_index(
        "ix_challenges_phone", "challenges", ["phone"], unique=False, postgresql_where=sa.text("phone IS NOT NULL")
    )
    op.create_index(op.f("ix_email_changes_new_email"), "email_changes", ["new_email"], unique=False)
    op.create_index(
        "ix_email_deliveries_failed",
        "email_deliveries",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("error IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_user",
        "outbox",
        [sa.text("(payload ->> 'user')")],
        unique=False,
        postgresql_where=sa.text("(payload ->> 'user') IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_user", table_name="outbox")
    op.drop_index("ix_email_deliveries_failed", table_name="email_deliveries")
    op.drop_index(op.f("ix_email_changes_new_email"), table_name="email_changes")
    op.drop_index("ix_challenges_phone", table_name="challenges")
    op.create_index("ix_challenges_phone", "challenges", ["phone_hash", "created_at"], unique=False)
    op.drop_index("ix_audit_logs_actor", table_name="audit_logs")
