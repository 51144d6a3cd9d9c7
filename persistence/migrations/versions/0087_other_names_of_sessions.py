"""Payments have another name at their provider, by which it tells of refunds and disputes."""

from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

previous_release = "It knows no such name, and finds what is told by it when it looks at the payment."

INDEX = "uq_payments_alias"


def upgrade() -> None:
    op.execute("ALTER TABLE payments ADD COLUMN IF NOT EXISTS alias text")
    build_index(INDEX, "payments", ["provider", "alias"], where="alias IS NOT NULL", unique=True)


def downgrade() -> None:
    drop_index(INDEX, "payments")
    op.drop_column("payments", "alias")
