"""Visits of bio pages and their sums by day."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

previous_release = "It has no visits."

TIME = sa.DateTime(timezone=True)
ZERO = sa.text("0")
KEY = ["page_id", "day"]


def _page(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_page_id")
    return sa.ForeignKeyConstraint(["page_id"], ["bio_pages.id"], name=name, ondelete="CASCADE")


def _sum(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_page_id_day")
    return sa.ForeignKeyConstraint(KEY, ["bio_daily.page_id", "bio_daily.day"], name=name, ondelete="CASCADE")


def _day() -> tuple[sa.Column[object], sa.Column[object]]:
    return sa.Column("page_id", sa.Uuid(), nullable=False), sa.Column("day", sa.Date(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "bio_visit_salts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_bio_visit_salts")),
    )
    op.create_table(
        "bio_page_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("link_id", sa.Uuid()),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("referrer", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bio_page_views")),
        _page("bio_page_views"),
        sa.CheckConstraint("device IN ('mobile', 'tablet', 'desktop')", name=op.f("ck_bio_page_views_device")),
    )
    op.create_index("ix_bio_page_views_page_id", "bio_page_views", ["page_id", "at"])
    op.create_index("ix_bio_page_views_at", "bio_page_views", ["at"])
    op.create_table(
        "bio_daily",
        *_day(),
        *(
            sa.Column(name, sa.BigInteger(), server_default=ZERO, nullable=False)
            for name in ("views", "clicks", "visitors")
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_bio_daily")),
        _page("bio_daily"),
    )
    op.create_index("ix_bio_daily_day", "bio_daily", ["day"])
    op.create_table(
        "bio_daily_values",
        *_day(),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, "dimension", "value", name=op.f("pk_bio_daily_values")),
        _sum("bio_daily_values"),
        sa.CheckConstraint(
            "dimension IN ('referrer', 'device', 'country', 'link')", name=op.f("ck_bio_daily_values_dimension")
        ),
    )
    op.create_table(
        "bio_daily_visitors",
        *_day(),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, "visitor", name=op.f("pk_bio_daily_visitors")),
        _sum("bio_daily_visitors"),
    )


def downgrade() -> None:
    for table in ("bio_daily_visitors", "bio_daily_values", "bio_daily", "bio_page_views", "bio_visit_salts"):
        op.drop_table(table)
