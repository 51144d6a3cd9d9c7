"""Who changed config, when and why, and how long it holds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

previous_release = (
    "It changes a value without moving the version or telling the history, and does not end what holds for a time: "
    "finish the rollout before values are changed by staff."
)


def upgrade() -> None:
    op.add_column("config_entries", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("config_entries", sa.Column("updated_by", sa.Uuid(), nullable=True))
    op.add_column("config_entries", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "config_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("source IN ('STAFF', 'COMMAND')", name=op.f("ck_config_history_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_history")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_config_history_name_version")),
    )
    op.create_index(op.f("ix_config_history_actor_id"), "config_history", ["actor_id"])


def downgrade() -> None:
    op.drop_table("config_history")
    for column in ("expires_at", "updated_by", "version"):
        op.drop_column("config_entries", column)
