"""The book of the sandbox that plays a payout provider."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, column, number, one_of, primary, refers, unique

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

previous_release = "It has no payout provider of its own, and does not look into these tables."

ACCOUNTS, TRANSFERS = "sandbox_payout_accounts", "sandbox_payouts"


def made(table: str) -> list[sa.schema.SchemaItem]:
    return [column("created_at", TIME, NOW), column("id", sa.Uuid()), primary(table, "id")]


def upgrade() -> None:
    op.create_table(
        ACCOUNTS,
        column("key", sa.Text()),
        column("state", sa.Text(), "OPEN"),
        column("return_url", sa.Text(), null=True),
        *made(ACCOUNTS),
        unique(ACCOUNTS, "key"),
        one_of(ACCOUNTS, "state", "OPEN", "SUBMITTED", "ENABLED", "RESTRICTED", "DISABLED"),
    )
    op.create_table(
        TRANSFERS,
        column("key", sa.Text()),
        column("payout_id", sa.Uuid()),
        number("amount"),
        column("currency", sa.Text()),
        column("account_id", sa.Uuid(), null=True),
        column("state", sa.Text(), "SENT"),
        *made(TRANSFERS),
        unique(TRANSFERS, "key"),
        refers(TRANSFERS, "account_id", f"{ACCOUNTS}.id"),
        one_of(TRANSFERS, "state", "SENT", "PAID", "FAILED", "RETURNED"),
    )
    op.create_index("ix_sandbox_payouts_account_id", TRANSFERS, ["account_id", sa.text("created_at DESC")])


def downgrade() -> None:
    for table in (TRANSFERS, ACCOUNTS):
        op.drop_table(table, if_exists=True)
