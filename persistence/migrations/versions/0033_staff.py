"""Roles of staff, what a session has shown for them, and who did what, why, in the audit trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

previous_release = (
    "It has no operation of scope admin, so nobody is staff there; what it writes leaves the new columns empty."
)

MOMENT = sa.DateTime(timezone=True)
OF_SESSIONS = ("second_factor_at", "admin_seen_at")
OF_AUDIT = (("role", sa.Text()), ("reason", sa.Text()), ("before", JSONB()), ("after", JSONB()))


def upgrade() -> None:
    op.create_table(
        "staff_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locales", ARRAY(sa.Text())),
        sa.Column("granted_by", sa.Uuid()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role", name="pk_staff_roles"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_staff_roles_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_staff_roles_role", "staff_roles", ["role", "user_id"])
    for name in OF_SESSIONS:
        op.add_column("sessions", sa.Column(name, MOMENT))
    for name, kind in OF_AUDIT:
        op.add_column("audit_logs", sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in OF_AUDIT:
        op.drop_column("audit_logs", name)
    for name in OF_SESSIONS:
        op.drop_column("sessions", name)
    op.drop_table("staff_roles")
