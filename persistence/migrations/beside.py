"""Work of a revision beside which everybody else goes on with the table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

BATCH = 1000


@contextmanager
def committed() -> Iterator[None]:
    """What the revision did before is committed, and each statement within by itself.

    Should one fail, the revision begins anew from its first line: what stands up to here must bear to be done twice.
    """
    with op.get_context().autocommit_block():
        yield


def in_batches(table: str, change: str) -> None:
    """``change`` of the rows with ``id > :after AND id <= :until``, of ``BATCH`` at a time until the last one.

    Each batch is committed by itself, so that who writes one of its rows waits for no more than the batch. What stands
    up to here must bear to be done twice, as by ``committed``.
    """
    ids = sa.column("id", sa.Uuid)
    rows = sa.select(ids).select_from(sa.table(table)).where(ids > sa.bindparam("after"))
    batch = rows.order_by(ids).limit(BATCH).subquery("batch")
    last_of_next = sa.select(batch.c.id).order_by(batch.c.id.desc()).limit(1)
    with committed():
        after = UUID(int=0)
        while (until := op.get_bind().scalar(last_of_next, {"after": after})) is not None:
            op.get_bind().execute(sa.text(change), {"after": after, "until": until})
            after = until


def build_index(
    name: str,
    table: str,
    columns: Sequence[Any],
    where: str | None = None,
    unique: bool = False,
    using: str | None = None,
) -> None:
    """Waits for whoever uses the table, and keeps nobody waiting. One that is there and whole is kept."""
    with committed():
        if _is_whole(name):
            return
        op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
        condition = None if where is None else sa.text(where)
        kind: dict[str, Any] = {} if using is None else {"postgresql_using": using}
        kind |= {"unique": unique, "postgresql_where": condition}
        op.create_index(name, table, columns, postgresql_concurrently=True, **kind)


def drop_index(name: str, table: str) -> None:
    with committed():
        op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)


def _is_whole(name: str) -> bool:
    """Not so, where building it broke off, or where it was never begun."""
    whole = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(op.get_bind().execute(whole, {"name": name}).scalar())
