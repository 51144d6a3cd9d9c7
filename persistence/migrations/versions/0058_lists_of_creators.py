"""Featured and trending creators, and whom an account looked at last."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

previous_release = "It has no lists of creators; each new column of profiles has a default."

TIME = sa.DateTime(timezone=True)
ONE = sa.text("1")


def _creator(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_creator_id")
    return sa.ForeignKeyConstraint(["creator_id"], ["creator_profiles.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    excluded: sa.Column[bool] = sa.Column("discover_excluded", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("creator_profiles", excluded)
    op.add_column("creator_profiles", sa.Column("admin_version", sa.Integer(), server_default=ONE, nullable=False))
    op.create_table(
        "featured_creators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME),
        sa.Column("ends_at", TIME),
        sa.Column("version", sa.Integer(), server_default=ONE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_featured_creators")),
        sa.UniqueConstraint("creator_id", name=op.f("uq_featured_creators_creator_id")),
        _creator("featured_creators"),
    )
    op.create_index("ix_featured_creators_position", "featured_creators", ["position", "id"])
    op.create_table(
        "trending",
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_trending")),
        sa.UniqueConstraint("creator_id", name=op.f("uq_trending_creator_id")),
        _creator("trending"),
    )
    op.create_table(
        "recently_viewed",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("viewed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "creator_id", name=op.f("pk_recently_viewed")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recently_viewed_user_id"), ondelete="CASCADE"),
        _creator("recently_viewed"),
    )
    op.create_index(
        "ix_recently_viewed_newest", "recently_viewed", ["user_id", sa.text("viewed_at DESC"), "creator_id"]
    )
    op.create_index("ix_recently_viewed_creator_id", "recently_viewed", ["creator_id"])


def downgrade() -> None:
    for table in ("recently_viewed", "trending", "featured_creators"):
        op.drop_table(table)
    op.drop_column("creator_profiles", "admin_version")
    op.drop_column("creator_profiles", "discover_excluded")
