"""The reconciliation names sessions that are open long after their end, without reading all payments."""

from persistence.migrations.beside import build_index, drop_index

revision = "0110"
down_revision = "0109"
branch_labels = None
depends_on = None

previous_release = "It does not look for them."


def upgrade() -> None:
    build_index("ix_payments_open", "payments", ["expires_at"], "status = 'OPEN'")


def downgrade() -> None:
    drop_index("ix_payments_open", "payments")
