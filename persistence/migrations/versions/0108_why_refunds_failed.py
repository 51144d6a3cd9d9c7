"""Why a refund failed, such as a dispute that came before its provider was asked."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import column

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

previous_release = "It asks for refunds of what is disputed by then, and does not say why one failed."

REFUNDS, WHY = "refunds", "failed_for"
CHECKS = {
    WHY: f"{WHY} IN ('DISPUTED', 'EXCEEDS', 'REFUSED', 'UNDONE')",
    "failed": f"{WHY} IS NULL OR status = 'FAILED'",
}


def upgrade() -> None:
    op.add_column(REFUNDS, column(WHY, sa.Text(), null=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{REFUNDS}_{name}"), REFUNDS, condition)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_{REFUNDS}_{name}"), REFUNDS)
    op.drop_column(REFUNDS, WHY)
