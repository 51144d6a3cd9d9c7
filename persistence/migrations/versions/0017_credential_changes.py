"""What an account was signed in to with before a change, so that its owner can undo it; who proved the address."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential_changes",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invalidated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_credential_changes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_changes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_credential_changes_token_hash")),
    )
    for column in ("expires_at", "user_id"):
        op.create_index(op.f(f"ix_credential_changes_{column}"), "credential_changes", [column], unique=False)
    op.add_column("users", sa.Column("owner_unproven", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("two_factor_enabled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "two_factor_enabled_at")
    op.drop_column("users", "owner_unproven")
    op.drop_table("credential_changes")
