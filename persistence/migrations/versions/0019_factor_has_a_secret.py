"""A second factor that is on has a secret."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import committed

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

users = sa.table(
    "users",
    sa.column("id"),
    sa.column("two_factor_enabled"),
    sa.column("two_factor_enabled_at"),
    sa.column("two_factor_secret"),
)
CHECK = "ck_users_two_factor_secret"
backup_codes = sa.table("backup_codes", sa.column("user_id"))


def upgrade() -> None:
    """A factor without a secret accepts no code of any app: it is switched off.

    The check holds for what is new before it is asked of all rows, which takes longer.
    """
    broken = sa.and_(users.c.two_factor_enabled.is_(sa.true()), users.c.two_factor_secret.is_(None))
    theirs = backup_codes.c.user_id.in_(sa.select(users.c.id).where(broken))
    op.execute(sa.delete(backup_codes).where(theirs))
    op.execute(sa.update(users).where(broken).values(two_factor_enabled=sa.false(), two_factor_enabled_at=None))
    holds = "two_factor_secret IS NOT NULL OR NOT two_factor_enabled"
    op.drop_constraint(op.f(CHECK), "users", if_exists=True)
    op.create_check_constraint(op.f(CHECK), "users", holds, postgresql_not_valid=True)
    with committed():
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_two_factor_secret")


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "users", type_="check")
