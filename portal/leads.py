"""What the rows of a list lead to: operations that take an id of a row, and the row whose version an operation takes.

Paths tell it. ``/admin/users`` lists what ``/admin/users/{id}`` and all below it take; a field ``userId`` of any list
leads to what takes ``{userId}``, or to ``…/users/{id}`` of the same scope.
"""

from collections.abc import Iterator
from typing import Any

from portal.model import Field, Operation, Site

ID = "id"
ITEMS = "items"
READ = "GET"


def list_of(operation: Operation) -> str | None:
    """The field of ``data`` with the list that an operation answers, "" where ``data`` is it; None for no list."""
    body = operation.success.body
    if operation.method != READ or body is None or operation.policy.bare:
        return None
    if any(field.path.startswith("[]") for field in body.fields):
        return ""
    if isinstance(walked := operation.document.get("x-biore-cursor"), dict) and ITEMS in walked:
        return str(walked[ITEMS])
    lists = [field.name for field in body.fields if _is_list(field)]
    if ITEMS in lists:
        return ITEMS
    return lists[0] if lists and len(body.fields) == 1 else None


def leads(site: Site, operation: Operation) -> Iterator[dict[str, Any]]:
    """What the fields of a row lead to: reading the row first, then all else in the contract's order.

    ``row``: the path of the row whose version the target takes, where the list tells that version.
    """
    fields = _fields_of_a_row(operation)
    found = [(_field(operation, other, fields), other) for other in site.operations if other is not operation]
    depth = operation.path.count("/") + 1
    for field, other in sorted(found, key=lambda pair: (pair[1].method, pair[1].path.count("/")) != (READ, depth)):
        if field is not None:
            yield {"field": field, "parameter": _parameters(other.path)[-1], "method": other.method} | {
                "title": other.summary, "page": f"/docs/{other.policy.page}", **_versioned(site, operation, other)
            }  # fmt: skip


def _versioned(site: Site, operation: Operation, other: Operation) -> dict[str, str]:
    row = row_of(site, other)
    below = row.removeprefix(f"{operation.path}/")
    takes = other.policy.versioned is not None and other.policy.versioned.taken
    return {"row": row} if takes and below != row and "/" not in below else {}


def row_of(site: Site, operation: Operation) -> str:
    """The path of the row whose version an operation tells or takes: its own, or that of the row which it acts on."""
    read = {other.path for other in site.operations if other.method == READ and other.policy.versioned}
    row = operation.path[: operation.path.rfind("}") + 1]
    return row if operation.policy.versioned and operation.path not in read and row in read else operation.path


def _field(operation: Operation, other: Operation, fields: frozenset[str]) -> str | None:
    """The field of a row that fills the last parameter of ``other``, whose others are those of the list itself."""
    *given, last = _parameters(other.path) or [""]
    if not last or given != _parameters(operation.path):
        return None
    if other.path.startswith(f"{operation.path}/{{"):
        return last if last in fields else (ID if ID in fields else None)
    if other.policy.scope != operation.policy.scope:
        return None
    noun = other.path.partition(f"/{{{last}}}")[0].rpartition("/")[2]
    named = last if last != ID else f"{noun.removesuffix('s')}Id"
    return named if named in fields and named.endswith("Id") else None


def _fields_of_a_row(operation: Operation) -> frozenset[str]:
    name, body = list_of(operation), operation.success.body
    if name is None or body is None:
        return frozenset()
    rows = body.fields if name == "" else next(field.children for field in body.fields if field.name == name)
    return frozenset(field.name for field in rows)


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _is_list(field: Field) -> bool:
    return field.type == "array" and bool(field.children)
