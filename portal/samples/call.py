"""One call of an operation, as the languages ask about it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from contract.dry_runs import PARAMETER as DRY_RUN
from contract.raw_bodies import encoded
from contract.successes import is_json
from portal.model import Field, Operation
from portal.samples.literals import TABLE, plain
from portal.samples.parts import Part, Slot, When

Json = Any
ABSENT: Final = object()
TOKEN = "ACCESS_TOKEN"  # noqa: S105 - what stands in its place


@dataclass(frozen=True, slots=True)
class Values:
    """What a reader filled in. ``body`` is ``ABSENT`` where none is sent."""

    path: Mapping[str, Json] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    body: Json = ABSENT


def examples(operation: Operation) -> Values:
    """The values that the contract shows."""
    shown = {
        (p.location, p.name): _example(p)
        for p in operation.parameters
        if p.required or (p.example is not None and p.name != DRY_RUN)
    }
    return Values(
        path={name: value for (location, name), value in shown.items() if location == "path"},
        query={name: value for (location, name), value in shown.items() if location == "query"},
        headers={name: plain(value) for (location, name), value in shown.items() if location == "header"},
        cookies={p.name: placeholder(p.name) for p in operation.parameters if p.location == "cookie"},
        token=TOKEN if operation.secured else None,
        body=(operation.body.sent if operation.body.raw else operation.body.example) if operation.body else ABSENT,
    )


def _example(parameter: Field) -> Json:
    if parameter.example is not None:
        return parameter.example
    return next(iter(parameter.enum), parameter.default if parameter.has_default else placeholder(parameter.name))


def placeholder(name: str) -> str:
    return name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Head:
    """A header or a cookie of the call; ``before`` is what stands before its value."""

    name: str
    slot: str
    value: str
    needed: bool
    shown: bool
    before: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """``language`` is that of the slots."""

    operation: Operation
    origin: str
    values: Values
    language: str

    @property
    def method(self) -> str:
        return self.operation.method

    @property
    def has_body(self) -> bool:
        return self.values.body is not ABSENT

    @property
    def base(self) -> str:
        return self.origin + self.operation.base_path

    @property
    def address(self) -> str:
        path = self.operation.path
        for name, value in self.values.path.items():
            path = path.replace(f"{{{name}}}", percent_encoded(value))
        pairs = [
            f"{percent_encoded(name)}={percent_encoded(one)}"
            for name, value in self.values.query.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        return self.base + path + (f"?{'&'.join(pairs)}" if pairs else "")

    @property
    def url(self) -> Slot:
        return Slot("url", f"{self.language}.string", self.address)

    @property
    def raw(self) -> bool:
        """Whether the body is a text that is sent as it is, and no JSON."""
        return self.operation.body is not None and self.operation.body.raw

    @property
    def media_type(self) -> str:
        return self.operation.body.media_type if self.operation.body else "application/json"

    def body(self, indent: int) -> Slot:
        if self.raw:
            return Slot("body", f"{self.language}.string", encoded(self.values.body))
        return Slot("body", f"{self.language}.body", self.values.body, indent)

    @property
    def headers(self) -> tuple[Head, ...]:
        """All but the content type, which follows from the body, and the cookies."""
        found = []
        if self.operation.takes_token:
            token = self.values.token
            needed = self.operation.secured
            shown = needed or token is not None
            found.append(Head("Authorization", "token", token or TOKEN, needed, shown, "Bearer "))
        found += [self._header(name, needed=False) for name in self.operation.key_headers]
        found += [self._header(p.name, needed=p.required) for p in self.operation.parameters if p.location == "header"]
        return tuple(found)

    def _header(self, name: str, *, needed: bool) -> Head:
        value = self.values.headers.get(name)
        shown = needed or value is not None
        return Head(name, f"header.{name}", placeholder(name) if value is None else value, needed, shown)

    @property
    def cookies(self) -> tuple[Head, ...]:
        return tuple(
            Head(name, f"cookie.{name}", value, needed=True, shown=True) for name, value in self.values.cookies.items()
        )

    def cookie_line(self, before: str, after: str) -> tuple[Part, ...]:
        """The one line of all cookies, where a language sets them as a header: more than one such header is refused."""
        if not self.cookies:
            return ()
        pairs = (part for head in self.cookies for part in ("; ", f"{head.name}=", self.value(head)))
        return (before, *tuple(pairs)[1:], after)

    @property
    def takes_cookie(self) -> bool:
        return any(parameter.location == "cookie" for parameter in self.operation.parameters)

    def value(self, head: Head) -> Slot:
        """The value of a header between quotes that are there already."""
        return Slot(head.slot, f"{self.language}.inside", head.value)

    def each(self, heads: tuple[Head, ...], before: Callable[[str], str], after: str) -> tuple[Part, ...]:
        """A line per header; ``before`` makes of its name what stands before its value."""
        lines = ((head, before(head.name) + head.before) for head in heads)
        return tuple(part for head, start in lines for part in around((head,), False, start, self.value(head), after))

    @property
    def enveloped(self) -> bool:
        """Whether a success is ``{success, data}``, as all but feeds, files and redirects are."""
        return self.operation.success.body is not None and not self.operation.policy.bare

    @property
    def is_json(self) -> bool:
        """Whether a success is JSON, in an envelope or not."""
        body = self.operation.success.body
        return body is not None and is_json(body.media_type)


def around(heads: tuple[Head, ...], always: bool, *parts: Part) -> tuple[Part, ...]:
    """What exists if something stands in it: ``always``, or one of ``heads``."""
    if always or any(head.needed for head in heads):
        return parts
    shown = any(head.shown for head in heads)
    return (When(tuple(head.slot for head in heads), shown, parts),) if heads else ()


def percent_encoded(value: Json) -> str:
    return quote(re.sub(TABLE["lone"], "\ufffd", plain(value)), safe="")
