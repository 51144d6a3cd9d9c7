"""Refunds that staff asks for, how each goes on, and indexes for lists of payments and disputes."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index
from persistence.migrations.tables import NOW, TIME, column

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

previous_release = (
    "It takes a refund that staff asked for, and whose provider has not answered yet, for one that was made there: "
    "staff asks for none until it is gone. One that fails it does not give back."
)

REFUNDS = "refunds"
CHECKS = {
    "status": "status IN ('OPEN', 'DONE', 'FAILED')",
    "settled": "(status = 'OPEN') = (settled_at IS NULL)",
    "known": "ref IS NOT NULL OR requested_by IS NOT NULL",
    "reason": "(requested_by IS NULL) = (reason IS NULL)",
}
INDEXES = (
    ("ix_refunds_due_at", REFUNDS, ["due_at"], "due_at IS NOT NULL"),
    ("ix_payments_newest", "payments", ["created_at", "id"], None),
    ("ix_payments_misfits", "payments", ["created_at", "id"], "misfit IS NOT NULL"),
    (
        "ix_disputes_open_first",
        "disputes",
        [sa.text("CAST(closed_at IS NOT NULL AS integer)"), sa.text("created_at DESC"), sa.text("id DESC")],
        None,
    ),
)


def upgrade() -> None:
    """A former release writes refunds that are made: by default a row is one."""
    op.add_column(REFUNDS, column("status", sa.Text(), "DONE"), if_not_exists=True)
    op.add_column(REFUNDS, column("requested_by", sa.Uuid(), null=True), if_not_exists=True)
    op.add_column(REFUNDS, column("reason", sa.Text(), null=True), if_not_exists=True)
    op.add_column(REFUNDS, column("settled_at", TIME, NOW, null=True), if_not_exists=True)
    op.add_column(REFUNDS, column("due_at", TIME, null=True), if_not_exists=True)
    op.alter_column(REFUNDS, "ref", nullable=True)
    op.execute("UPDATE refunds SET settled_at = created_at")
    for name, condition in CHECKS.items():
        op.drop_constraint(op.f(f"ck_refunds_{name}"), REFUNDS, if_exists=True)
        op.create_check_constraint(op.f(f"ck_refunds_{name}"), REFUNDS, condition)
    for name, table, columns, where in INDEXES:
        build_index(name, table, columns, where)


def downgrade() -> None:
    """What never came to its provider was none."""
    for name, table, _, _ in INDEXES:
        drop_index(name, table)
    op.execute("DELETE FROM refunds WHERE ref IS NULL")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_refunds_{name}"), REFUNDS, if_exists=True)
    op.alter_column(REFUNDS, "ref", nullable=False)
    for name in ("status", "requested_by", "reason", "settled_at", "due_at"):
        op.drop_column(REFUNDS, name, if_exists=True)
