"""What creators are found by: their categories, and a row of the search for each who may be found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

previous_release = "It knows neither table. What it changes meanwhile is found out by the nightly comparison."

TIME = sa.DateTime(timezone=True)
PROFILES = "creator_profiles"
CATEGORIES = "creator_categories"
SEARCH = "creator_search"
ORDERS = {
    "recent": ("updated_at", "creator_id"),
    "popular": ("total_messages", "total_followers", "creator_id"),
    "rated": ("avg_rating", "rating_count", "creator_id"),
}


def upgrade() -> None:
    op.create_table(
        CATEGORIES,
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("creator_id", "category", name=op.f(f"pk_{CATEGORIES}")),
        sa.ForeignKeyConstraint(
            ["creator_id"], [f"{PROFILES}.id"], name=op.f(f"fk_{CATEGORIES}_creator_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_creator_categories_category", CATEGORIES, ["category", "creator_id"])
    op.create_table(
        SEARCH,
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("grams", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("facets", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("total_messages", sa.BigInteger(), nullable=False),
        sa.Column("total_followers", sa.BigInteger(), nullable=False),
        sa.Column("avg_rating", sa.Numeric(3, 2), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("card", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("creator_id", name=op.f(f"pk_{SEARCH}")),
        sa.ForeignKeyConstraint(
            ["creator_id"], [f"{PROFILES}.id"], name=op.f(f"fk_{SEARCH}_creator_id"), ondelete="CASCADE"
        ),
    )
    for column in ("document", "grams", "facets"):
        steady = {"fastupdate": "off"}
        op.create_index(f"ix_{SEARCH}_{column}", SEARCH, [column], postgresql_using="gin", postgresql_with=steady)
    op.create_index(f"ix_{SEARCH}_username", SEARCH, ["username"])
    for name, columns in ORDERS.items():
        op.create_index(f"ix_{SEARCH}_{name}", SEARCH, [sa.text(f"{column} DESC") for column in columns])
    # A filter is one word; those that many have are many, and the plan depends on how many have it.
    op.execute("ALTER TABLE creator_search ALTER COLUMN facets SET STATISTICS 400")


def downgrade() -> None:
    op.drop_table(SEARCH)
    op.drop_table(CATEGORIES)
