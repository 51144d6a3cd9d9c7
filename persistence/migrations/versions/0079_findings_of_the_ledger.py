"""What is wrong with the ledger, and when it was looked at."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import TIME, check, column, number, primary

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

previous_release = "It does not add up the ledger by itself: the tables are new."

OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "ledger_reconciliations",
        column("id", sa.Uuid()),
        column("started_at", TIME),
        column("ended_at", TIME),
        *(number(name) for name in ("transfers", "entries", "wallets", "findings", "severe")),
        primary("ledger_reconciliations", "id"),
    )
    op.create_index("ix_ledger_reconciliations_newest", "ledger_reconciliations", ["started_at", "id"])
    op.create_table(
        "ledger_findings",
        column("id", sa.Uuid()),
        *(column(name, sa.Text()) for name in ("check", "what", "expected", "found")),
        column("severe", sa.Boolean()),
        column("first_seen", TIME),
        column("last_seen", TIME),
        column("closed_at", TIME, null=True),
        column("closed_by", sa.Uuid(), null=True),
        column("closed_because", sa.Text(), null=True),
        primary("ledger_findings", "id"),
        check("ledger_findings", "closed_by", "(closed_at IS NULL) = (closed_by IS NULL)"),
        check("ledger_findings", "closed_because", "(closed_at IS NULL) = (closed_because IS NULL)"),
    )
    op.create_index("uq_ledger_findings_open", "ledger_findings", ["check", "what"], unique=True, postgresql_where=OPEN)
    op.create_index("ix_ledger_findings_newest", "ledger_findings", ["first_seen", "id"])
    op.create_index("ix_ledger_findings_what", "ledger_findings", ["check", "what"])


def downgrade() -> None:
    op.drop_table("ledger_findings")
    op.drop_table("ledger_reconciliations")
