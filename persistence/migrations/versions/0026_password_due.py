"""Accounts whose owner has to choose a password before anything else opens a session."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

previous_release = (
    "It does not read the column. Passwords that are chosen on its nodes leave it set, which means nothing."
)


def upgrade() -> None:
    op.add_column("users", sa.Column("password_due", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("users", "password_due")
