"""Values that break naive quoting, for the tests of literals."""

import json
import random
from typing import Any

PIECES = (
    "'", '"', "`", "\\", "\\\\", "$", "${x}", "$(id)", "`id`", '"""', "'''", "\n",
    "\r\n", "\r", "\t", "\x00", "\x1b[31m",
    "\u2028", "\u2029", "\x85", "\u200e", "\u202e", "\u2066", "\ufeff", "\u200d", "😀",
    "👩‍💻", "\U0001d4b3", "é", "ж", "ش", "漢",
    "</script>", "<!--", "]]>", "*/", "//", "#", "%s", "%", "{0}", "{{", "}}", "\\u0041",
    "\\x41", "\\N{BULLET}", "!", "!!",
    "&&", ";", "|", ">", "~", "*", "?", "=", ":", ",", " ", "  ", "-", "--", "@file",
    "a", "Z", "0", "\\'", "\\\"", "'\\''",
    "\ud800", "\udfff", "\ue000", "\uffff", "\U0010ffff", "EOF", "\\\n", "\"\"\"\"",
    "\b", "\f", "\v", "\x7f", "\x80",
)  # fmt: skip
NUMBERS = (
    0, -1, 7, 2**53 - 1, -(2**53) + 1, 0.5, -0.1, 1e-5, 1.5e-6, 1e-7, -2.5e-9, 1e20, 1e21,
    1.7976931348623157e308, 5e-324,
)  # fmt: skip
KEYS = ("__proto__", "constructor", "class", "a-b", "a b", "$", "_", "a$1", "", "é", "a\n", "toString")


def texts(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    found = [*PIECES, "", *("".join(chance.choices(PIECES, k=chance.randint(1, 8))) for _ in range(count))]
    return [paired(text) for text in found]


def paired(text: str) -> str:
    """As JSON reads it: two halves side by side are one character."""
    read: str = json.loads(json.dumps(text))
    return read


def values(count: int, seed: int = 2) -> list[Any]:
    chance = random.Random(seed)
    supply = texts(200, seed)
    return [_value(chance, supply, 3) for _ in range(count)]


def _value(chance: random.Random, supply: list[str], depth: int) -> Any:
    kind = chance.randint(0, 8 if depth else 5)
    if kind < 3:
        return chance.choice(supply)
    if kind < 6:
        return (chance.choice(NUMBERS), True, False, None, chance.randint(-(10**12), 10**12), chance.random())[
            chance.randint(0, 5)
        ]
    items = [_value(chance, supply, depth - 1) for _ in range(chance.randint(0, 5))]
    if kind == 6:
        return items
    return dict(zip(_keys(chance, supply), items, strict=False))


def _keys(chance: random.Random, supply: list[str]) -> list[str]:
    """Names that are whole numbers are left out: JavaScript puts them first, whatever the order was."""
    found = [chance.choice(KEYS) if chance.random() < 0.5 else chance.choice(supply) for _ in range(5)]
    return [key for key in dict.fromkeys(found) if not key.isdecimal()]
