"""What the tables of a revision are made of. Those that have landed use it: what is here stays as it is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True)
NOW, ZERO = sa.func.now(), sa.text("0")
NEWEST = (sa.text("created_at DESC"), sa.text("id DESC"))


def column(name: str, kind: Any, default: Any = None, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, server_default=default, nullable=null)


def number(name: str, default: Any = None, *, null: bool = False) -> sa.Column[Any]:
    return column(name, sa.BigInteger(), default, null=null)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def one_of(table: str, name: str, *words: str) -> sa.CheckConstraint:
    """That the column has one of these ``words``, or NULL."""
    return check(table, name, f"{name} IN ({', '.join(map(repr, words))})")


def refers(table: str, name: str, target: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}"), ondelete=ondelete)


def unique(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def primary(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))
