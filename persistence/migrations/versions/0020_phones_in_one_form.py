"""A stored phone has the form in which phones are asked for."""

import sqlalchemy as sa
from alembic import op

from domain.codes import clean_phone

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

users = sa.table("users", sa.column("id"), sa.column("phone"))


def upgrade() -> None:
    """Without what is dialled within its country only. Open challenges live for minutes and stay as they are."""
    connection = op.get_bind()
    stored = connection.execute(sa.select(users.c.phone).where(users.c.phone.is_not(None)).distinct()).scalars().all()
    for phone in stored:
        cleaned = clean_phone(phone)
        if cleaned != phone and cleaned.startswith("+"):  # a number that is none is not made another one
            connection.execute(sa.update(users).where(users.c.phone == phone).values(phone=cleaned))


def downgrade() -> None:
    pass
