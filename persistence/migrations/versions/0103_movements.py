"""What providers say that moved is kept by day. Payouts of the sandbox say when; strays have both their names."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import TIME, check, column, number, one_of, primary

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

previous_release = "It reads no provider's book, and its sandbox and its strays leave the new columns empty."

DAYS, MOVEMENTS, PAYOUTS, STRAYS = "provider_days", "provider_movements", "sandbox_payouts", "strays"


def upgrade() -> None:
    op.create_table(
        DAYS,
        column("account", sa.Text()),
        column("day", sa.Date()),
        column("tries", sa.Integer(), sa.text("0")),
        column("fault", sa.Text(), null=True),
        column("lines", sa.Integer(), null=True),
        column("read_at", TIME, null=True),
        column("compared_at", TIME, null=True),
        primary(DAYS, "account", "day"),
        check(DAYS, "compared", "compared_at IS NULL OR read_at IS NOT NULL"),
        check(DAYS, "lines", "(read_at IS NULL) = (lines IS NULL)"),
    )
    op.create_index("ix_provider_days_read", DAYS, ["account", "day"], postgresql_where=sa.text("read_at IS NOT NULL"))
    op.create_table(
        MOVEMENTS,
        column("account", sa.Text()),
        column("day", sa.Date()),
        column("number", sa.Integer()),
        column("ref", sa.Text()),
        column("kind", sa.Text()),
        number("amount"),
        primary(MOVEMENTS, "account", "day", "number"),
        one_of(MOVEMENTS, "kind", "PAID", "BACK", "FEE", "PAYOUT", "SETTLED", "COST", "OTHER"),
        check(MOVEMENTS, "amount", "amount <> 0"),
    )
    op.add_column(PAYOUTS, column("paid_at", TIME, null=True))
    op.add_column(PAYOUTS, column("returned_at", TIME, null=True))
    op.execute("UPDATE sandbox_payouts SET paid_at = created_at WHERE state IN ('PAID', 'RETURNED')")
    op.execute("UPDATE sandbox_payouts SET returned_at = created_at WHERE state = 'RETURNED'")
    op.add_column(STRAYS, column("alias", sa.Text(), null=True))


def downgrade() -> None:
    op.drop_column(STRAYS, "alias")
    op.drop_column(PAYOUTS, "returned_at")
    op.drop_column(PAYOUTS, "paid_at")
    op.drop_table(MOVEMENTS, if_exists=True)
    op.drop_table(DAYS, if_exists=True)
