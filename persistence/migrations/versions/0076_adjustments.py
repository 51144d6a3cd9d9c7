"""Corrections of balances, which two people of the staff make."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, check, column, number, one_of, primary, refers

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

previous_release = "It corrects no balance: the table is new."

PENDING = sa.text("status = 'PENDING'")


def upgrade() -> None:
    op.create_table(
        "adjustments",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("wallet_id", sa.Uuid()),
        column("account", sa.Text()),
        column("contra", sa.Text()),
        column("currency", sa.Text()),
        number("amount"),
        column("status", sa.Text(), "PENDING"),
        column("reason", sa.Text()),
        column("requested_by", sa.Uuid()),
        column("decided_by", sa.Uuid(), null=True),
        column("decided_at", TIME, null=True),
        column("decision", sa.Text(), null=True),
        primary("adjustments", "id"),
        refers("adjustments", "wallet_id", "wallets.id"),
        one_of("adjustments", "account", "fan", "fan_promo", "creator"),
        one_of("adjustments", "status", "PENDING", "APPROVED", "REJECTED"),
        check("adjustments", "amount", "amount <> 0"),
        check("adjustments", "decided_at", "(status = 'PENDING') = (decided_at IS NULL)"),
        check("adjustments", "decided_by", "(decided_at IS NULL) = (decided_by IS NULL)"),
        check("adjustments", "decision", "(decided_at IS NULL) = (decision IS NULL)"),
        check("adjustments", "two", "status <> 'APPROVED' OR decided_by <> requested_by"),
    )
    op.create_index("ix_adjustments_newest", "adjustments", ["created_at", "id"])
    op.create_index("ix_adjustments_pending", "adjustments", ["created_at", "id"], postgresql_where=PENDING)
    op.create_index("ix_adjustments_wallet", "adjustments", ["wallet_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("adjustments")
