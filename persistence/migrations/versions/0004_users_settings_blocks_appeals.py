"""Usernames over time, settings, blocks, appeals, changes of address; where consents and accounts came from."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_consent_records_newest", "consent_records", ["user_id", "created_at"])
    drop_index("ix_consent_records_user_id", "consent_records")
    op.create_table(
        "appeals",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("ban_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_appeals_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index(op.f("ix_appeals_user_id"), "appeals", ["user_id"], unique=False)
    op.create_index(
        "uq_appeals_open",
        "appeals",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('PENDING', 'UNDER_REVIEW')"),
    )
    op.create_table(
        "block_list",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("owner_id <> blocked_id", name=op.f("ck_block_list_not_oneself")),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["users.id"], name=op.f("fk_block_list_blocked_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_block_list_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_list")),
        sa.UniqueConstraint("owner_id", "blocked_id", name=op.f("uq_block_list_owner_id_blocked_id")),
    )
    op.create_index(op.f("ix_block_list_blocked_id"), "block_list", ["blocked_id"], unique=False)
    op.create_index("ix_block_list_newest", "block_list", ["owner_id", "created_at"], unique=False)
    op.create_table(
        "email_changes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invalidated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_email_changes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_changes_token_hash")),
    )
    op.create_index(op.f("ix_email_changes_user_id"), "email_changes", ["user_id"], unique=False)
    op.create_index(
        "uq_email_changes_live",
        "email_changes",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND invalidated_at IS NULL"),
    )
    op.create_table(
        "user_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("email_notifications", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("push_notifications", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("in_app_notifications", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("digest_mode", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_settings_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_settings")),
        sa.UniqueConstraint("user_id", name=op.f("uq_user_settings_user_id")),
    )
    op.create_table(
        "username_history",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_username_history_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_username_history")),
    )
    op.create_index("ix_username_history_newest", "username_history", ["user_id", "created_at"], unique=False)
    op.add_column("consent_records", sa.Column("ip_address", sa.Text(), nullable=True))
    op.add_column("consent_records", sa.Column("user_agent", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("referred_by_code", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("acquired_via_creator_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "acquired_via_creator_id")
    op.drop_column("users", "referred_by_code")
    op.create_index(op.f("ix_consent_records_user_id"), "consent_records", ["user_id"], unique=False)
    op.drop_index("ix_consent_records_newest", table_name="consent_records")
    op.drop_column("consent_records", "user_agent")
    op.drop_column("consent_records", "ip_address")
    for table in ("username_history", "user_settings", "email_changes", "block_list", "appeals"):
        op.drop_table(table)
