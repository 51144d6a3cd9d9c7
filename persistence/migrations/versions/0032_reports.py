"""Reports, and the cases that they open."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

previous_release = "It takes no reports, and knows neither table."

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "moderation_cases",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False, server_default="OPEN"),
        sa.Column("notices", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("claimed_at", TIME),
        sa.Column("decided_at", TIME),
        sa.CheckConstraint("state IN ('APPROVED', 'CLAIMED', 'OPEN', 'REJECTED')", name="ck_moderation_cases_state"),
    )
    is_open = sa.text("state IN ('CLAIMED', 'OPEN')")
    of_target = ["target_type", "target_id"]
    op.create_index("uq_moderation_cases_open", "moderation_cases", of_target, unique=True, postgresql_where=is_open)
    op.create_index("ix_moderation_cases_user_id", "moderation_cases", ["user_id"])
    for name, columns in ORDERS.items():
        op.create_index(f"ix_moderation_cases_{name}", "moderation_cases", columns)
    op.create_table(
        "moderation_notices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("moderation_cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("told_at", TIME),
    )
    op.create_index("uq_moderation_notices_user", "moderation_notices", ["case_id", "user_id"], unique=True)
    op.create_index("uq_moderation_notices_email", "moderation_notices", ["case_id", "email"], unique=True)
    op.create_index("ix_moderation_notices_age", "moderation_notices", ["case_id", "created_at", "id"])
    op.create_index("ix_moderation_notices_user_id", "moderation_notices", ["user_id"])
    stated = sa.text("email IS NOT NULL")
    op.create_index("ix_moderation_notices_email", "moderation_notices", ["email"], postgresql_where=stated)


ORDERS = {
    "age": ["created_at", "id"],
    "notices": ["notices", "id"],
    "state": ["state", "created_at", "id"],
    "state_notices": ["state", "notices", "id"],
    "origin": ["origin", "created_at", "id"],
    "target_type": ["target_type", "created_at", "id"],
    "category": ["category", "created_at", "id"],
    "assignee": ["assignee_id", "created_at", "id"],
}


def downgrade() -> None:
    op.drop_table("moderation_notices")
    op.drop_table("moderation_cases")
