"""What staff was asked for by people who cannot sign in any more."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

previous_release = "It knows no such requests, so it neither stops one nor lets one take effect."


def upgrade() -> None:
    op.create_table(
        "recovery_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("new_email", sa.Text(), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_hash", sa.LargeBinary(), nullable=False),
        sa.Column("proof_hash", sa.LargeBinary(), nullable=True),
        sa.Column("as_it_was", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('TWO_FACTOR', 'EMAIL')", name=op.f("ck_recovery_requests_kind")),
        sa.CheckConstraint(
            "state IN ('PENDING', 'DONE', 'STOPPED', 'CANCELLED', 'VOID')", name=op.f("ck_recovery_requests_state")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_requests_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_requests")),
        sa.UniqueConstraint("stop_hash", name=op.f("uq_recovery_requests_stop_hash")),
        sa.UniqueConstraint("proof_hash", name=op.f("uq_recovery_requests_proof_hash")),
    )
    pending = sa.text("state = 'PENDING'")
    op.create_index(
        "uq_recovery_requests_pending", "recovery_requests", ["user_id", "kind"], unique=True, postgresql_where=pending
    )
    op.create_index("ix_recovery_requests_due", "recovery_requests", ["effective_at"], postgresql_where=pending)
    op.create_index("ix_recovery_requests_newest", "recovery_requests", ["created_at", "id"])
    op.create_index("ix_recovery_requests_newest_of_state", "recovery_requests", ["state", "created_at", "id"])
    op.create_index("ix_recovery_requests_newest_of_account", "recovery_requests", ["user_id", "created_at", "id"])
    op.create_index("ix_recovery_requests_new_email", "recovery_requests", ["new_email"])


def downgrade() -> None:
    op.drop_table("recovery_requests")
