"""Which rows are example content of development."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

previous_release = "It makes no example content, and takes what there is for any other."


def upgrade() -> None:
    op.create_table(
        "demo_areas",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_demo_areas")),
    )
    op.create_table(
        "demo_rows",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_demo_rows")),
    )


def downgrade() -> None:
    op.drop_table("demo_rows")
    op.drop_table("demo_areas")
