"""Uploads are counted by account and day; an avatar names the upload that it shows."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_uploads_user_id_created_at", "uploads", ["user_id", "created_at"])
    drop_index("ix_uploads_user_id", "uploads")
    op.add_column("users", sa.Column("avatar_key", sa.Text(), nullable=True))
    op.add_column("uploads", sa.Column("direct", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.create_index(op.f("ix_uploads_user_id"), "uploads", ["user_id"], unique=False)
    op.drop_index("ix_uploads_user_id_created_at", table_name="uploads")
    op.drop_column("uploads", "direct")
    op.drop_column("users", "avatar_key")
