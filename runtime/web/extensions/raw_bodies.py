"""Bodies that are no JSON: a form, read into the fields of its schema, and bytes as they come."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from contract.loader import MOST_VIOLATIONS
from contract.schemas import LONGEST_FIELD, SchemaCompiler, Violation
from domain.errors import ApiError

BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")
MAX_CONTENT_TYPE = 256
UTF8 = ("utf-8", "utf8")
NUMBERS = {
    "integer": re.compile(r"-?(0|[1-9][0-9]*)"),
    "number": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?"),
}
BOOLEANS = {"true": True, "false": False}
MOST_DIGITS = 32


def require_type(content_type: str, encoding: str, types: Collection[str], *, text: bool) -> None:
    """Raises ApiError request.wrong_media_type for another type or a compressed body, and for ``text`` in no UTF-8."""
    media_type, _, parameters = content_type.lower().partition(";")
    charset = [p.strip().removeprefix("charset=").strip('"') for p in parameters.split(";") if "charset=" in p]
    known = len(content_type) + len(encoding) <= MAX_CONTENT_TYPE and media_type.strip() in types
    readable = not text or all(name in UTF8 for name in charset)
    if not known or not readable or encoding.strip().lower() not in ("", "identity"):
        raise ApiError("request.wrong_media_type", types=", ".join(sorted(types)))


class Form:
    """Reads forms of one schema. Of a form with more fields than it may have no more are read than show it."""

    def __init__(self, schemas: SchemaCompiler, schema: Mapping[str, Any]) -> None:
        fields = schemas.resolved(schema)["properties"]
        self._kinds: dict[str, str] = {}
        self._longest: dict[str, int] = {}
        for name, part in fields.items():
            field = schemas.resolved(part)
            if field["type"] == "array":
                self._longest[name] = field["maxItems"] + 1
                field = schemas.resolved(field["items"])
            self._kinds[name] = field["type"]
        self._most = sum(self._longest.get(name, 1) for name in fields) + MOST_VIOLATIONS + 1

    def parse(self, raw: bytes) -> tuple[dict[str, Any], list[Violation]]:
        """The fields, and what is wrong with how they are written."""
        body: dict[str, Any] = {}
        broken: dict[tuple[str, str], Violation] = {}
        for pair in [pair for pair in raw.split(b"&") if pair][: self._most]:
            name_, _, value_ = pair.partition(b"=")
            name, value = _text(name_), _text(value_)
            if name is None or value is None:
                field = (name or "")[:LONGEST_FIELD]
                rule = "escape" if BROKEN.search(pair) else "encoding"
                broken[field, rule] = {"field": field, "rule": rule}
                if name is not None:
                    body.setdefault(name, [] if name in self._longest else "")
            elif name in self._longest:
                items = body.setdefault(name, [])
                if len(items) < self._longest[name]:
                    items.append(self._typed(name, value))
            elif name in body and name in self._kinds:
                broken[name, "single"] = {"field": name, "rule": "single"}
            else:
                body[name] = self._typed(name, value)
        return body, list(broken.values())

    def _typed(self, name: str, text: str) -> Any:
        """The value that the text stands for; the text itself where it stands for none, which then breaks the type."""
        kind = self._kinds.get(name)
        if kind == "boolean":
            return BOOLEANS.get(text, text)
        if kind in NUMBERS and len(text) <= MOST_DIGITS and NUMBERS[kind].fullmatch(text):
            return int(text) if kind == "integer" else float(text)
        return text


def _text(raw: bytes) -> str | None:
    """Decoded; None for broken escapes, for what is no UTF-8, and for NUL, which no text may hold."""
    if b"%" in raw:
        if BROKEN.search(raw):
            return None
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    else:
        raw = raw.replace(b"+", b" ")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
