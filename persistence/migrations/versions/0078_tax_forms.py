"""Tax forms of creators."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, column, one_of, primary, refers

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of tax forms: the table is new."

APPROVED = sa.text("state = 'APPROVED'")
PENDING = sa.text("state = 'PENDING'")


def upgrade() -> None:
    op.create_table(
        "tax_forms",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("user_id", sa.Uuid()),
        column("type", sa.Text()),
        column("country", sa.Text()),
        column("details", sa.LargeBinary(), null=True),
        column("tin_last4", sa.Text(), null=True),
        column("signed_at", TIME),
        column("ends_at", TIME, null=True),
        column("state", sa.Text(), "PENDING"),
        column("statement", sa.Text(), null=True),
        column("decided_at", TIME, null=True),
        column("decided_by", sa.Uuid(), null=True),
        column("reminded", sa.Integer(), null=True),
        column("version", sa.Integer(), sa.text("1")),
        primary("tax_forms", "id"),
        refers("tax_forms", "user_id", "users.id", ondelete="CASCADE"),
        one_of("tax_forms", "type", "W9", "W8BEN", "W8BEN_E", "OTHER"),
        one_of("tax_forms", "state", "PENDING", "APPROVED", "REJECTED", "REPLACED"),
    )
    op.create_index("uq_tax_forms_pending", "tax_forms", ["user_id"], unique=True, postgresql_where=PENDING)
    op.create_index("uq_tax_forms_approved", "tax_forms", ["user_id"], unique=True, postgresql_where=APPROVED)
    newest: list[str | sa.TextClause] = ["user_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_tax_forms_newest", "tax_forms", newest)
    op.create_index("ix_tax_forms_state", "tax_forms", ["state", "created_at", "id"])
    op.create_index("ix_tax_forms_ending", "tax_forms", ["ends_at", "id"], postgresql_where=APPROVED)


def downgrade() -> None:
    op.drop_table("tax_forms")
