"""Uploads, archives of personal data, recurring jobs, and states of wishes about one's data."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("email_changes", "email_verifications", "password_resets", "reactivation_tokens", "sessions"):
        build_index(f"ix_{table}_expires_at", table, ["expires_at"])
    build_index("ix_sessions_user_id", "sessions", ["user_id"])
    build_index("ix_gdpr_requests_open", "gdpr_requests", ["kind"], where="status IN ('PENDING', 'PROCESSING')")
    build_index(
        "uq_gdpr_requests_pending", "gdpr_requests", ["user_id", "kind"], where="status = 'PENDING'", unique=True
    )
    op.create_table(
        "scheduled_jobs",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("next_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_due", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_scheduled_jobs")),
    )
    op.create_table(
        "uploads",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('avatar', 'media', 'document')", name=op.f("ck_uploads_kind")),
        sa.CheckConstraint("status IN ('PENDING', 'STORED', 'REJECTED', 'DELETED')", name=op.f("ck_uploads_status")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("key", name=op.f("uq_uploads_key")),
    )
    op.create_index(
        "ix_uploads_ended",
        "uploads",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('REJECTED', 'DELETED')"),
    )
    op.create_index(
        "ix_uploads_pending", "uploads", ["expires_at"], unique=False, postgresql_where=sa.text("status = 'PENDING'")
    )
    op.create_index(op.f("ix_uploads_user_id"), "uploads", ["user_id"], unique=False)
    op.create_table(
        "data_exports",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("downloads", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["gdpr_requests.id"], name=op.f("fk_data_exports_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_data_exports_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
        sa.UniqueConstraint("key", name=op.f("uq_data_exports_key")),
        sa.UniqueConstraint("request_id", name=op.f("uq_data_exports_request_id")),
    )
    op.create_index(op.f("ix_data_exports_expires_at"), "data_exports", ["expires_at"], unique=False)
    op.create_index(op.f("ix_data_exports_user_id"), "data_exports", ["user_id"], unique=False)
    op.add_column("gdpr_requests", sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_gdpr_requests_kind"), "gdpr_requests", "kind IN ('EXPORT', 'DELETION')")
    op.create_check_constraint(
        op.f("ck_gdpr_requests_status"),
        "gdpr_requests",
        "status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')",
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")
    op.drop_index(op.f("ix_reactivation_tokens_expires_at"), table_name="reactivation_tokens")
    op.drop_index(op.f("ix_password_resets_expires_at"), table_name="password_resets")
    op.drop_index(
        "uq_gdpr_requests_pending", table_name="gdpr_requests", postgresql_where=sa.text("status = 'PENDING'")
    )
    op.drop_index(
        "ix_gdpr_requests_open",
        table_name="gdpr_requests",
        postgresql_where=sa.text("status IN ('PENDING', 'PROCESSING')"),
    )
    op.drop_constraint(op.f("ck_gdpr_requests_status"), "gdpr_requests")
    op.drop_constraint(op.f("ck_gdpr_requests_kind"), "gdpr_requests")
    op.drop_column("gdpr_requests", "completed_at")
    op.drop_index(op.f("ix_email_verifications_expires_at"), table_name="email_verifications")
    op.drop_index(op.f("ix_email_changes_expires_at"), table_name="email_changes")
    op.drop_index(op.f("ix_data_exports_user_id"), table_name="data_exports")
    op.drop_index(op.f("ix_data_exports_expires_at"), table_name="data_exports")
    op.drop_table("data_exports")
    op.drop_index(op.f("ix_uploads_user_id"), table_name="uploads")
    op.drop_index("ix_uploads_pending", table_name="uploads", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_index(
        "ix_uploads_ended", table_name="uploads", postgresql_where=sa.text("status IN ('REJECTED', 'DELETED')")
    )
    op.drop_table("uploads")
    op.drop_table("scheduled_jobs")
