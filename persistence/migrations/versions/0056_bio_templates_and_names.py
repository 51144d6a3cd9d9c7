"""Six templates of bio pages, and usernames that paths below /bio stand for."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

previous_release = "It has no templates, and refuses the names as it does other reserved ones."

RESERVED = ("click", "embed", "templates", "view")
INSERT = sa.text("INSERT INTO reserved_usernames (username) VALUES (:username) ON CONFLICT DO NOTHING")
TIME = sa.DateTime(timezone=True)
TABLE = sa.table(
    "bio_templates",
    sa.column("id", sa.Uuid(as_uuid=False)),
    sa.column("created_at", TIME),
    sa.column("updated_at", TIME),
    sa.column("name", sa.Text()),
    sa.column("description", sa.Text()),
    sa.column("tokens", postgresql.JSONB()),
    sa.column("sort_order", sa.Integer()),
)
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
SERIF = 'Georgia, "Times New Roman", serif'
MONO = "ui-monospace, Menlo, Consolas, monospace"
NAMES = ("background", "surface", "foreground", "muted", "primary", "primaryForeground", "radius", "font")
TEMPLATES = (
    ("Classic", "Dark text on white, blue buttons.",
     ("#ffffff", "#f4f4f7", "#1d1d26", "#5b5b6b", "#1d4ed8", "#ffffff", "0.75rem", SANS)),
    ("Midnight", "Light text on deep blue.",
     ("#0f172a", "#1e293b", "#f1f5f9", "#94a3b8", "#a5b4fc", "#1e1b4b", "1rem", SANS)),
    ("Sunrise", "Warm colors and round buttons.",
     ("#fff7ed", "#ffedd5", "#431407", "#9a3412", "#c2410c", "#ffffff", "2rem", SANS)),
    ("Forest", "Calm greens with a serif font.",
     ("#f0fdf4", "#dcfce7", "#14321f", "#3f6b4f", "#166534", "#ffffff", "0.5rem", SERIF)),
    ("Minimal", "Black on white, without rounded corners.",
     ("#ffffff", "#ffffff", "#000000", "#525252", "#000000", "#ffffff", "0", SANS)),
    ("Terminal", "Green letters of one width on black.",
     ("#0a0a0a", "#171717", "#86efac", "#4ade80", "#22c55e", "#052e16", "0", MONO)),
)  # fmt: skip


def _rows() -> list[dict[str, Any]]:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "id": f"0b10a000-0000-4000-8000-{number + 1:012}",
            "created_at": made,
            "updated_at": made,
            "name": name,
            "description": description,
            "tokens": dict(zip(NAMES, values, strict=True)),
            "sort_order": number * 10,
        }
        for number, (name, description, values) in enumerate(TEMPLATES)
    ]


def upgrade() -> None:
    op.bulk_insert(TABLE, _rows())
    for username in RESERVED:
        op.execute(INSERT.bindparams(username=username))


def downgrade() -> None:
    op.execute(sa.delete(TABLE).where(TABLE.c.id.in_([row["id"] for row in _rows()])))
    for username in RESERVED:
        op.execute(sa.text("DELETE FROM reserved_usernames WHERE username = :username").bindparams(username=username))
