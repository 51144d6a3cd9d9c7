"""Staff says what came of payouts whose provider does not, and a provider that says otherwise later is found."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

previous_release = (
    "It settles no payout whose provider is silent. What this one settled it looks at no more, or as at any other: it "
    "may ask the provider to end what was begun there."
)

TABLE = "payout_attempts"
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "stated": sa.Text(),
    "stated_by": sa.Uuid(),
    "confirmed_by": sa.Uuid(),
    "evidence": sa.Text(),
    "contradicted_at": sa.DateTime(timezone=True),
}
CHECKS = {
    "stated": "stated IN ('PROCESSED', 'FAILED')",
    "statement": "(stated IS NULL) = (stated_by IS NULL) AND (stated IS NULL) = (evidence IS NULL)",
    "two": "confirmed_by <> stated_by",
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column(TABLE, sa.Column(name, kind))
    for name, check in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, check)


def downgrade() -> None:
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE)
    for name in COLUMNS:
        op.drop_column(TABLE, name)
