"""Answers from rows: a field is the attribute of its name in snake_case. Only what is otherwise is written out."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from domain.clock import timestamp

T = TypeVar("T", bound=Mapping[str, Any])

CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def presented(kind: type[T], row: Any, **given: Any) -> T:
    """``kind`` is a type of ``domain.wire``. A field that may be left out is told where it is ``given``."""
    found = {
        name: given[name] if name in given else _plain(getattr(row, attribute))
        for name, (attribute, required) in _fields(kind).items()
        if required or name in given
    }
    return cast(T, found)


@cache
def _fields(kind: type[Mapping[str, Any]]) -> Mapping[str, tuple[str, bool]]:
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    return {name: (CAPITAL.sub(r"_\1", name).lower(), name in required) for name in kind.__annotations__}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | Decimal):
        return str(value)
    return timestamp(value) if isinstance(value, datetime) else value
