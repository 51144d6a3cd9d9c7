"""Statements of SQLAlchemy Core as the driver takes them: compiled once, and from then on only given their values."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Float, Numeric, bindparam, inspect
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql import ClauseElement, FromClause
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT = registry.load("postgresql.psycopg")()
# As many as our code can say; a statement that is made up as it goes along (as many columns as were given) is few.
MOST = 2000
FLOAT, NUMERIC = 701, 1700

S = TypeVar("S", bound=ClauseElement)
Values = Mapping[str, Any]
Record = Callable[[Sequence[Any]], Any]

Filled = tuple["Compiled", str, Values]

_by_form: dict[Any, "Compiled"] = {}
_insertions: dict[tuple[type, tuple[str, ...]], Insert] = {}
_kept: "WeakKeyDictionary[ClauseElement, Compiled]" = WeakKeyDictionary()


def kept(statement: S) -> S:
    """A statement without values that is kept."""
    _kept[statement] = Compiled(statement, None)
    return statement


def insertion(model: type, *names: str) -> Insert:
    """A statement that is kept, for one row with these columns, each given under its own name."""
    found = _insertions.get((model, names))
    if found is None:
        found = _insertions[model, names] = insert(model).values({name: bindparam(name) for name in names})
    return found


def bound(statement: ClauseElement, given: Values) -> Filled:
    """How the rows of a statement are read, its text, and the values of its parameters by name.

    A statement that is kept has a ``bindparam`` for each value that is ``given``, and is compiled once. One that is
    built for this call holds its values itself: what was compiled for another one of the same form serves it.
    """
    compiled = _kept.get(statement)
    if compiled is not None:
        return compiled.given(given)
    if given:
        compiled = _kept[statement] = Compiled(statement, None)
        return compiled.given(given)
    key = statement._generate_cache_key()
    if key is None:
        return Compiled(statement, None).filled(())
    found = _by_form.get(key.key)
    if found is None:
        if len(_by_form) >= MOST:
            _by_form.clear()
        found = _by_form[key.key] = Compiled(statement, key)
    return found.filled(key.bindparams)


class Compiled:
    """One form of statement. ``writes``: it changes rows, or waits for those who do."""

    def __init__(self, statement: ClauseElement, key: Any) -> None:
        compiled = statement.compile(dialect=DIALECT, **({"cache_key": key} if key else {}))
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"{type(statement).__name__} is no statement of rows")
        # A compiler holds its statement, which may be let go of when nobody else holds it.
        self._expanding = compiled if compiled.post_compile_params or compiled.literal_execute_params else None
        self._made_up = [(compiled._within_exec_param_key_getter(c), _default(c)) for c in compiled.insert_prefetch]
        processors: Mapping[str, Any] = compiled._bind_processors
        self._processors = [(name, process) for name, process in processors.items() if process]
        self._parameters = _parameters(compiled, key)
        own = () if key else self._parameters
        self._own = {name: parameter.effective_value for name, _, parameter in own if not parameter.required}
        self.text = compiled.string
        self.writes = compiled.isinsert or compiled.isupdate or compiled.isdelete or _locks(statement)
        columns = compiled._result_columns or ()
        read = [column.type._cached_result_processor(DIALECT, _oid(column.type)) for column in columns]
        self._read = [(index, process) for index, process in enumerate(read) if process]
        self._whole = _whole(statement, [column.keyname for column in columns])

    def given(self, values: Values) -> Filled:
        """With values by name, of a statement that is kept."""
        return self._processed({**self._own, **values})

    def filled(self, given: Sequence[Any]) -> Filled:
        """With the parameters of a statement of the same form."""
        return self._processed(
            {name: (own if place is None else given[place]).effective_value for name, place, own in self._parameters}
        )

    def _processed(self, values: dict[str, Any]) -> Filled:
        for name, make in self._made_up:
            values[name] = make()
        if self._expanding is not None:
            return self, *self._expanded(self._expanding, values)
        for name, process in self._processors:
            values[name] = process(values[name])
        return self, self.text, values

    def _expanded(self, compiled: SQLCompiler, values: dict[str, Any]) -> tuple[str, Values]:
        """``IN`` has a parameter for each value."""
        state = compiled._process_parameters_for_postcompile(values)
        processors: dict[str, Any] = {**dict(self._processors), **state.processors}
        return state.statement, {
            name: processors[name](value) if name in processors else value for name, value in values.items()
        }

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        if self._read:
            found = [self._as_read(row) for row in found]
        whole = self._whole
        return [whole(row) for row in found]

    def _as_read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, process in self._read:
            values[index] = process(values[index])
        return values


def _parameters(compiled: SQLCompiler, key: Any) -> list[tuple[str, int | None, Any]]:
    """Name in the text, place among the parameters of a statement of this form, and the parameter of the first one."""
    if key is None:
        return [(name, None, parameter) for parameter, name in compiled.bind_names.items()]
    matched: Any
    matched, _ = compiled._cache_key_bind_match or ({}, None)
    places = {own: place for place, original in enumerate(key.bindparams) for own in matched[original]}
    return [(name, places.get(parameter), parameter) for parameter, name in compiled.bind_names.items()]


def _oid(kind: Any) -> int | None:
    """The type as PostgreSQL numbers it, where SQLAlchemy asks: of numbers, which it reads as the driver does."""
    return FLOAT if isinstance(kind, Float) else NUMERIC if isinstance(kind, Numeric) else None


def _default(column: Any) -> Callable[[], Any]:
    """What makes the value of a column that an insertion leaves out, such as an id."""
    made = column.default.arg
    return (lambda: made(None)) if column.default.is_callable else lambda: made


def _locks(statement: Any) -> bool:
    return getattr(statement, "_for_update_arg", None) is not None


def _whole(statement: Any, names: Sequence[str]) -> Record:
    """How a row is made: the columns of a model are a record of their own, others stand for themselves."""
    selected: Any = getattr(statement, "_raw_columns", None) or getattr(statement, "_returning", ())
    models = [_model(part) for part in selected]
    if not any(models):
        return _record("Row", tuple(names)) if names else tuple
    parts: list[tuple[int, int, Record | None]] = []
    fields: list[str] = []
    at = 0
    for model in models:
        fields.append(model.__name__ if model else names[at])
        count = len(_columns(model)) if model else 1
        parts.append((at, count, _model_record(model) if model else None))
        at += count
    if at != len(names):
        raise TypeError(f"{names} are not the columns of {models}")
    row_of = _record("Row", tuple(fields))
    if len(parts) == 1 and (only := parts[0][2]) is not None:
        return lambda row: (only(row),)
    return lambda row: row_of([row[at] if make is None else make(row[at : at + count]) for at, count, make in parts])


@cache
def _model_record(model: type) -> Record:
    """None where an outer join found no row."""
    mapper: Any = inspect(model)
    columns = _columns(model)
    key = columns.index(mapper.get_property_by_column(mapper.primary_key[0]).key)
    make = _record(model.__name__, columns)
    return lambda row: None if row[key] is None else make(row)


def _model(selected: Any) -> Any:
    """The model that is selected as a whole; None for a column."""
    if not isinstance(selected, FromClause):
        return None
    entity = selected._annotations.get("parententity")
    return None if entity is None else entity.mapper.class_


@cache
def _columns(model: type) -> tuple[str, ...]:
    mapper: Any = inspect(model)
    return tuple(attribute.key for attribute in mapper.column_attrs)


@cache
def _record(name: str, fields: tuple[str, ...]) -> Record:
    made: Record = namedtuple(name, fields, rename=True)._make  # type: ignore[attr-defined]
    return made
