"""A version of what staff changes of an account, so that nobody overwrites it unseen."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

previous_release = "It neither reads nor moves the column, and has no operation that asks for a version of an account."


def upgrade() -> None:
    op.add_column("users", sa.Column("admin_version", sa.Integer(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    op.drop_column("users", "admin_version")
