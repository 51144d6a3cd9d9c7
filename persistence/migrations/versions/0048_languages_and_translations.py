"""The languages of the platform, and their texts as staff edits them."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

previous_release = "It says the texts of its files, as before."

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "languages",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("native_name", sa.Text(), nullable=False),
        sa.Column("is_rtl", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("sort_order", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("texts_version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("files", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("updated_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("active OR NOT is_default", name="ck_languages_default_is_active"),
    )
    op.create_index(
        "uq_languages_default", "languages", ["is_default"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.create_index("ix_languages_order", "languages", ["sort_order", "code"])
    op.create_table(
        "translations",
        sa.Column("id", sa.Uuid(), primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("draft", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text()),
        sa.Column("imported", sa.Text()),
        sa.Column("made_from", sa.Text()),
        sa.Column("draft_from", sa.Text()),
        sa.Column("outdated", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("note", sa.Text()),
        sa.Column("draft_by", sa.Uuid()),
        sa.Column("reviewed_by", sa.Uuid()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("updated_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("status IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED')", name="ck_translations_status"),
        sa.CheckConstraint("origin IN ('FILE', 'STAFF')", name="ck_translations_origin"),
    )
    place = ["namespace", "key"]
    op.create_index("uq_translations_key", "translations", ["locale", *place], unique=True)
    op.create_index("ix_translations_source", "translations", [*place, "locale"])
    op.create_index("ix_translations_status", "translations", ["locale", "status", *place])
    for name, columns, where in (
        ("outdated", ["locale", *place], "outdated"),
        ("texts", ["locale"], "text IS NOT NULL"),
        ("edited", ["locale", "namespace"], "origin = 'STAFF'"),
    ):
        op.create_index(f"ix_translations_{name}", "translations", columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_table("translations")
    op.drop_table("languages")
