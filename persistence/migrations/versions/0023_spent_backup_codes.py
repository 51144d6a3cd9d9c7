"""Which backup codes were used since a change that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

previous_release = "It leaves the list empty: what it undoes brings back codes that were used on its nodes, as before."


def upgrade() -> None:
    op.add_column(
        "credential_changes",
        sa.Column("spent", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("credential_changes", "spent")
