"""Texts for everybody: what staff works on, what is public, and how often each part has changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

previous_release = "It knows none of the new tables."

TIME = sa.DateTime(timezone=True)
KINDS = "kind IN ('announcement', 'article', 'faq', 'legal', 'page', 'post')"
SECTIONS = "kind IN ('blog', 'faq', 'help')"


def column(name: str, kind: object, default: str | None = None, *, null: bool = False) -> sa.Column[object]:
    given = None if default is None else sa.text(default)
    return sa.Column(name, kind, nullable=null, server_default=given)  # type: ignore[arg-type]


def upgrade() -> None:
    op.create_table("editions", sa.Column("name", sa.Text(), primary_key=True), column("number", sa.BigInteger()))
    op.create_table(
        "content_entries",
        sa.Column("id", sa.Uuid(), primary_key=True),
        column("created_at", TIME, "now()"),
        column("kind", sa.Text()),
        column("slug", sa.Text(), null=True),
        column("locale", sa.Text(), "'en'"),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("users.id", name="fk_content_entries_created_by_users")),
        column("updated_at", TIME, "now()"),
        column("draft", sa.Integer(), "1"),
        column("version", sa.Integer(), "1"),
        column("archived_at", TIME, null=True),
        sa.CheckConstraint(KINDS, name="ck_content_entries_kind"),
    )
    entries = "content_entries"
    one_per_slug, one_per_locale = sa.text("kind IN ('article', 'post')"), sa.text("kind IN ('legal', 'page')")
    op.create_index("uq_content_entries_slug", entries, ["kind", "slug"], unique=True, postgresql_where=one_per_slug)
    op.create_index(
        "uq_content_entries_locale", entries, ["kind", "slug", "locale"], unique=True, postgresql_where=one_per_locale
    )
    op.create_index("ix_content_entries_newest", entries, ["kind", sa.text("updated_at DESC"), sa.text("id DESC")])
    entry = "content_entries.id"
    op.create_table(
        "content_revisions",
        sa.Column(
            "entry_id",
            sa.Uuid(),
            sa.ForeignKey(entry, name="fk_content_revisions_entry_id_content_entries", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        column("created_at", TIME, "now()"),
        sa.Column("author_id", sa.Uuid(), sa.ForeignKey("users.id", name="fk_content_revisions_author_id_users")),
        column("updated_at", TIME, "now()"),
        column("source", postgresql.JSONB()),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "entry_id",
            sa.Uuid(),
            sa.ForeignKey(entry, name="fk_publications_entry_id_content_entries"),
            nullable=False,
        ),
        column("revision", sa.Integer()),
        column("kind", sa.Text()),
        column("slug", sa.Text(), null=True),
        column("locale", sa.Text()),
        column("title", sa.Text()),
        column("excerpt", sa.Text(), null=True),
        column("html", sa.Text()),
        column("folded", sa.Text(), "''"),
        column("image", sa.Text(), null=True),
        column("icon", sa.Text(), null=True),
        column("minutes", sa.Integer(), null=True),
        column("featured", sa.Boolean(), "false"),
        column("type", sa.Text(), null=True),
        column("starts_at", TIME, null=True),
        column("ends_at", TIME, null=True),
        column("sort_order", sa.Integer(), "0"),
        column("category_ids", postgresql.ARRAY(sa.Uuid()), "'{}'"),
        column("published_at", TIME),
        column("updated_at", TIME),
        column("shown_from", TIME),
        column("shown_until", TIME, null=True),
        column("sanitizer_version", sa.Integer()),
        column("requires_consent", sa.Boolean(), "false"),
        column("summary", sa.Text(), null=True),
        column("label", sa.Text(), null=True),
        sa.CheckConstraint(KINDS, name="ck_publications_kind"),
    )
    op.create_index("uq_publications_revision", "publications", ["entry_id", "shown_from"], unique=True)
    op.create_index("ix_publications_slug", "publications", ["kind", "slug", "locale"])
    for name, key in (("newest", "published_at"), ("updated", "updated_at")):
        newest = ["kind", sa.text(f"{key} DESC"), sa.text("id DESC")]
        op.create_index(f"ix_publications_{name}", "publications", newest)  # type: ignore[arg-type]
    op.create_index("ix_publications_from", "publications", ["kind", "shown_from"])
    ends = sa.text("shown_until IS NOT NULL")
    op.create_index("ix_publications_until", "publications", ["kind", "shown_until"], postgresql_where=ends)
    op.create_index("ix_publications_categories", "publications", ["category_ids"], postgresql_using="gin")
    op.create_table(
        "content_categories",
        sa.Column("id", sa.Uuid(), primary_key=True),
        column("created_at", TIME, "now()"),
        column("kind", sa.Text()),
        column("slug", sa.Text()),
        column("locale", sa.Text(), "'en'"),
        column("name", sa.Text()),
        column("description", sa.Text(), null=True),
        column("icon", sa.Text(), null=True),
        column("icon_background", sa.Text(), null=True),
        column("sort_order", sa.Integer(), "0"),
        column("active", sa.Boolean(), "true"),
        column("version", sa.Integer(), "1"),
        sa.CheckConstraint(SECTIONS, name="ck_content_categories_kind"),
    )
    op.create_index("uq_content_categories_slug", "content_categories", ["kind", "slug"], unique=True)
    op.create_index("ix_content_categories_order", "content_categories", ["kind", "sort_order", "id"])


def downgrade() -> None:
    for table in ("content_categories", "publications", "content_revisions", "content_entries", "editions"):
        op.drop_table(table)
