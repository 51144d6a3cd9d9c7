"""Restrictions with their reasons, exclusions from an account with their end, and what was decided on appeals."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

previous_release = "It knows neither table; appeals that it takes meanwhile belong to no statement and wait as before."

STATEMENTS, NEWEST = "statements_of_reasons", (sa.text("created_at DESC"), sa.text("id DESC"))
FOUND, OUTCOME = "fk_appeals_statement_id", "ck_appeals_outcome"
OF_APPEALS: dict[str, Any] = {
    "statement_id": sa.Uuid(),
    "assignee": sa.Uuid(),
    "claimed_at": sa.DateTime(timezone=True),
    "outcome": sa.Text(),
    "explanation": sa.Text(),
    "decided_at": sa.DateTime(timezone=True),
    "decided_by": sa.Uuid(),
}


def upgrade() -> None:
    op.create_table(
        STATEMENTS,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("automated_detection", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("automated_decision", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("territory", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("mass_spam", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.Column("appeal_hash", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "type IN ('VISIBILITY_REMOVED', 'VISIBILITY_LIMITED', 'MONEY_SUSPENDED', 'SERVICE_SUSPENDED', "
            "'ACCOUNT_SUSPENDED', 'ACCOUNT_BANNED')",
            name=op.f("ck_statements_of_reasons_type"),
        ),
        sa.CheckConstraint(
            "target_type IN ('USER', 'BIO', 'LINK', 'USERNAME', 'MESSAGE')",
            name=op.f("ck_statements_of_reasons_target_type"),
        ),
        sa.CheckConstraint(
            "source IN ('NOTICE', 'OWN_INITIATIVE', 'ORDER')", name=op.f("ck_statements_of_reasons_source")
        ),
        sa.CheckConstraint("ground IN ('ILLEGAL', 'TERMS')", name=op.f("ck_statements_of_reasons_ground")),
        sa.CheckConstraint(
            "ended_as IN ('LIFTED', 'EXPIRED', 'REPLACED', 'GRANTED')", name=op.f("ck_statements_of_reasons_ended_as")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_statements_of_reasons_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements_of_reasons")),
        sa.UniqueConstraint("appeal_hash", name=op.f("uq_statements_of_reasons_appeal_hash")),
    )
    op.create_index("ix_statements_of_reasons_newest", STATEMENTS, [*NEWEST])
    op.create_index("ix_statements_of_reasons_user", STATEMENTS, ["user_id", *NEWEST])
    op.create_index("ix_statements_of_reasons_type", STATEMENTS, ["type", *NEWEST])
    op.create_index("ix_statements_of_reasons_ground", STATEMENTS, ["ground", *NEWEST])
    live = sa.text("lifted_at IS NULL")
    op.create_index("ix_statements_of_reasons_live", STATEMENTS, [*NEWEST], postgresql_where=live)
    due = sa.text("lifted_at IS NULL AND ends_at IS NOT NULL")
    op.create_index("ix_statements_of_reasons_due", STATEMENTS, ["ends_at"], postgresql_where=due)
    op.create_table(
        "bans",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('SUSPENDED', 'BANNED')", name=op.f("ck_bans_status")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements_of_reasons.id"], name=op.f("fk_bans_statement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bans_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bans")),
        sa.UniqueConstraint("statement_id", name=op.f("uq_bans_statement_id")),
    )
    op.create_index(op.f("ix_bans_user_id"), "bans", ["user_id"])
    op.create_index("uq_bans_live", "bans", ["user_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    for name, kind in OF_APPEALS.items():
        op.add_column("appeals", sa.Column(name, kind, nullable=True))
    op.create_foreign_key(FOUND, "appeals", STATEMENTS, ["statement_id"], ["id"], ondelete="SET NULL")
    op.create_check_constraint(op.f(OUTCOME), "appeals", "outcome IN ('GRANTED', 'PARTLY', 'DENIED')")


def downgrade() -> None:
    op.drop_constraint(op.f(OUTCOME), "appeals")
    op.drop_constraint(FOUND, "appeals")
    for name in OF_APPEALS:
        op.drop_column("appeals", name)
    op.drop_table("bans")
    op.drop_table(STATEMENTS)
