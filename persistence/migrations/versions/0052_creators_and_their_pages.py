"""What a creator's profile says, and bio pages with their links and templates."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

previous_release = "It has profiles of an id alone: each new column has a default or may be null."

TIME = sa.DateTime(timezone=True)
AMOUNT = sa.Numeric(14, 2)
PROFILES = "creator_profiles"
ZERO = sa.text("0")
NOW = sa.func.now()
WORDS = {
    "level": ("BRONZE", "SILVER", "GOLD", "PLATINUM"),
    "creator_status": ("ACTIVE", "VACATION", "SUSPENDED", "BANNED", "DEACTIVATED"),
    "kyc_status": ("NOT_STARTED", "PENDING", "APPROVED", "REJECTED", "EXPIRED"),
    "payout_account_status": ("NOT_STARTED", "PENDING", "ACTIVE", "RESTRICTED", "DISABLED"),
    "dm_type": ("FREE", "SINGLE_PAY", "PER_MESSAGE"),
}
EMBEDS = ("YOUTUBE", "SPOTIFY", "TIKTOK", "SOUNDCLOUD", "TWITCH", "APPLE_MUSIC", "CUSTOM")


def column(name: str, kind: Any, default: Any = None, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=default, nullable=null)


def words(name: str, allowed: tuple[str, ...]) -> str:
    return f"{name} IN ({', '.join(map(repr, allowed))})"


PROFILE = (
    column("level", sa.Text(), "BRONZE"),
    column("creator_status", sa.Text(), "ACTIVE"),
    column("kyc_status", sa.Text(), "NOT_STARTED"),
    column("kyc_provider", sa.Text(), null=True),
    column("kyc_provider_id", sa.Text(), null=True),
    column("kyc_completed_at", TIME, null=True),
    column("payout_account_id", sa.Text(), null=True),
    column("payout_account_status", sa.Text(), "NOT_STARTED"),
    column("payout_charges_enabled", sa.Boolean(), sa.false()),
    column("payout_payouts_enabled", sa.Boolean(), sa.false()),
    column("dm_type", sa.Text(), null=True),
    column("dm_price", AMOUNT, null=True),
    column("dm_active", sa.Boolean(), sa.false()),
    column("vacation_mode", sa.Boolean(), sa.false()),
    column("vacation_start", TIME, null=True),
    column("vacation_end", TIME, null=True),
    column("total_earnings", AMOUNT, ZERO),
    column("total_messages", sa.BigInteger(), ZERO),
    column("total_followers", sa.BigInteger(), ZERO),
    column("avg_rating", sa.Numeric(3, 2), null=True),
    column("rating_count", sa.Integer(), ZERO),
    column("updated_at", TIME, NOW),
)


def upgrade() -> None:
    for added in PROFILE:
        op.add_column(PROFILES, added)
    for name, allowed in WORDS.items():
        op.create_check_constraint(op.f(f"ck_{PROFILES}_{name}"), PROFILES, words(name, allowed))
    op.create_table(
        "bio_templates",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("name", sa.Text()),
        column("description", sa.Text(), null=True),
        column("tokens", postgresql.JSONB(), sa.text("'{}'::jsonb")),
        column("thumbnail", sa.Text(), null=True),
        column("active", sa.Boolean(), sa.true()),
        column("sort_order", sa.Integer(), ZERO),
        column("version", sa.Integer(), sa.text("1")),
        column("updated_at", TIME, NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bio_templates")),
    )
    op.create_index("uq_bio_templates_name", "bio_templates", ["name"], unique=True)
    order = ["sort_order", "name", "id"]
    op.create_index("ix_bio_templates_offered", "bio_templates", order, postgresql_where=sa.text("active"))
    op.create_index("ix_bio_templates_listed", "bio_templates", order)
    op.create_table(
        "bio_pages",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("creator_id", sa.Uuid()),
        column("template_id", sa.Uuid(), null=True),
        column("bio", sa.Text(), ""),
        column("theme_override", postgresql.JSONB(), null=True),
        column("custom_css", sa.Text(), null=True),
        column("published", sa.Boolean(), sa.true()),
        column("embed_enabled", sa.Boolean(), sa.true()),
        column("email_collection_enabled", sa.Boolean(), sa.false()),
        column("version", sa.BigInteger(), sa.text("1")),
        column("updated_at", TIME, NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bio_pages")),
        sa.UniqueConstraint("creator_id", name=op.f("uq_bio_pages_creator_id")),
        sa.ForeignKeyConstraint(
            ["creator_id"], [f"{PROFILES}.id"], name=op.f("fk_bio_pages_creator_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["bio_templates.id"], name=op.f("fk_bio_pages_template_id"), ondelete="SET NULL"
        ),
    )
    op.create_index(op.f("ix_bio_pages_template_id"), "bio_pages", ["template_id"])
    op.create_table(
        "bio_links",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("page_id", sa.Uuid()),
        column("title", sa.Text()),
        column("url", sa.Text()),
        column("icon", sa.Text(), null=True),
        column("sort_order", sa.Integer(), ZERO),
        column("active", sa.Boolean(), sa.true()),
        column("is_social", sa.Boolean(), sa.false()),
        column("platform", sa.Text(), null=True),
        column("embed_type", sa.Text(), null=True),
        column("embed_meta", postgresql.JSONB(), null=True),
        column("scheduled_start", TIME, null=True),
        column("scheduled_end", TIME, null=True),
        column("paused_by_dm", sa.Boolean(), sa.false()),
        column("click_count", sa.BigInteger(), ZERO),
        column("updated_at", TIME, NOW),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bio_links")),
        sa.ForeignKeyConstraint(["page_id"], ["bio_pages.id"], name=op.f("fk_bio_links_page_id"), ondelete="CASCADE"),
        sa.CheckConstraint(words("embed_type", EMBEDS), name=op.f("ck_bio_links_embed_type")),
    )
    op.create_index("ix_bio_links_page_id", "bio_links", ["page_id", "sort_order", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("bio_links")
    op.drop_table("bio_pages")
    op.drop_table("bio_templates")
    for name in WORDS:
        op.drop_constraint(op.f(f"ck_{PROFILES}_{name}"), PROFILES, type_="check")
    for added in reversed(PROFILE):
        op.drop_column(PROFILES, added.name)
