"""What creators offer messages for."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

previous_release = "It knows no packages, and lets nobody switch messages on."

PACKAGES = "dm_packages"


def upgrade() -> None:
    op.create_table(
        PACKAGES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("dm_type", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(14, 2), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dm_packages")),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["creator_profiles.id"], name=op.f("fk_dm_packages_creator_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("dm_type IN ('FREE', 'SINGLE_PAY', 'PER_MESSAGE')", name=op.f("ck_dm_packages_dm_type")),
    )
    op.create_index("uq_dm_packages_creator_id_dm_type", PACKAGES, ["creator_id", "dm_type"], unique=True)
    active = sa.text("active")
    op.create_index("uq_dm_packages_active", PACKAGES, ["creator_id"], unique=True, postgresql_where=active)


def downgrade() -> None:
    op.drop_table(PACKAGES)
