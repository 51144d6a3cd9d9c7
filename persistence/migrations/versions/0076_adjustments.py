"""Corrections of balances, which two people of the staff make."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

previous_release = "It corrects no balance: the table is new."

TIME = sa.DateTime(timezone=True)
PENDING = sa.text("status = 'PENDING'")


def column(name: str, kind: Any, default: Any = None, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=default, nullable=null)


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_adjustments_{name}"))


def upgrade() -> None:
    op.create_table(
        "adjustments",
        column("id", sa.Uuid()),
        column("created_at", TIME, sa.func.now()),
        column("wallet_id", sa.Uuid()),
        column("account", sa.Text()),
        column("contra", sa.Text()),
        column("currency", sa.Text()),
        column("amount", sa.BigInteger()),
        column("status", sa.Text(), "PENDING"),
        column("reason", sa.Text()),
        column("requested_by", sa.Uuid()),
        column("decided_by", sa.Uuid(), null=True),
        column("decided_at", TIME, null=True),
        column("decision", sa.Text(), null=True),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], name=op.f("fk_adjustments_wallet_id")),
        check("account", "account IN ('fan', 'fan_promo', 'creator')"),
        check("status", "status IN ('PENDING', 'APPROVED', 'REJECTED')"),
        check("amount", "amount <> 0"),
        check("decided_at", "(status = 'PENDING') = (decided_at IS NULL)"),
        check("decided_by", "(decided_at IS NULL) = (decided_by IS NULL)"),
        check("decision", "(decided_at IS NULL) = (decision IS NULL)"),
        check("two", "status <> 'APPROVED' OR decided_by <> requested_by"),
    )
    op.create_index("ix_adjustments_newest", "adjustments", ["created_at", "id"])
    op.create_index("ix_adjustments_pending", "adjustments", ["created_at", "id"], postgresql_where=PENDING)
    op.create_index("ix_adjustments_wallet", "adjustments", ["wallet_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("adjustments")
