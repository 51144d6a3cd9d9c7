"""Attempts to deliver text messages have a table of their own."""

import sqlalchemy as sa
from alembic import op
from psycopg import sql

from persistence.migrations.beside import committed

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

previous_release = "It goes on noting its text messages among the mails; nobody reads either table but for exports."

MOVED = sql.SQL("""
WITH moved AS (
    DELETE FROM {source} d USING outbox o WHERE o.id = d.job_id AND o.topic LIKE 'sms.%'
    RETURNING d.id, d.job_id, d.provider, d.outcome, d.error, d.started_at, d.created_at
)
INSERT INTO {target} (id, job_id, provider, outcome, error, started_at, created_at) SELECT * FROM moved
""")


def moved(source: str, target: str) -> str:
    return MOVED.format(source=sql.Identifier(source), target=sql.Identifier(target)).as_string()


def upgrade() -> None:
    op.create_table(
        "sms_deliveries",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["outbox.id"], name=op.f("fk_sms_deliveries_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_deliveries")),
        if_not_exists=True,
    )
    op.create_index(op.f("ix_sms_deliveries_job_id"), "sms_deliveries", ["job_id"], unique=False, if_not_exists=True)
    op.create_index(
        "ix_sms_deliveries_failed",
        "sms_deliveries",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("error IS NOT NULL"),
        if_not_exists=True,
    )
    with committed():  # a new reference keeps those waiting who write to the outbox
        op.execute(moved("email_deliveries", "sms_deliveries"))


def downgrade() -> None:
    op.execute(moved("sms_deliveries", "email_deliveries"))
    op.drop_table("sms_deliveries")
