"""What comes of referral links: clicks, registrations, rewards. An account has one link that counts."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index, in_batches

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

previous_release = "It makes no links, moves their codes alone, and counts nothing: each new column has a default."

LINKS, REWARDS = "referral_links", "referral_rewards"
ZERO = sa.text("0")
COUNTERS = ("clicks", "signups", "conversions")
OLDEST_ALONE = """
UPDATE referral_links AS link SET active = false WHERE id > :after AND id <= :until AND active AND EXISTS (
    SELECT FROM referral_links AS older
    WHERE older.user_id = link.user_id AND (older.created_at, older.id) < (link.created_at, link.id)
)
"""


def upgrade() -> None:
    for name in COUNTERS:
        op.add_column(LINKS, sa.Column(name, sa.BigInteger(), server_default=ZERO, nullable=False), if_not_exists=True)
    earnings = sa.Column("total_earnings", sa.Numeric(14, 2), server_default=ZERO, nullable=False)
    active: sa.Column[bool] = sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False)
    op.add_column(LINKS, earnings, if_not_exists=True)
    op.add_column(LINKS, active, if_not_exists=True)
    in_batches(LINKS, OLDEST_ALONE)
    build_index("uq_referral_links_active", LINKS, ["user_id"], where="active", unique=True)
    op.create_table(
        REWARDS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("trigger_type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("clawed_back", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_rewards")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_referral_rewards_user_id"), ondelete="CASCADE"
        ),
        if_not_exists=True,
    )
    newest: list[str | sa.TextClause] = ["user_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_referral_rewards_newest", REWARDS, newest, if_not_exists=True)


def downgrade() -> None:
    op.drop_table(REWARDS)
    drop_index("uq_referral_links_active", LINKS)
    for name in ("active", "total_earnings", *reversed(COUNTERS)):
        op.drop_column(LINKS, name)
