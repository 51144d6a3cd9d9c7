"""Two columns of content that nobody read."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

previous_release = "It has no content."


def upgrade() -> None:
    op.drop_column("content_entries", "archived_at")
    op.drop_column("content_categories", "version")


def downgrade() -> None:
    op.add_column("content_entries", sa.Column("archived_at", sa.DateTime(timezone=True)))
    version = sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False)
    op.add_column("content_categories", version)
