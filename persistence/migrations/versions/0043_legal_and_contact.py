"""Versions of legal texts and who was told of them; messages of the contact form."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

previous_release = "It knows none of the new tables."

TIME = sa.DateTime(timezone=True)
SLUGS = "slug IN ('privacy', 'terms')"
NEWEST = (sa.text("created_at DESC"), sa.text("id DESC"))


def column(name: str, kind: object, default: str | None = None, *, null: bool = False) -> sa.Column[object]:
    given = None if default is None else sa.text(default)
    return sa.Column(name, kind, nullable=null, server_default=given)  # type: ignore[arg-type]


def upgrade() -> None:
    op.create_table(
        "legal_versions",
        column("slug", sa.Text()),
        column("label", sa.Text()),
        column("effective_at", TIME),
        column("requires_consent", sa.Boolean()),
        column("summary", sa.Text()),
        column("reached", sa.Uuid(), null=True),
        column("told_at", TIME, null=True),
        column("applied_at", TIME, null=True),
        column("withdrawn_at", TIME, null=True),
        column("id", sa.Uuid()),
        column("created_at", TIME, "now()"),
        sa.CheckConstraint(SLUGS, name=op.f("ck_legal_versions_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_versions")),
    )
    op.create_index(
        "uq_legal_versions_label",
        "legal_versions",
        ["slug", "label"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "legal_notices",
        column("user_id", sa.Uuid()),
        column("version_id", sa.Uuid()),
        column("slug", sa.Text()),
        column("label", sa.Text()),
        column("created_at", TIME, "now()"),
        sa.CheckConstraint(SLUGS, name=op.f("ck_legal_notices_slug")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_legal_notices_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "version_id", name=op.f("pk_legal_notices")),
    )
    op.create_table(
        "contact_messages",
        column("name", sa.Text(), null=True),
        column("email", sa.Text()),
        column("subject", sa.Text()),
        column("message", sa.Text()),
        column("locale", sa.Text()),
        column("ip_address", sa.Text(), null=True),
        column("user_agent", sa.Text(), null=True),
        column("state", sa.Text(), "'NEW'"),
        column("updated_at", TIME, "now()"),
        column("version", sa.Integer(), "1"),
        column("id", sa.Uuid()),
        column("created_at", TIME, "now()"),
        sa.CheckConstraint("state IN ('NEW', 'DONE', 'SPAM')", name=op.f("ck_contact_messages_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_messages")),
    )
    op.create_index("ix_contact_messages_newest", "contact_messages", NEWEST)
    op.create_index("ix_contact_messages_state", "contact_messages", ["state", *NEWEST])
    op.create_index("ix_contact_messages_email", "contact_messages", ["email"])


def downgrade() -> None:
    for table in ("contact_messages", "legal_notices", "legal_versions"):
        op.drop_table(table)
