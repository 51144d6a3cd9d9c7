"""Themes of the front ends, and the public figures of the platform."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

previous_release = "It has neither themes nor public figures."

TIME = sa.DateTime(timezone=True)
NEWEST = [sa.text("created_at DESC"), sa.text("id DESC")]
THEMES = "theme_presets"


def _texts(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)


def upgrade() -> None:
    op.create_table(
        THEMES,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("thumbnail", sa.Text()),
        *map(_texts, ("light_tokens", "dark_tokens", "typography", "layout", "assets")),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("published_at", TIME),
        sa.Column("activated_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_presets")),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'PUBLISHED', 'ACTIVE', 'ARCHIVED')", name=op.f("ck_theme_presets_state")
        ),
    )
    op.create_index("uq_theme_presets_slug", THEMES, ["target", "slug"], unique=True)
    active = sa.text("state = 'ACTIVE'")
    op.create_index("uq_theme_presets_active", THEMES, ["target"], unique=True, postgresql_where=active)
    offered = sa.text("state IN ('PUBLISHED', 'ACTIVE')")
    op.create_index("ix_theme_presets_offered", THEMES, ["target", "name", "id"], postgresql_where=offered)
    op.create_index("ix_theme_presets_newest", THEMES, NEWEST)
    op.create_index("ix_theme_presets_target", THEMES, ["target", *NEWEST])
    op.create_index("ix_theme_presets_state", THEMES, ["state", *NEWEST])
    op.create_table(
        "platform_stats",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("total_creators", sa.BigInteger(), nullable=False),
        sa.Column("total_messages_sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_earned_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_stats")),
        sa.CheckConstraint("id = 1", name=op.f("ck_platform_stats_one")),
    )


def downgrade() -> None:
    op.drop_table("platform_stats")
    op.drop_table(THEMES)
