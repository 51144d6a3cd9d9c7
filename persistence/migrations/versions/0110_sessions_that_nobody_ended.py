"""The reconciliation names sessions that are open long after their end, without reading all payments."""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0109"
branch_labels = None
depends_on = None

previous_release = "It does not look for them."


def upgrade() -> None:
    op.create_index("ix_payments_open", "payments", ["expires_at"], postgresql_where=sa.text("status = 'OPEN'"))


def downgrade() -> None:
    op.drop_index("ix_payments_open", "payments")
