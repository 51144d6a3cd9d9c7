"""Accounts that creators connect are told from ways to sign in, and followers are counted."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index, in_batches

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

previous_release = (
    "All that it makes are ways to sign in, which is the default. It takes a connected account of X for one, too: it "
    "lets in whoever proves to be its owner there, counts it among the ways that are left, and ends it with the link."
)

ACCOUNTS, METRICS = "social_accounts", "social_metrics"
TIME = sa.DateTime(timezone=True)
FORMER = {
    "uq_social_accounts_platform_platform_user_id": ["platform", "platform_user_id"],
    "uq_social_accounts_user_id_platform": ["user_id", "platform"],
}

OTHERS = """
UPDATE social_accounts SET signs_in = false
WHERE id > :after AND id <= :until AND signs_in AND platform NOT IN ('google', 'apple', 'x')
"""


def upgrade() -> None:
    op.add_column(
        ACCOUNTS, sa.Column("signs_in", sa.Boolean(), server_default=sa.true(), nullable=False), if_not_exists=True
    )
    op.add_column(ACCOUNTS, sa.Column("refresh_at", TIME), if_not_exists=True)
    op.add_column(ACCOUNTS, sa.Column("refused_at", TIME), if_not_exists=True)
    in_batches(ACCOUNTS, OTHERS)
    build_index("uq_social_accounts_identity", ACCOUNTS, ["platform", "platform_user_id", "signs_in"], unique=True)
    build_index("uq_social_accounts_owner", ACCOUNTS, ["user_id", "platform", "signs_in"], unique=True)
    build_index("ix_social_accounts_refresh_at", ACCOUNTS, ["refresh_at", "id"], "refresh_at IS NOT NULL")
    for name in FORMER:
        drop_index(name, ACCOUNTS)
    op.create_table(
        METRICS,
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("follower_count", sa.BigInteger()),
        sa.Column("measured_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_social_metrics")),
        sa.ForeignKeyConstraint(
            ["account_id"], [f"{ACCOUNTS}.id"], name=op.f("fk_social_metrics_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_social_metrics_user_id"), ondelete="CASCADE"),
        if_not_exists=True,
    )
    op.create_index(op.f("ix_social_metrics_user_id"), METRICS, ["user_id"], if_not_exists=True)


def downgrade() -> None:
    """A connected account beside a way to sign in at the same platform has no place in the former table."""
    op.drop_table(METRICS, if_exists=True)
    op.execute("DELETE FROM social_accounts WHERE NOT signs_in AND platform IN ('google', 'apple', 'x')")
    for name, columns in FORMER.items():
        build_index(name, ACCOUNTS, columns, unique=True)
    for name in ("ix_social_accounts_refresh_at", "uq_social_accounts_owner", "uq_social_accounts_identity"):
        drop_index(name, ACCOUNTS)
    for column in ("refused_at", "refresh_at", "signs_in"):
        op.drop_column(ACCOUNTS, column)
