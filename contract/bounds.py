"""How much a request may hold, from its schemas. What has no bound has no place in the contract.

A stranger decides how large a request is, so each text, list and object that comes in has a limit of its own, and a
body as a whole has one that follows from them: it is refused before anything of it is parsed.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from contract.caching import is_condition
from contract.policy import FORM_TYPE, LARGE_BODY, LARGEST_BODY, LARGEST_STAFF_BODY, ContractError
from contract.raw_bodies import RAW_BODY, form_bytes, form_fields, is_form
from contract.references import resolved

KIB = 1024
SMALLEST, LARGEST, LARGEST_OF_STAFF = 16 * KIB, LARGEST_BODY, LARGEST_STAFF_BODY
BODY_LIMIT = "x-biore-body-limit"
ALTERNATIVES = "oneOf"
NORMALIZE = "x-biore-normalize"
# Whatever is cut off by cleaning may make a text so many times as long, or so long in any case.
UNCLEANED, UNCLEANED_AT_LEAST = 4, 64

ESCAPED = 12  # bytes: an emoji as two \uXXXX, which is the longest that JSON has for a character
UNESCAPED = 4  # bytes: the longest character of UTF-8
PLAIN_ESCAPED = 2  # of printable ASCII: \" and \\
PLAIN = re.compile(r"\^\[[ -Z_-~][ -Z_-~]*\](?:[*+]|\{[0-9,]+\})?\$")  # one class of ASCII characters
SCALARS = {"boolean": 5, "integer": 32, "number": 32}
FORMATS = {"uuid": 36}  # lengths that the format itself fixes; a date-time may have any number of decimals
BETWEEN = 16  # quotes, colon, comma, and the white space of those who indent


def uncleaned(longest: int) -> int:
    """How many characters a text of at most ``longest`` may have before it is cleaned."""
    return max(UNCLEANED_AT_LEAST, UNCLEANED * longest)


class Bounds:
    """Of the schemas of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def check(self, operation: Mapping[str, Any], where: str) -> int | None:
        """The bytes that the body of an operation may have, None where it takes none.

        Raises ContractError for a part of the request without a bound.
        """
        for reference in operation.get("parameters", ()):
            parameter = resolved(self._document, reference)
            # Bounded with the head as a whole; no form of it refuses a call.
            if parameter["in"] == "cookie" or is_condition(parameter):
                continue
            self._bytes(parameter["schema"], f"{where}: parameter {parameter['name']}")
        if "requestBody" not in operation:
            return None
        content = resolved(self._document, operation["requestBody"])["content"]
        if RAW_BODY in operation:
            return self._raw(operation, where)
        _require(list(content) == ["application/json"], where, f"a body is JSON and nothing else without {RAW_BODY}")
        schema = content["application/json"]["schema"]
        # A large body has room for every text in UTF-8, but not for all of it in escapes.
        width, largest = (UNESCAPED, LARGEST_OF_STAFF) if operation.get(LARGE_BODY) else (ESCAPED, LARGEST)
        size = self._bytes(schema, f"{where}: body", width=width)
        if BODY_LIMIT in operation:
            return _stated(operation[BODY_LIMIT], size, where)
        return _rounded(size, f"{where}: body", largest)

    def _raw(self, operation: Mapping[str, Any], where: str) -> int:
        """Bytes have the limit that they state."""
        if not is_form(operation):
            return int(operation[RAW_BODY]["bytes"])
        fields = form_fields(self._document, operation, where)
        media = resolved(self._document, operation["requestBody"])["content"][FORM_TYPE]
        self._bytes(media["schema"], f"{where}: body")  # that each part has a bound
        return _rounded(form_bytes(self._document, fields), f"{where}: body")

    def _bytes(self, schema: Mapping[str, Any], where: str, inside: tuple[str, ...] = (), width: int = ESCAPED) -> int:
        """What the largest value takes as JSON; a character at most ``width`` bytes."""
        _require(isinstance(schema, Mapping), where, "a schema is an object")
        if "$ref" in schema:
            _require(schema["$ref"] not in inside, where, "a schema that holds itself has no bound")
            return self._bytes(resolved(self._document, schema), where, (*inside, schema["$ref"]), width)
        if "enum" in schema:
            return max(len(orjson.dumps(value)) for value in schema["enum"]) * ESCAPED
        if ALTERNATIVES in schema:
            return max(self._bytes(part, where, inside, width) for part in schema[ALTERNATIVES])
        kind = schema.get("type")
        if kind == "string":
            return 2 + _longest(schema, where) * _widest(schema, width)
        if kind == "array":
            _require("maxItems" in schema, where, "a list needs maxItems")
            item = self._bytes(schema["items"], f"{where}: items", inside, width)
            return 2 + int(schema["maxItems"]) * (BETWEEN + item)
        if kind == "object":
            _require(schema.get("additionalProperties") is False, where, "an object needs additionalProperties: false")
            members = schema.get("properties", {}).items()
            return 2 + sum(
                BETWEEN + len(name) * ESCAPED + self._bytes(part, f"{where}: {name}", inside, width)
                for name, part in members
            )
        _require(kind in SCALARS, where, "a value without a type has no bound")
        return SCALARS[str(kind)]


def max_items(document: Mapping[str, Any], operation: Mapping[str, Any]) -> int | None:
    """How many items the list in the data of an operation's success may have; None without a list, or with several."""
    success = min(status for status in operation["responses"] if status.startswith("2"))
    media = resolved(document, operation["responses"][success]).get("content", {}).get("application/json")
    if media is None:
        return None
    whole = resolved(document, media["schema"])
    data = whole if operation.get("x-biore-bare") else resolved(document, whole["properties"]["data"])
    parts = (data, *(resolved(document, part) for part in data.get("properties", {}).values()))
    bounds = [part["maxItems"] for part in parts if part.get("type") == "array" and "maxItems" in part]
    return bounds[0] if len(bounds) == 1 else None


def _longest(schema: Mapping[str, Any], where: str) -> int:
    longest = schema.get("maxLength", FORMATS.get(schema.get("format", "")))
    _require(longest is not None, where, "a text needs maxLength")
    return int(longest)


def _widest(schema: Mapping[str, Any], width: int) -> int:
    """The bytes of its widest character. Before a text is cleaned it may hold any."""
    plain = NORMALIZE not in schema and PLAIN.fullmatch(schema.get("pattern", "")) is not None
    return PLAIN_ESCAPED if plain else width


def _stated(limit: Any, size: int, where: str) -> int:
    """A limit below what all of the fields could hold."""
    whole = isinstance(limit, int) and not isinstance(limit, bool)
    _require(whole and SMALLEST <= limit <= LARGEST, where, f"{BODY_LIMIT} must be {SMALLEST} to {LARGEST}")
    _require(limit < size, where, f"{BODY_LIMIT}: its fields hold {size} bytes at most; take it out")
    return int(limit)


def _rounded(size: int, where: str, largest: int = LARGEST) -> int:
    _require(size <= largest, where, f"up to {size} bytes are more than {largest}; lower what its fields may hold")
    limit = SMALLEST
    while limit < size:
        limit *= 2
    return limit


def _require(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ContractError(f"{where}: {what}")
