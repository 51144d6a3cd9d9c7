"""Numbers of which no digit may be lost: those with ``multipleOf``, such as amounts of money.

They are read as decimals, because ``4.99`` is no binary number, and a rule about digits cannot be asked of one.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

LONGEST_WHOLE = 18


def is_exact(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "number" and "multipleOf" in schema


def is_written_exactly(schema: Mapping[str, Any]) -> bool:
    """Of answers: not ``multipleOf``, by which clients with binary numbers would refuse 20.4 as no multiple of 0.01."""
    return schema.get("type") == "number" and schema.get("format") == "decimal"


def parsed(raw: bytes) -> Any:
    """A body that is JSON, with its numbers as they are written."""
    return json.loads(raw, parse_float=Decimal, parse_int=_whole)


def _whole(text: str) -> int | Decimal:
    """Python reads no longer ones than some thousand digits."""
    return int(text) if len(text) <= LONGEST_WHOLE else Decimal(text)


def exactly(value: Any) -> Any:
    """A number as a decimal; anything else as it is."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def roughly(value: Any) -> Any:
    """What was read as a decimal where no digit counts."""
    return float(value) if isinstance(value, Decimal) else value
