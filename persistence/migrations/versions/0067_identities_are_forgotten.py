"""Who somebody is at a platform is forgotten when the platform takes the connection back."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

previous_release = "It makes no such row, and meets none: it reads ways to sign in, which keep whose they are."

TABLE, COLUMN = "social_accounts", "platform_user_id"


def upgrade() -> None:
    op.alter_column(TABLE, COLUMN, existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM social_accounts WHERE platform_user_id IS NULL")
    op.alter_column(TABLE, COLUMN, existing_type=sa.Text(), nullable=False)
