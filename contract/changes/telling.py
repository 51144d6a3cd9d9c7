"""Changes in words that people read: a line each, in Markdown, without a pattern and without a long list of values."""

from collections.abc import Mapping
from typing import Protocol

from domain.config_keys import Rate, in_units

Value = str | int | float | bool | tuple[str, ...] | None
SHOWN = 4
"""So many values stand in a line; of more it tells how many they are."""
LONGEST = 80

WHOLE = {
    "operation.added": "new operation",
    "operation.removed": "operation removed",
    "operation.moved": "moved from `{before}` to `{after}`",
    "operation.deprecated": "deprecated",
    "operation.restored": "no longer deprecated",
    "token.required": "an access token is required",
    "token.optional": "no access token is required any more",
    "scope.changed": "scope changed from `{before}` to `{after}`",
    "permission.changed": "required permission changed from `{before}` to `{after}`",
    "captcha.added": "a captcha is required while captcha is switched on",
    "captcha.removed": "no captcha is required any more",
    "cache.added": "responses may be cached for {after}",
    "cache.changed": "responses may be cached for {after}, was {before}",
    "cache.removed": "responses may not be cached any more",
    "bare.added": "the response has no envelope any more",
    "bare.removed": "the response has an envelope",
    "idempotency.added": "accepts `Idempotency-Key`",
    "idempotency.removed": "`Idempotency-Key` no longer accepted",
    "version.added": "`If-Match` with the version that was read is required",
    "version.removed": "`If-Match` no longer required",
    "body.added": "accepts a request body",
    "body.removed": "request body removed",
    "status.added": "new response status {after}",
    "status.removed": "response status {before} removed",
    "header.added": "new response header `{after}`",
    "header.removed": "response header `{before}` removed",
    "error.added": "new error `{after}`",
    "error.removed": "error `{before}` removed",
    "error.moved": "error `{where}`: status changed from {before} to {after}",
}
# After the name of a field, a parameter, or of the whole body.
OF_ONE = {
    "media.added": "media type `{after}` added",
    "media.removed": "media type `{before}` removed",
    "nullable.added": "may be `null`",
    "nullable.removed": "never `null`",
    "type.changed": "type changed from {before} to {after}",
    "field.deprecated": "deprecated",
}
REQUIRED = {
    ("required.added", True): "always present",
    ("required.removed", True): "may be absent",
    ("required.added", False): "required",
    ("required.removed", False): "optional",
}
BOUNDS = {
    "minLength": "minimum length", "maxLength": "maximum length", "minimum": "minimum", "maximum": "maximum",
    "minItems": "minimum number of items", "maxItems": "maximum number of items",
    "minProperties": "minimum number of properties", "maxProperties": "maximum number of properties",
}  # fmt: skip
OFFERED = frozenset(("operation", "field", "enum", "media", "variant", "status", "header", "error", "body"))
"""What comes and goes; the rest are properties of what is there."""
SIDES = {"request": "the request body", "response": "the response"}


