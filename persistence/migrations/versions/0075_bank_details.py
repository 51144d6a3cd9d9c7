"""Bank details of creators."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of payouts: the table is new."

TIME = sa.DateTime(timezone=True)


def check(column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN {words!r}", name=op.f(f"ck_bank_details_{column}"))


def upgrade() -> None:
    op.create_table(
        "bank_details",
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("last4", "country", "state", "rejected_for")),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("preferred_method", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_bank_details"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_bank_details_user_id", ondelete="CASCADE"),
        check("state", "PENDING", "VERIFIED", "REJECTED"),
        check("rejected_for", "NAME_MISMATCH", "UNKNOWN_ACCOUNT", "UNSUPPORTED_BANK", "OTHER"),
        check("preferred_method", "PLATFORM_ACCOUNT", "BANK_TRANSFER"),
    )
    op.create_index(
        "ix_bank_details_state",
        "bank_details",
        ["state", "changed_at", "user_id"],
        postgresql_where=sa.text("state IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("bank_details")
