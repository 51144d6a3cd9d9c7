"""Money that fits nothing has rows, by which staff gives it to a wallet or back to who paid."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, check, column, number, one_of, primary, refers, unique

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

previous_release = "It keeps such money in suspense without a row, which the next look at its session makes."

STRAYS = "strays"
# What lies in suspense already, by its transfers: stray:<provider>:<session>.
FORMER = """
    INSERT INTO strays (id, provider, ref, payment_id, amount, currency, created_at, due_at)
    SELECT t.id, split_part(t.key, ':', 2), t.about_id, p.id, e.amount, t.currency, t.created_at, now()
    FROM ledger_transfers t
        JOIN ledger_entries e ON e.transfer_id = t.id AND e.amount > 0
        LEFT JOIN payments p ON p.provider = split_part(t.key, ':', 2) AND p.ref = t.about_id
    WHERE t.kind = 'stray' AND NOT EXISTS (SELECT FROM ledger_transfers r WHERE r.resolves = t.key)
"""


def upgrade() -> None:
    op.create_table(
        STRAYS,
        column("id", sa.Uuid()),
        column("provider", sa.Text()),
        column("ref", sa.Text()),
        column("payment_id", sa.Uuid(), null=True),
        column("wallet_id", sa.Uuid(), null=True),
        number("amount"),
        column("currency", sa.Text()),
        column("state", sa.Text(), "HELD"),
        number("fee", null=True),
        column("refund_id", sa.Uuid(), null=True),
        column("asked_at", TIME, null=True),
        column("settled_at", TIME, null=True),
        column("due_at", TIME, null=True),
        column("created_at", TIME, NOW),
        primary(STRAYS, "id"),
        refers(STRAYS, "payment_id", "payments.id"),
        refers(STRAYS, "wallet_id", "wallets.id"),
        unique(STRAYS, "provider", "ref"),
        one_of(STRAYS, "state", "HELD", "RETURNING", "CREDITED", "RETURNED"),
        check(STRAYS, "amount", "amount > 0"),
        check(STRAYS, "credited", "state <> 'CREDITED' OR wallet_id IS NOT NULL"),
        check(STRAYS, "returning", "state <> 'RETURNING' OR refund_id IS NOT NULL AND asked_at IS NOT NULL"),
        check(STRAYS, "settled", "(state IN ('HELD', 'RETURNING')) = (settled_at IS NULL)"),
    )
    op.create_index("ix_strays_newest", STRAYS, ["created_at", "id"])
    op.create_index("ix_strays_due_at", STRAYS, ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.execute(FORMER)


def downgrade() -> None:
    op.drop_table(STRAYS, if_exists=True)
