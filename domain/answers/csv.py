"""Rows for spreadsheets (RFC 4180), of which none is executed as a formula."""

import csv
import json
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

# Some programs read the full-width signs like the plain ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def lines(rows: Iterable[Sequence[Any]]) -> str:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def cell(value: Any) -> str:
    """A list is its values with spaces between, an object is JSON. What begins like a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
