"""Payments that load wallets, what was given back or disputed of them, and the book of the sandbox."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, ZERO, check, column, number, one_of, primary, refers, unique

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

previous_release = "It begins no payments, and shows what they brought as any other money of a wallet."

PAYMENTS, REFUNDS, DISPUTES = "payments", "refunds", "disputes"
SANDBOX, MOVEMENTS = "sandbox_payments", "sandbox_movements"


def made(table: str) -> list[sa.schema.SchemaItem]:
    return [column("created_at", TIME, NOW), primary(table, "id")]


def upgrade() -> None:
    op.create_table(
        PAYMENTS,
        column("id", sa.Uuid()),
        column("wallet_id", sa.Uuid()),
        number("amount"),
        column("currency", sa.Text()),
        column("status", sa.Text(), "OPEN"),
        column("provider", sa.Text()),
        column("ref", sa.Text(), null=True),
        column("url", sa.Text(), null=True),
        column("return_url", sa.Text()),
        number("refunded", ZERO),
        number("disputed", ZERO),
        number("fee", null=True),
        column("misfit", sa.Text(), null=True),
        column("expires_at", TIME),
        column("paid_at", TIME, null=True),
        column("due_at", TIME, null=True),
        *made(PAYMENTS),
        refers(PAYMENTS, "wallet_id", "wallets.id"),
        unique(PAYMENTS, "provider", "ref"),
        one_of(PAYMENTS, "status", "OPEN", "PAID", "EXPIRED", "FAILED"),
        one_of(PAYMENTS, "misfit", "AMOUNT", "CURRENCY", "WALLET_CLOSED"),
        check(PAYMENTS, "amount", "amount > 0"),
        check(PAYMENTS, "paid", "(status = 'PAID') = (paid_at IS NOT NULL)"),
        check(PAYMENTS, "bound", "(ref IS NULL) = (url IS NULL)"),
        check(PAYMENTS, "refunded", "refunded BETWEEN 0 AND amount"),
        check(PAYMENTS, "disputed", "disputed BETWEEN 0 AND amount"),
    )
    op.create_index("ix_payments_wallet", PAYMENTS, ["wallet_id", "created_at"])
    op.create_index("ix_payments_due_at", PAYMENTS, ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        REFUNDS,
        column("id", sa.Uuid()),
        column("payment_id", sa.Uuid()),
        column("provider", sa.Text()),
        column("ref", sa.Text()),
        number("amount"),
        *made(REFUNDS),
        refers(REFUNDS, "payment_id", f"{PAYMENTS}.id"),
        unique(REFUNDS, "provider", "ref"),
        check(REFUNDS, "amount", "amount > 0"),
    )
    op.create_index("ix_refunds_payment", REFUNDS, ["payment_id"])
    op.create_table(
        DISPUTES,
        column("id", sa.Uuid()),
        column("payment_id", sa.Uuid()),
        column("wallet_id", sa.Uuid()),
        column("provider", sa.Text()),
        column("ref", sa.Text()),
        number("amount"),
        column("taken_at", TIME, null=True),
        column("returned_at", TIME, null=True),
        column("closed_at", TIME, null=True),
        *made(DISPUTES),
        refers(DISPUTES, "payment_id", f"{PAYMENTS}.id"),
        refers(DISPUTES, "wallet_id", "wallets.id"),
        unique(DISPUTES, "provider", "ref"),
        check(DISPUTES, "amount", "amount > 0"),
        check(DISPUTES, "returned", "returned_at IS NULL OR taken_at IS NOT NULL"),
    )
    op.create_index("ix_disputes_payment", DISPUTES, ["payment_id"])
    undecided = sa.text("closed_at IS NULL")
    op.create_index("ix_disputes_undecided", DISPUTES, ["wallet_id"], postgresql_where=undecided)
    op.create_table(
        SANDBOX,
        column("id", sa.Uuid()),
        column("key", sa.Text()),
        column("payment_id", sa.Uuid()),
        number("amount"),
        column("currency", sa.Text()),
        column("return_url", sa.Text()),
        column("status", sa.Text(), "OPEN"),
        column("dispute", sa.Text(), null=True),
        column("expires_at", TIME),
        *made(SANDBOX),
        unique(SANDBOX, "key"),
        one_of(SANDBOX, "status", "OPEN", "PROCESSING", "PAID", "EXPIRED", "FAILED"),
        one_of(SANDBOX, "dispute", "OPEN", "WON", "LOST"),
    )
    op.create_table(
        MOVEMENTS,
        column("id", sa.Uuid()),
        column("sandbox_id", sa.Uuid()),
        column("kind", sa.Text()),
        number("amount"),
        *made(MOVEMENTS),
        refers(MOVEMENTS, "sandbox_id", f"{SANDBOX}.id"),
        unique(MOVEMENTS, "sandbox_id", "kind"),
        one_of(MOVEMENTS, "kind", "CHARGE", "FEE", "REFUND", "DISPUTE", "DISPUTE_FEE", "REINSTATED"),
    )
    op.create_index("ix_sandbox_movements_created_at", MOVEMENTS, ["created_at"])


def downgrade() -> None:
    for table in (MOVEMENTS, SANDBOX, DISPUTES, REFUNDS, PAYMENTS):
        op.drop_table(table, if_exists=True)
