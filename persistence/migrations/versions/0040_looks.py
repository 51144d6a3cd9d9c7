"""What a reported account looked like stands with the case, which goes with the account, and not with the report."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

previous_release = "It took no reports."


def upgrade() -> None:
    op.drop_column("moderation_notices", "evidence")


def downgrade() -> None:
    empty = sa.text("'{}'::jsonb")
    op.add_column("moderation_notices", sa.Column("evidence", postgresql.JSONB(), nullable=False, server_default=empty))
    op.alter_column("moderation_notices", "evidence", server_default=None)
