"""Verifications of identity, each try for itself, and what the sandbox of development knows of them."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

previous_release = "It begins no verifications, and shows what the creator's profile says."

SESSIONS, SANDBOX = "kyc_sessions", "sandbox_verifications"
TIME = sa.DateTime(timezone=True)
NOW, ZERO, NO = sa.func.now(), sa.text("0"), sa.false()
STATES = "state IN ('STARTED', 'OPEN', 'PROCESSING', 'APPROVED', 'REJECTED', 'EXPIRED')"


def index(name: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    condition = sa.text(where) if where is not None else None
    op.create_index(name, SESSIONS, columns, unique=unique, postgresql_where=condition)


def upgrade() -> None:
    op.create_table(
        SESSIONS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text()),
        sa.Column("link", sa.LargeBinary()),
        sa.Column("state", sa.Text(), server_default="STARTED", nullable=False),
        sa.Column("final", sa.Boolean(), server_default=NO, nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("looked_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("valid_until", TIME),
        sa.Column("identity_hash", sa.Text()),
        sa.Column("twin", sa.Boolean(), server_default=NO, nullable=False),
        sa.Column("changes", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("reminded", sa.SmallInteger()),
        sa.CheckConstraint(STATES, name=op.f("ck_kyc_sessions_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_sessions")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kyc_sessions_user_id"), ondelete="CASCADE"),
    )
    index("ix_kyc_sessions_user_id", ["user_id", "created_at", "id"])
    index("uq_kyc_sessions_ref", ["provider", "ref"], "ref IS NOT NULL", unique=True)
    index("uq_kyc_sessions_live", ["user_id"], "state IN ('STARTED', 'OPEN', 'PROCESSING')", unique=True)
    index("ix_kyc_sessions_valid_until", ["valid_until"], "state = 'APPROVED'")
    index("ix_kyc_sessions_looked_at", ["looked_at"], "state IN ('OPEN', 'PROCESSING')")
    index("ix_kyc_sessions_identity_hash", ["identity_hash"], "identity_hash IS NOT NULL")
    op.create_table(
        SANDBOX,
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("final", sa.Boolean(), server_default=NO, nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("document_until", sa.Date()),
        sa.Column("changes", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("updated_at", TIME, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_sandbox_verifications")),
    )


def downgrade() -> None:
    op.drop_table(SANDBOX, if_exists=True)
    op.drop_table(SESSIONS, if_exists=True)
