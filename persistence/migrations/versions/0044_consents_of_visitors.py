"""Consents of visitors without an account, and what was chosen where that is more than one thing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from persistence.migrations.beside import build_index, drop_index

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

previous_release = "It records and lists the consents of accounts alone."


def upgrade() -> None:
    build_index("ix_consent_records_nobodys", "consent_records", ["created_at"], where="user_id IS NULL")
    op.add_column("consent_records", sa.Column("details", postgresql.JSONB(), nullable=True))
    op.alter_column("consent_records", "user_id", nullable=True)


def downgrade() -> None:
    drop_index("ix_consent_records_nobodys", "consent_records")
    op.execute("DELETE FROM consent_records WHERE user_id IS NULL")
    op.alter_column("consent_records", "user_id", nullable=False)
    op.drop_column("consent_records", "details")
