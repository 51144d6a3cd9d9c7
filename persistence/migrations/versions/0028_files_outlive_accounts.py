"""What leads to a file stays when its account goes, until the file is removed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import committed

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

previous_release = (
    "It looks at files of nobody that wait for it, as at any others, and gives up archives of nobody when they expire. "
    "What else it leaves of them, nodes of this release remove."
)

LEADS = (
    ("uploads", "user_id", "users"),
    ("data_exports", "user_id", "users"),
    ("data_exports", "request_id", "gdpr_requests"),
)
LOOKS = (
    "ALTER TABLE uploads VALIDATE CONSTRAINT fk_uploads_user_id",
    "ALTER TABLE data_exports VALIDATE CONSTRAINT fk_data_exports_user_id",
    "ALTER TABLE data_exports VALIDATE CONSTRAINT fk_data_exports_request_id",
)


def upgrade() -> None:
    for table, column, target in LEADS:
        op.alter_column(table, column, existing_type=sa.Uuid(), nullable=True)
        _refer(table, column, target, "SET NULL")
    _look()


def downgrade() -> None:
    for table, column, target in LEADS:
        leading: Any = sa.column(column)
        op.execute(sa.delete(sa.table(table, leading)).where(leading.is_(None)))
        op.alter_column(table, column, existing_type=sa.Uuid(), nullable=False)
        _refer(table, column, target, "CASCADE")
    _look()


def _refer(table: str, column: str, target: str, when_it_goes: str) -> None:
    name = f"fk_{table}_{column}"
    op.drop_constraint(name, table, type_="foreignkey", if_exists=True)
    op.create_foreign_key(name, table, target, [column], ["id"], ondelete=when_it_goes, postgresql_not_valid=True)


def _look() -> None:
    """At the rows that are there, once the keys hold for all others, so that nobody waits."""
    with committed():
        for statement in LOOKS:
            op.execute(statement)
