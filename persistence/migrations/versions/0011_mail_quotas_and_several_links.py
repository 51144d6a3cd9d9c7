"""Mails are counted by the address that gets them; an account may have several live links of a kind."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LINKS = ("email_verifications", "password_resets", "reactivation_tokens")
LIVE = "used_at IS NULL AND invalidated_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "mail_quotas",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_mail_quotas")),
    )
    op.create_index(op.f("ix_mail_quotas_last_at"), "mail_quotas", ["last_at"])
    for table in LINKS:
        op.drop_index(f"uq_{table}_live", table_name=table, postgresql_where=sa.text(LIVE))


def downgrade() -> None:
    for table in LINKS:
        links = sa.table(table, sa.column("used_at"), sa.column("invalidated_at"))
        live = sa.and_(links.c.used_at.is_(None), links.c.invalidated_at.is_(None))
        op.execute(sa.update(links).where(live).values(invalidated_at=sa.func.now()))
        op.create_index(f"uq_{table}_live", table, ["user_id"], unique=True, postgresql_where=sa.text(LIVE))
    op.drop_index(op.f("ix_mail_quotas_last_at"), table_name="mail_quotas")
    op.drop_table("mail_quotas")
