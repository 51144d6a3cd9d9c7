"""Tax forms of creators."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of tax forms: the table is new."

TIME = sa.DateTime(timezone=True)
APPROVED = sa.text("state = 'APPROVED'")
PENDING = sa.text("state = 'PENDING'")


def check(column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN {words!r}", name=op.f(f"ck_tax_forms_{column}"))


def upgrade() -> None:
    op.create_table(
        "tax_forms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("tin_last4", sa.Text(), nullable=True),
        sa.Column("signed_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("state", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tax_forms"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tax_forms_user_id", ondelete="CASCADE"),
        check("type", "W9", "W8BEN", "W8BEN_E", "OTHER"),
        check("state", "PENDING", "APPROVED", "REJECTED", "REPLACED"),
    )
    op.create_index("uq_tax_forms_pending", "tax_forms", ["user_id"], unique=True, postgresql_where=PENDING)
    op.create_index("uq_tax_forms_approved", "tax_forms", ["user_id"], unique=True, postgresql_where=APPROVED)
    newest: list[str | sa.TextClause] = ["user_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_tax_forms_newest", "tax_forms", newest)
    op.create_index("ix_tax_forms_state", "tax_forms", ["state", "created_at", "id"])
    op.create_index("ix_tax_forms_ending", "tax_forms", ["ends_at", "id"], postgresql_where=APPROVED)


def downgrade() -> None:
    op.drop_table("tax_forms")