class Told(Protocol):
    """A change, as ``contract.changes.compare`` finds it."""

    @property
    def kind(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def before(self) -> Value: ...
    @property
    def after(self) -> Value: ...


def sort(kind: str) -> str:
    noun, _, verb = kind.partition(".")
    return verb if noun in OFFERED and verb in ("added", "removed") else "changed"


def sentence(change: Told) -> str:
    """Begins small where it does not begin with a name."""
    kind, verb = change.kind, change.kind.partition(".")[2]
    values = {"where": change.where, "before": change.before, "after": change.after}
    if kind in WHOLE:
        return WHOLE[kind].format(**values)
    if kind.startswith("field.") and verb != "deprecated":
        return f"new {_noun(change)}" if verb == "added" else f"{_noun(change)} removed"
    if kind.startswith(("rate.", "body.")):
        return _limit(change)
    return f"{_subject(change)}: {_about_one(change, values)}"


def folded(change: Told) -> str:
    if change.rule and change.after is None:
        return ""
    values = _counted(change)
    return _list(values) if values and not _short(values) else ""


def _noun(change: Told) -> str:
    if change.side in SIDES:
        where = " in the response" if change.side == "response" else ""
        return f"field `{change.where}`{where}"
    return f"{change.side} parameter `{change.where}`"


def _subject(change: Told) -> str:
    if not change.where:
        return SIDES[change.side]
    return f"`{change.where}`{' in the response' if change.side == 'response' else ''}"


def _about_one(change: Told, values: Mapping[str, Value]) -> str:
    kind = change.kind
    if kind in OF_ONE:
        return OF_ONE[kind].format(**values)
    if kind.startswith("required."):
        return REQUIRED[kind, change.side == "response"]
    if kind.startswith("enum."):
        return _choices(change)
    if kind.startswith("variant."):
        name = change.after or change.before
        named = f"variant `{name}`" if name else "variant"
        return f"new {named}" if kind == "variant.added" else f"{named} removed"
    return _rule(change)


def _choices(change: Told) -> str:
    added = change.kind == "enum.added"
    values = _counted(change)
    many = "values" if len(values) > 1 else "value"
    if not _short(values):
        return f"{len(values)} new {many}" if added else f"{len(values)} {many} removed"
    return f"new {many} {_list(values)}" if added else f"{many} {_list(values)} removed"


def _rule(change: Told) -> str:
    """A pattern is never shown: whoever needs it finds it on the page of the operation."""
    rule, before, after = change.rule, change.before, change.after
    if rule in BOUNDS:
        return _bound(BOUNDS[rule], before, after)
    if rule == "enum":
        values = _counted(change)
        if after is None:
            return "any value allowed"
        return f"restricted to {_list(values) if _short(values) else f'{len(values)} values'}"
    if rule == "clamp":
        if after is None:
            return f"values outside {before} are no longer set to the nearest bound"
        was = f", was {before}" if before else ""
        return f"values outside {after} are set to the nearest bound{was}"
    if rule == "uniqueItems":
        return "items must be unique" if after else "items may repeat"
    if rule in ("exclusiveMinimum", "exclusiveMaximum"):
        return f"{rule.removeprefix('exclusive').lower()} {'excluded' if after else 'included'}"
    if rule == "multipleOf":
        return f"must be a multiple of {after}" if after else f"need not be a multiple of {before} any more"
    return _named(rule, before, after)


def _named(rule: str, before: Value, after: Value) -> str:
    one, other = ("", "") if rule == "pattern" else (f" `{before}`", f" `{after}`")
    if before is None:
        return f"{rule}{other} added"
    if after is None:
        return f"{rule}{one} removed"
    return f"{rule} changed from{one} to{other}" if one else f"{rule} changed"


def _bound(name: str, before: Value, after: Value) -> str:
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        return f"{name} {'raised' if after > before else 'lowered'} from {before} to {after}"
    return f"{name} of {after} added" if before is None else f"{name} removed, was {before}"


def _limit(change: Told) -> str:
    if change.kind.startswith("body."):
        return _bound_of("maximum size of the body", change, tuple(map(_size, (change.before, change.after))))
    rates = tuple(map(_rate, (change.before, change.after)))
    if change.after == "none":
        return f"rate limit removed, was {rates[0]}"
    return f"rate limit of {rates[1]} added" if change.before == "none" else _bound_of("rate limit", change, rates)


def _bound_of(name: str, change: Told, values: tuple[str, ...]) -> str:
    verb = "raised" if change.kind.endswith(".loosened") else "lowered"
    return f"{name} {verb} from {values[0]} to {values[1]}"


def _rate(text: Value) -> str:
    if text == "none":
        return ""
    rate = Rate.parse(str(text))
    count, unit = in_units(rate.window)
    return f"{rate.limit} calls per {unit if count == 1 else f'{count} {unit}s'}"


def _size(count: Value) -> str:
    return f"{count // 1024} KiB" if isinstance(count, int) and count % 1024 == 0 else f"{count} bytes"


def _counted(change: Told) -> tuple[str, ...]:
    given = change.after if isinstance(change.after, tuple) else change.before
    return given if isinstance(given, tuple) else ()


def _short(values: tuple[str, ...]) -> bool:
    return len(values) <= SHOWN and len(_list(values)) <= LONGEST


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)
