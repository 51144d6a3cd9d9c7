"""Payouts, their attempts and batches, and the accounts of creators at payout providers."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NEWEST, NOW, TIME, check, column, number, one_of, primary, refers, unique

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

previous_release = "It pays nothing out, and shows what payouts took as any other money of a wallet."

ACCOUNTS, BATCHES, PAYOUTS, ATTEMPTS = "payout_accounts", "payout_batches", "payouts", "payout_attempts"


def made(table: str) -> list[sa.schema.SchemaItem]:
    return [column("created_at", TIME, NOW), column("id", sa.Uuid()), primary(table, "id")]


def upgrade() -> None:
    op.create_table(
        ACCOUNTS,
        column("user_id", sa.Uuid()),
        column("provider", sa.Text()),
        column("ref", sa.Text(), null=True),
        column("status", sa.Text(), "NOT_STARTED"),
        *(column(name, sa.Boolean(), sa.false()) for name in ("charges_enabled", "payouts_enabled")),
        column("details_submitted", sa.Boolean(), sa.false()),
        *(column(name, TIME, null=True) for name in ("leased_until", "held_until", "looked_at", "closed_at")),
        *made(ACCOUNTS),
        refers(ACCOUNTS, "user_id", "users.id"),
        unique(ACCOUNTS, "provider", "ref"),
        one_of(ACCOUNTS, "status", "NOT_STARTED", "PENDING", "ACTIVE", "RESTRICTED", "DISABLED"),
    )
    current = sa.text("closed_at IS NULL")
    op.create_index("uq_payout_accounts_current", ACCOUNTS, ["user_id"], unique=True, postgresql_where=current)
    op.create_index("ix_payout_accounts_user_id", ACCOUNTS, ["user_id"])
    op.create_table(
        BATCHES,
        column("created_by", sa.Uuid()),
        column("count", sa.Integer()),
        number("amount"),
        column("currency", sa.Text()),
        column("file", sa.LargeBinary(), null=True),
        *made(BATCHES),
        check(BATCHES, "amounts", "count > 0 AND amount > 0"),
    )
    op.create_index("ix_payout_batches_newest", BATCHES, NEWEST)
    op.create_table(
        PAYOUTS,
        column("user_id", sa.Uuid()),
        column("wallet_id", sa.Uuid()),
        number("amount"),
        column("currency", sa.Text()),
        column("method", sa.Text()),
        column("provider", sa.Text()),
        column("account_id", sa.Uuid(), null=True),
        column("destination", sa.LargeBinary(), null=True),
        column("destination_last4", sa.Text(), null=True),
        column("status", sa.Text(), "PENDING"),
        column("attempt", sa.SmallInteger(), sa.text("1")),
        *(column(name, sa.Uuid(), null=True) for name in ("first_by", "second_by")),
        *(column(name, TIME, null=True) for name in ("approved_at", "processed_at", "ended_at")),
        column("ended_by", sa.Uuid(), null=True),
        *(column(name, sa.Text(), null=True) for name in ("failure_reason", "statement", "reference")),
        column("batch_id", sa.Uuid(), null=True),
        column("due_at", TIME, null=True),
        *made(PAYOUTS),
        refers(PAYOUTS, "user_id", "users.id"),
        refers(PAYOUTS, "wallet_id", "wallets.id"),
        refers(PAYOUTS, "account_id", f"{ACCOUNTS}.id"),
        refers(PAYOUTS, "batch_id", f"{BATCHES}.id"),
        one_of(PAYOUTS, "method", "PLATFORM_ACCOUNT", "BANK_TRANSFER"),
        one_of(PAYOUTS, "status", "PENDING", "APPROVED", "PROCESSING", "PROCESSED", "FAILED", "CANCELLED", "REJECTED"),
        check(PAYOUTS, "amounts", "amount > 0 AND attempt > 0"),
        check(PAYOUTS, "account", "(method = 'PLATFORM_ACCOUNT') = (account_id IS NOT NULL)"),
        check(PAYOUTS, "processed", "(status = 'PROCESSED') = (processed_at IS NOT NULL)"),
        check(PAYOUTS, "failed", "(status = 'FAILED') = (failure_reason IS NOT NULL)"),
        check(PAYOUTS, "approved", "status <> 'APPROVED' OR approved_at IS NOT NULL"),
        check(PAYOUTS, "ended", "(status IN ('CANCELLED', 'REJECTED')) = (ended_at IS NOT NULL)"),
        check(PAYOUTS, "two", "second_by IS DISTINCT FROM first_by OR first_by IS NULL"),
    )
    opened = sa.text("status IN ('PENDING', 'APPROVED', 'PROCESSING')")
    op.create_index("uq_payouts_open", PAYOUTS, ["user_id"], unique=True, postgresql_where=opened)
    op.create_index("ix_payouts_user", PAYOUTS, ["user_id", *NEWEST])
    op.create_index("ix_payouts_newest", PAYOUTS, NEWEST)
    op.create_index("ix_payouts_status", PAYOUTS, ["status", *NEWEST])
    for name in ("due_at", "batch_id", "account_id"):
        op.create_index(f"ix_payouts_{name}", PAYOUTS, [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))
    op.create_table(
        ATTEMPTS,
        column("payout_id", sa.Uuid()),
        column("number", sa.SmallInteger()),
        column("provider", sa.Text()),
        column("ref", sa.Text(), null=True),
        column("state", sa.Text(), "SENDING"),
        column("reason", sa.Text(), null=True),
        number("fee", null=True),
        column("settled_at", TIME, null=True),
        column("created_at", TIME, NOW),
        primary(ATTEMPTS, "payout_id", "number"),
        refers(ATTEMPTS, "payout_id", f"{PAYOUTS}.id"),
        unique(ATTEMPTS, "provider", "ref"),
        one_of(ATTEMPTS, "state", "SENDING", "SENT", "PAID", "FAILED", "RETURNED"),
        check(ATTEMPTS, "settled_at", "(state IN ('SENDING', 'SENT')) = (settled_at IS NULL)"),
    )


def downgrade() -> None:
    for table in (ATTEMPTS, PAYOUTS, BATCHES, ACCOUNTS):
        op.drop_table(table, if_exists=True)
