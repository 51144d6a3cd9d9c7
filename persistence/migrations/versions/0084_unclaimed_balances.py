"""What was left in wallets of erased accounts, and prices that go back because the fan is gone."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, check, column, number, one_of, primary, refers

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

previous_release = "It erases accounts without closing their wallets, whose money stays in them."

UNCLAIMED, ESCROWS = "unclaimed_balances", "escrows"
OUTCOMES = ("REPLIED", "REJECTED", "EXPIRED", "REMOVED", "CREATOR_GONE", "DISPUTED")


def upgrade() -> None:
    op.create_table(
        UNCLAIMED,
        column("wallet_id", sa.Uuid()),
        column("type", sa.Text()),
        column("currency", sa.Text()),
        number("amount"),
        column("code_hash", sa.LargeBinary()),
        column("claimed_at", TIME, null=True),
        column("claimed_by", sa.Uuid(), null=True),
        column("created_at", TIME, NOW),
        primary(UNCLAIMED, "wallet_id"),
        refers(UNCLAIMED, "wallet_id", "wallets.id"),
        check(UNCLAIMED, "amount", "amount > 0"),
        check(UNCLAIMED, "claimed_by", "(claimed_at IS NULL) = (claimed_by IS NULL)"),
    )
    op.create_index("ix_unclaimed_balances_code_hash", UNCLAIMED, ["code_hash"])
    _allow(*OUTCOMES, "FAN_GONE")


def downgrade() -> None:
    op.execute("UPDATE escrows SET outcome = 'CREATOR_GONE' WHERE outcome = 'FAN_GONE'")
    _allow(*OUTCOMES)
    op.drop_table(UNCLAIMED, if_exists=True)


def _allow(*outcomes: str) -> None:
    op.drop_constraint(op.f("ck_escrows_outcome"), ESCROWS)
    words = one_of(ESCROWS, "outcome", *outcomes)
    op.create_check_constraint(op.f("ck_escrows_outcome"), ESCROWS, words.sqltext)
