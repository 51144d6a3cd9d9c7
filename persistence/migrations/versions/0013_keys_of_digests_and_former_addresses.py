"""Backup codes name their key, changes of address the one they replaced; erasures find the rest by an index."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_users_deleted", "users", ["email"], where="status = 'DELETED'")
    build_index("ix_users_phone", "users", ["phone"], where="phone IS NOT NULL")
    build_index("ix_mailbox_messages_created_at", "mailbox_messages", ["created_at"])
    op.add_column("backup_codes", sa.Column("kid", sa.Text(), nullable=True))
    op.add_column("email_changes", sa.Column("former_email", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_index("ix_mailbox_messages_created_at", table_name="mailbox_messages")
    op.drop_index("ix_users_phone", table_name="users", postgresql_where=sa.text("phone IS NOT NULL"))
    op.drop_index("ix_users_deleted", table_name="users", postgresql_where=sa.text("status = 'DELETED'"))
    op.drop_column("email_changes", "former_email")
    op.drop_column("backup_codes", "kid")
