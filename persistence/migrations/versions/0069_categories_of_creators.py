"""The categories that creators can have: a list of staff's, with what creators have today."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

previous_release = "It gives any word as a category. A creator keeps one that the list lacks; staff may list it later."

TABLE = "discover_categories"
CATEGORIES = (
    *("Art", "Baking", "Beauty", "Books", "Business", "Comedy", "Education", "Fashion", "Fitness", "Food", "Games"),
    *("Illustration", "Music", "Photography", "Podcasts", "Science", "Sports", "Streaming", "Technology", "Travel"),
)
# Words in use that are the most frequent; the list has room for 100.
IN_USE = sa.text("""
INSERT INTO discover_categories (slug, name, sort_order)
SELECT category, initcap(replace(category, '-', ' ')), 1000
FROM creator_categories GROUP BY category ORDER BY count(*) DESC, category LIMIT 80
ON CONFLICT DO NOTHING
""")


def upgrade() -> None:
    table = op.create_table(
        TABLE,
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f(f"pk_{TABLE}")),
    )
    rows = [{"slug": name.lower(), "name": name, "sort_order": 10 * place} for place, name in enumerate(CATEGORIES, 1)]
    op.bulk_insert(table, rows)
    op.execute(IN_USE)


def downgrade() -> None:
    op.drop_table(TABLE)
