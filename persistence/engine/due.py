"""Rows that the clock brings up again: each has a column ``due_at``, None where nothing is to come."""

from typing import Any

from sqlalchemy import DateTime, Integer, Select, bindparam, select, update
from sqlalchemy.sql.dml import ReturningUpdate

TIME = DateTime(timezone=True)


def once(found: Select[Any]) -> Select[Any]:
    """The ids that are ``found``, for ``IN``. A subquery may be asked anew for each row, and then finds more than its
    limit: those that it has found are no longer among them."""
    return select(found.cte("found_once").c.id)


def late(model: Any) -> Select[Any]:
    """Ids of the ``most`` rows that are due by ``now``, the longest first, but for those that somebody else holds."""
    return once(
        select(model.id)
        .where(model.due_at <= bindparam("now", type_=TIME))
        .order_by(model.due_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


def taken_up(model: Any, *told: Any) -> ReturningUpdate[Any]:
    """A statement that is kept: what is told of rows that are late, which nobody else gets before ``due``."""
    later = update(model).where(model.id.in_(late(model))).values(due_at=bindparam("due", type_=TIME))
    return later.returning(*told)
