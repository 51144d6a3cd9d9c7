"""The audit log is sealed, so that it shows who changed it."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

previous_release = "It seals nothing, which the first worker of this release makes up for."

SEALED = ("audit_seals", "audit_sealed")
APPEND_ONLY = (
    "CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER audit_sealed_append_only BEFORE UPDATE OR DELETE ON audit_sealed "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seals"),
    )
    op.create_index("ix_audit_seals_at", "audit_seals", ["at"])
    op.create_index("ix_audit_seals_key", "audit_seals", ["key_id"])
    op.create_table(
        "audit_sealed",
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["row_id"], ["audit_logs.id"], name="fk_audit_sealed_row_id"),
        sa.ForeignKeyConstraint(["number"], ["audit_seals.number"], name="fk_audit_sealed_number"),
        sa.PrimaryKeyConstraint("row_id", name="pk_audit_sealed"),
    )
    op.create_index("ix_audit_sealed_number", "audit_sealed", ["number"])
    for trigger in APPEND_ONLY:
        op.execute(trigger)


def downgrade() -> None:
    for table in reversed(SEALED):
        op.drop_table(table)
