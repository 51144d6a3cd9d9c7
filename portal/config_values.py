"""Config keys in texts of the contract, as readers want them: the value that holds unless an admin sets another.

The name of a key says its unit: ``auth.undo_hours`` becomes ``72 hours``. Keys that hold no number stay as they are.
"""

import re
from collections.abc import Mapping
from typing import Any

from domain.config_keys import AmountKey, IntKey, Key

NAMED = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)`(?: (hours?|minutes?|seconds?|days?)\b)?")
UNITS = ("hours", "minutes", "seconds", "days")


def with_values(text: str, catalogue: Mapping[str, Key[Any]]) -> str:
    """``text`` with the defaults of the numbers that it names."""

    def told(found: re.Match[str]) -> str:
        key = catalogue.get(found[1])
        if not isinstance(key, (AmountKey, IntKey)):
            return found[0]
        unit = next((unit for unit in UNITS if found[1].endswith(f"_{unit}")), found[2])
        return f"{key.default} {unit}" if unit else str(key.default)

    return NAMED.sub(told, text)
