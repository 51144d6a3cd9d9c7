"""How a value is written in each language, told by ``literals.json``, which ``literals.js`` reads too.

``strings``: quotes and escapes. ``hidden`` are characters that nobody sees or that turn the text around, ``lone`` are
halves of a pair: a style writes both as the prefix it names, four digits and its ``end``, if it has one. Where it
names no prefix, the language has no way to: the former stand as they are, the latter become U+FFFD.

``literals``: ``string`` with and ``inside`` without quotes, ``value`` in the language's own words, ``json`` as a text
that the language quotes. ``margin`` stands before each line once per level of indentation, ``unit`` per level within.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Json = Any
Table = Mapping[str, Any]

TABLE: Table = json.loads(files("portal.samples").joinpath("literals.json").read_text(encoding="utf-8"))
EXACT = 10**21
JSON_WORDS = {"true": "true", "false": "false", "null": "null"}
SCALARS = (str, bool, int, float, type(None))


def literal(table: Table, key: str, value: Json, indent: int = 0) -> str:
    """``value`` as the entry ``key`` of the table writes it, in a line that is indented by ``indent`` levels."""
    entry = table["literals"][key]
    style = table["strings"][entry["string"]]
    if entry["kind"] in ("string", "inside"):
        quote = style["quote"] if entry["kind"] == "string" else ""
        return quote + _escaped(table, style, plain(value)) + quote
    margin = entry["margin"] * indent
    text = _Writer(table, entry, style).value(value, margin)
    if entry["kind"] == "value":
        return text
    text = _replaced(text, entry.get("escapes", {}))
    if "fence" in entry:
        return f"{entry['fence']}\n{margin}{text}\n{margin}{entry['fence']}"
    return str(entry["quote"] + text + entry["quote"])


def plain(value: Json) -> str:
    """A value where only text can stand: in a header, a path or a query."""
    if isinstance(value, str):
        return value
    return number(value) if _is_number(value) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def number(value: float) -> str:
    """The shortest text that reads back as the number, as ECMAScript writes it."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < EXACT):
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    power = int(exponent or 0)
    if not -7 < power < 0:
        return f"{mantissa}e{power:+d}" if power else mantissa
    sign = "-" if value < 0 else ""
    digits = mantissa.lstrip("-").removesuffix(".0").replace(".", "")
    return f"{sign}0.{'0' * (-power - 1)}{digits}"


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _replaced(text: str, escapes: Mapping[str, str]) -> str:
    if not escapes:
        return text
    return _any_of(tuple(escapes)).sub(lambda match: escapes[match[0]], text)


@cache
def _any_of(parts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True)))


def _escaped(table: Table, style: Mapping[str, Any], text: str) -> str:
    text = _replaced(text, style["escapes"])
    end = style.get("end", "")
    if "hidden" in style:
        text = re.sub(table["hidden"], lambda match: f"{style['hidden']}{ord(match[0]):04x}{end}", text)
    return re.sub(
        table["lone"], lambda match: f"{style['lone']}{ord(match[0]):04x}{end}" if "lone" in style else "\ufffd", text
    )


class _Writer:
    """Objects and lists over several lines; a list of scalars on one, where that is short enough."""

    def __init__(self, table: Table, entry: Mapping[str, Any], style: Mapping[str, Any]) -> None:
        self._table = table
        self._entry = entry
        self._style = style
        self._words = entry.get("words", JSON_WORDS)

    def value(self, value: Json, margin: str) -> str:
        if isinstance(value, dict):
            items = [f"{self._key(key)}: {self.value(item, self._inner(margin))}" for key, item in value.items()]
            return self._opened("{", items, "}", margin)
        if isinstance(value, list):
            items = [self.value(item, self._inner(margin)) for item in value]
            line = f"[{', '.join(items)}]"
            short = len(line) <= self._table["width"] and all(isinstance(item, SCALARS) for item in value)
            return line if short else self._opened("[", items, "]", margin)
        return self._scalar(value)

    def _scalar(self, value: Json) -> str:
        if isinstance(value, str):
            return self._quoted(value)
        return number(value) if _is_number(value) else str(self._words[json.dumps(value)])

    def _quoted(self, text: str) -> str:
        return str(self._style["quote"] + _escaped(self._table, self._style, text) + self._style["quote"])

    def _key(self, key: str) -> str:
        """In JavaScript ``__proto__: …`` would not be a property but the prototype."""
        if "bare" in self._entry and re.fullmatch(self._entry["bare"], key):
            return key
        return f"[{self._quoted(key)}]" if key == self._entry.get("computed") else self._quoted(key)

    def _inner(self, margin: str) -> str:
        return margin + str(self._entry["unit"])

    def _opened(self, before: str, items: list[str], after: str, margin: str) -> str:
        if not items:
            return before + after
        inner = self._inner(margin)
        last = "," if self._entry.get("trailing") else ""
        return f"{before}\n{inner}{f',{chr(10)}{inner}'.join(items)}{last}\n{margin}{after}"
