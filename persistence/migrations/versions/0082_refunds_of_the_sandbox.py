"""The sandbox gives back any amount of a payment, and several times."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index
from persistence.migrations.tables import NOW, TIME, check, column, number, one_of, primary, refers, unique

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

previous_release = "It asks the sandbox for no refund. Its page knows one of the whole. In production there is none."

REFUNDS, MOVEMENTS, SESSIONS = "sandbox_refunds", "sandbox_movements", "sandbox_payments"
INDEX = "ix_sandbox_movements_sandbox"
KINDS = ("CHARGE", "FEE", "REFUND", "DISPUTE", "DISPUTE_FEE", "REINSTATED")
# One refund of a session keeps the name that it was told by.
FORMER = """
    INSERT INTO sandbox_refunds (id, sandbox_id, amount, status, created_at)
    SELECT sandbox_id, sandbox_id, -amount, 'DONE', created_at FROM sandbox_movements WHERE kind = 'REFUND'
"""


def upgrade() -> None:
    build_index(INDEX, MOVEMENTS, ["sandbox_id"])
    op.create_table(
        REFUNDS,
        column("id", sa.Uuid()),
        column("sandbox_id", sa.Uuid()),
        column("key", sa.Text(), null=True),
        column("refund_id", sa.Uuid(), null=True),
        number("amount"),
        column("status", sa.Text()),
        column("created_at", TIME, NOW),
        primary(REFUNDS, "id"),
        refers(REFUNDS, "sandbox_id", f"{SESSIONS}.id"),
        unique(REFUNDS, "key"),
        one_of(REFUNDS, "status", "OPEN", "DONE", "FAILED"),
        check(REFUNDS, "amount", "amount > 0"),
    )
    op.create_index("ix_sandbox_refunds_sandbox", REFUNDS, ["sandbox_id"])
    op.drop_constraint(op.f("uq_sandbox_movements_sandbox_id_kind"), MOVEMENTS, type_="unique")
    _allow(*KINDS, "REFUND_FAILED")
    op.execute(FORMER)


def downgrade() -> None:
    op.execute("DELETE FROM sandbox_movements WHERE kind = 'REFUND_FAILED'")
    _allow(*KINDS)
    op.drop_table(REFUNDS, if_exists=True)
    drop_index(INDEX, MOVEMENTS)


def _allow(*kinds: str) -> None:
    name = op.f("ck_sandbox_movements_kind")
    op.drop_constraint(name, MOVEMENTS, type_="check")
    op.create_check_constraint(name, MOVEMENTS, f"kind IN ({', '.join(map(repr, kinds))})")
