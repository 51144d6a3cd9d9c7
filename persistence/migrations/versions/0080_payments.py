"""Payments that load wallets, what was given back or disputed of them, and the book of the sandbox."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

previous_release = "It begins no payments, and shows what they brought as any other money of a wallet."

TIME = sa.DateTime(timezone=True)
NOW, ZERO = sa.func.now(), sa.text("0")
PAYMENTS, REFUNDS, DISPUTES = "payments", "refunds", "disputes"
SANDBOX, MOVEMENTS = "sandbox_payments", "sandbox_movements"


def column(name: str, kind: Any, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def check(table: str, name: str, holds: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(holds, name=op.f(f"ck_{table}_{name}"))


def of(table: str, name: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}_{other}"))


def once(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def made(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        PAYMENTS,
        column("id", sa.Uuid()),
        column("wallet_id", sa.Uuid()),
        column("amount", sa.BigInteger()),
        column("currency", sa.Text()),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        column("provider", sa.Text()),
        column("ref", sa.Text(), null=True),
        column("url", sa.Text(), null=True),
        column("return_url", sa.Text()),
        sa.Column("refunded", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("disputed", sa.BigInteger(), server_default=ZERO, nullable=False),
        column("fee", sa.BigInteger(), null=True),
        column("misfit", sa.Text(), null=True),
        column("expires_at", TIME),
        column("paid_at", TIME, null=True),
        column("due_at", TIME, null=True),
        *made(PAYMENTS),
        of(PAYMENTS, "wallet_id", "wallets"),
        once(PAYMENTS, "provider", "ref"),
        check(PAYMENTS, "status", "status IN ('OPEN', 'PAID', 'EXPIRED', 'FAILED')"),
        check(PAYMENTS, "misfit", "misfit IN ('AMOUNT', 'CURRENCY', 'WALLET_CLOSED')"),
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
        column("amount", sa.BigInteger()),
        *made(REFUNDS),
        of(REFUNDS, "payment_id", PAYMENTS),
        once(REFUNDS, "provider", "ref"),
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
        column("amount", sa.BigInteger()),
        column("taken_at", TIME, null=True),
        column("returned_at", TIME, null=True),
        column("closed_at", TIME, null=True),
        *made(DISPUTES),
        of(DISPUTES, "payment_id", PAYMENTS),
        of(DISPUTES, "wallet_id", "wallets"),
        once(DISPUTES, "provider", "ref"),
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
        column("amount", sa.BigInteger()),
        column("currency", sa.Text()),
        column("return_url", sa.Text()),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        column("dispute", sa.Text(), null=True),
        column("expires_at", TIME),
        *made(SANDBOX),
        once(SANDBOX, "key"),
        check(SANDBOX, "status", "status IN ('OPEN', 'PROCESSING', 'PAID', 'EXPIRED', 'FAILED')"),
        check(SANDBOX, "dispute", "dispute IN ('OPEN', 'WON', 'LOST')"),
    )
    op.create_table(
        MOVEMENTS,
        column("id", sa.Uuid()),
        column("sandbox_id", sa.Uuid()),
        column("kind", sa.Text()),
        column("amount", sa.BigInteger()),
        *made(MOVEMENTS),
        of(MOVEMENTS, "sandbox_id", SANDBOX),
        once(MOVEMENTS, "sandbox_id", "kind"),
        check(MOVEMENTS, "kind", "kind IN ('CHARGE', 'FEE', 'REFUND', 'DISPUTE', 'DISPUTE_FEE', 'REINSTATED')"),
    )
    op.create_index("ix_sandbox_movements_created_at", MOVEMENTS, ["created_at"])


def downgrade() -> None:
    for table in (MOVEMENTS, SANDBOX, DISPUTES, REFUNDS, PAYMENTS):
        op.drop_table(table, if_exists=True)
