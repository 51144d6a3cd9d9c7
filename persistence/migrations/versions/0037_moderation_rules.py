"""Rules that texts are held against, and what reserved names have of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

previous_release = (
    "It holds no text against a rule. Reserved names stay as they are; the database fills in the columns."
)

TIME = sa.DateTime(timezone=True)
NEWEST = [sa.text("created_at DESC"), sa.text("id DESC")]
RESERVED = "reserved_usernames"


def upgrade() -> None:
    op.create_table(
        "moderation_rules",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False, server_default=""),
        sa.Column("hits", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("last_hit_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.CheckConstraint("kind IN ('TERM', 'DOMAIN', 'USERNAME')", name="ck_moderation_rules_kind"),
        sa.CheckConstraint("match IN ('WORD', 'PREFIX', 'EXACT')", name="ck_moderation_rules_match"),
        sa.CheckConstraint("action IN ('FLAG', 'BLOCK', 'QUARANTINE')", name="ck_moderation_rules_action"),
    )
    same = ["kind", "folded", "match", "action", "locale"]
    op.create_index("uq_moderation_rules_same", "moderation_rules", same, unique=True)
    op.create_index("ix_moderation_rules_newest", "moderation_rules", NEWEST)
    op.create_index("ix_moderation_rules_kind", "moderation_rules", ["kind", *NEWEST])
    op.create_index("ix_moderation_rules_action", "moderation_rules", ["action", *NEWEST])
    op.create_table(
        "moderation_revisions",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    made = sa.text("gen_random_uuid()")
    op.add_column(RESERVED, sa.Column("id", sa.Uuid(), nullable=False, server_default=made))
    op.add_column(RESERVED, sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()))
    op.add_column(RESERVED, sa.Column("hits", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column(RESERVED, sa.Column("last_hit_at", TIME))
    op.add_column(RESERVED, sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.create_unique_constraint("uq_reserved_usernames_id", RESERVED, ["id"])
    op.create_index("ix_reserved_usernames_newest", RESERVED, NEWEST)


def downgrade() -> None:
    op.drop_index("ix_reserved_usernames_newest", RESERVED)
    op.drop_constraint("uq_reserved_usernames_id", RESERVED)
    for name in ("version", "last_hit_at", "hits", "created_at", "id"):
        op.drop_column(RESERVED, name)
    op.drop_table("moderation_revisions")
    op.drop_table("moderation_rules")
