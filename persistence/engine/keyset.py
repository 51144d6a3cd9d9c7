"""Lists that are walked by the keys of the last row, however many rows there are: no offset, which counts its way."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, literal, or_, true, tuple_
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import asc_op, desc_op

Ordered: TypeAlias = ColumnElement[Any]
Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])


class Keyset:
    """An order in which no two rows are equal: columns with their directions, the last of them unique.

    ``Keyset(Book.copies.desc(), Book.id.desc())``. An index with the same columns in the same directions serves it. No
    column may be NULL, which neither comes before anything nor after it.
    """

    def __init__(self, *columns: Any) -> None:
        self.order_by: tuple[Ordered, ...] = columns
        self._columns = [_bare(column) for column in columns]
        self._descending = [_is_descending(column) for column in columns]
        nullable = [str(column) for column in self._columns if getattr(column, "nullable", False)]
        if nullable:
            raise ValueError(f"{nullable} may be NULL; coalesce them")

    def after(self, keys: Sequence[Any] | None) -> ColumnElement[bool]:
        """Which rows come after the one with these keys; all of them for None."""
        if keys is None:
            return true()
        bound = [literal(key, column.type) for key, column in zip(keys, self._columns, strict=True)]
        if all(self._descending):
            return tuple_(*self._columns) < tuple_(*bound)
        if not any(self._descending):
            return tuple_(*self._columns) > tuple_(*bound)
        return self._after_each(bound)

    def page(self, statement: Rows, keys: Sequence[Any] | None, rows: int) -> Rows:
        """The statement with the rows after ``keys``, so many of them, in order."""
        return statement.where(self.after(keys)).order_by(*self.order_by).limit(rows)

    def _after_each(self, bound: Sequence[Ordered]) -> ColumnElement[bool]:
        """Directions that differ cannot be compared as one row. The first bound is said alone, for an index to use."""
        columns = list(zip(self._columns, bound, self._descending, strict=True))
        later: ColumnElement[bool] = false()
        for column, key, descending in reversed(columns):
            later = or_(column < key if descending else column > key, and_(column == key, later))
        first, key, descending = columns[0]
        return and_(first <= key if descending else first >= key, later)


def _bare(column: Any) -> Ordered:
    ordered = isinstance(column, UnaryExpression) and column.modifier in (asc_op, desc_op)
    found: Ordered = column.element if ordered else column.__clause_element__() if _is_mapped(column) else column
    return found


def _is_mapped(column: Any) -> bool:
    return hasattr(column, "__clause_element__")


def _is_descending(column: Any) -> bool:
    return isinstance(column, UnaryExpression) and column.modifier is desc_op
