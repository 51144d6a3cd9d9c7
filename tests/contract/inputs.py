"""Requests by the thousand for one operation: its good call, changed in one respect, then in several."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from contract.loader import Contract
from contract.schemas import SchemaCompiler
from contract.unions import like
from tests.contract.verdicts import Request

JSON = "application/json"
UUID = "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b65"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
MOST = 4
"""So many respects differ at once in the strangest request."""
OUTER = ("path", "method", "caller")
PART_ANYWHERE = 0.2
"""Of requests that differ in several respects; in most of the others nobody would look at the rest of them."""


@dataclass(frozen=True)
class Draft:
    """A request that is still being changed. ``parameters`` are the raw texts that stand in the path."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: str = ""
    authorization: tuple[str, ...] = ()
    content_type: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    chunked: bool = False

    def finished(self, label: str) -> Request:
        path = self.path
        for name, text in self.parameters.items():
            path = path.replace(f"{{{name}}}", text)
        headers = [("authorization", value) for value in self.authorization]
        headers += [("content-type", value) for value in self.content_type]
        raw = tuple((name.encode(), value.encode("latin-1")) for name, value in (*headers, *self.others))
        target = f"{path}?{self.query}" if self.query else path
        return Request(self.method, target, raw, self.body, self.chunked, label)


@dataclass(frozen=True)
class Change:
    """``respect``: of two changes in the same one, the second would undo the first."""

    respect: str
    label: str
    apply: Callable[[Draft], Draft]


def _sets(respect: str, label: str, **fields: Any) -> Change:
    return Change(respect, label, lambda draft: replace(draft, **fields))


class Inputs:
    """``tokens`` by what they are; ``good`` is the one that is let in."""

    def __init__(self, contract: Contract, tokens: Mapping[str, str]) -> None:
        self._contract = contract
        self._tokens = tokens
        self._schemas = SchemaCompiler(contract.document)

    def of(self, operation_id: str, count: int) -> list[Request]:
        """So many different requests, the same in each run."""
        good = self.good(operation_id)
        changes = list(self._changes(operation_id, good))
        found = dict.fromkeys([good.finished("as documented")])
        for respects in self._combinations(operation_id, changes):
            draft = good
            for change in respects:
                draft = change.apply(draft)
            found.setdefault(draft.finished(", ".join(change.label for change in respects)))
            if len(found) == count:
                break
        return list(found)

    def _combinations(self, operation_id: str, changes: list[Change]) -> Iterator[list[Change]]:
        """Each change alone in a shuffled order, then ever more of them together."""
        chance = random.Random(operation_id)
        singles = chance.sample(changes, len(changes))
        yield from ([change] for change in singles)
        inner = [change for change in changes if change.respect not in OUTER]
        while True:
            pool = changes if chance.random() < PART_ANYWHERE else inner
            drawn = {change.respect: change for change in chance.sample(pool, chance.randint(2, MOST))}
            yield list(drawn.values())

    def good(self, operation_id: str) -> Draft:
        policy, operation = self._contract.policies[operation_id], self._contract.operation(operation_id)
        shown = {(p["in"], p["name"]): _shown(p) for p in self.parameters(operation_id)}
        needed = {p["name"] for p in self.parameters(operation_id) if p.get("required")}
        query = [
            f"{name}={quote(text)}" for (place, name), text in shown.items() if place == "query" and name in needed
        ]
        draft = Draft(
            policy.method.upper(),
            self._contract.base_path + policy.path,
            {name: quote(text) for (place, name), text in shown.items() if place == "path"},
            "&".join(query),
        )
        if {"bearerAuth": []} in operation["security"]:
            draft = replace(draft, authorization=(f"Bearer {self._tokens['good']}",))
        if "requestBody" in operation:
            example = operation["requestBody"]["content"][JSON]["example"]
            draft = replace(draft, content_type=(JSON,), body=_dumped(example))
        return draft

    def parameters(self, operation_id: str) -> list[Mapping[str, Any]]:
        return [self._schemas.resolved(p) for p in self._contract.operation(operation_id).get("parameters", ())]

    def _changes(self, operation_id: str, good: Draft) -> Iterator[Change]:
        yield from _routes(good, self._contract.base_path)
        yield from self._callers()
        yield from _headers()
        for parameter in self.parameters(operation_id):
            yield from self._parameter(parameter)
        yield from (_sets("query", f"query {query!r}", query=query) for query in UNKNOWN_QUERIES)
        operation = self._contract.operation(operation_id)
        if "requestBody" in operation:
            media = operation["requestBody"]["content"][JSON]
            yield from self._bodies(media["schema"], media["example"])
        else:
            yield from (_sets("body", f"unasked body {body[:20]!r}", body=body) for body in UNASKED_BODIES)

    def _callers(self) -> Iterator[Change]:
        good = self._tokens["good"]
        for label, headers in {
            "no Authorization": (),
            **{f"{name} token": (f"Bearer {token}",) for name, token in self._tokens.items()},
            **{repr(form): (form.format(good),) for form in AUTHORIZATIONS},
            **{f"{form!r} without a token": (form,) for form in ("", " ", "Bearer", "Bearer ", "Basic", "bearer\t")},
            "the header twice": (f"Bearer {good}", f"Bearer {good}"),
            "another header first": ("Basic YTpi", f"Bearer {good}"),
            "another header second": (f"Bearer {good}", "Basic YTpi"),
            "half a token": (f"Bearer {good[: len(good) // 2]}",),
            "a changed signature": (f"Bearer {good[:-2]}{'AA' if good[-2:] != 'AA' else 'BA'}",),
            "upper case": (f"Bearer {good.upper()}",),
        }.items():
            yield _sets("caller", label, authorization=headers)

    def _parameter(self, parameter: Mapping[str, Any]) -> Iterator[Change]:
        name, place = parameter["name"], parameter["in"]
        texts = dict.fromkeys([*_texts(self._schemas.resolved(parameter["schema"]), _shown(parameter)), *STRANGE_TEXTS])
        for text in texts:
            yield from _given(place, name, text)
        if place == "query":
            for query in (*QUERIES, ""):
                shaped = query.format(name=name, upper=name.upper(), coded=f"%{ord(name[0]):x}{name[1:]}")
                yield _sets("query", f"query {shaped!r}", query=shaped)
        elif place == "header":
            yield _sets(f"header {name}", f"two {name}", others=((name.lower(), "one"), (name.lower(), "two")))
        elif place == "cookie":
            for cookie in COOKIES:
                yield _sets("cookie", f"cookie {cookie!r}", others=(("cookie", cookie.format(name=name)),))

    def _bodies(self, schema: Mapping[str, Any], example: Any) -> Iterator[Change]:
        whole = json.dumps(example)
        bodies = [
            *map(_dumped, self._values(schema, example)),
            *(text.encode("latin-1") for text in RAW_BODIES),
            *RAW_BYTES,
            *(form.replace("@", whole).encode() for form in ("@@", "@,", " @\n", "[@]", "@ x", "\ufeff@")),
            *(text.encode() for text in (whole[:1], whole[:-1], whole.replace('"', "'"))),
            *(whole.encode(charset) for charset in ("utf-16", "utf-32")),
        ]
        for field in like(self._contract.document, schema, example).get("properties", {}):
            bodies += _raw_fields(field, example)
        yield _sets("body", "no body", body=None)
        yield from (_sets("body", f"body {body[:60]!r}", body=body) for body in bodies)

    def _values(self, schema: Mapping[str, Any], example: Any) -> Iterator[Any]:
        """What differs from the example in one place."""
        resolved = like(self._contract.document, schema, example)
        yield from STRANGE_VALUES
        if not isinstance(example, dict):
            yield from _texts(resolved, example) if isinstance(example, str) else _numbers(resolved)
            return
        yield {**example, "unheardOf": 1}
        yield {key.upper(): value for key, value in example.items()}
        for name, part in resolved.get("properties", {}).items():
            good = example.get(name, self._some(part))
            yield {**example, name: good}
            yield {key: value for key, value in example.items() if key != name}
            yield {name: good}
            yield from ({**example, name: value} for value in self._values(part, good))

    def _some(self, schema: Mapping[str, Any]) -> Any:
        """A value that the schema lets in, as far as its keywords tell."""
        schema = self._schemas.resolved(schema)
        if "example" in schema or "enum" in schema:
            return schema["example"] if "example" in schema else schema["enum"][0]
        if schema.get("type") == "boolean":
            return True
        if schema.get("type") in ("integer", "number"):
            return schema.get("minimum", 1)
        return UUID if schema.get("format") == "uuid" else "x" * max(1, schema.get("minLength", 1))


def _shown(parameter: Mapping[str, Any]) -> str:
    return str(parameter.get("example", "x"))


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _given(place: str, name: str, text: str) -> Iterator[Change]:
    label = f"{place} {name}: {text[:40]!r}"
    coded = quote(text, safe="") if "%" not in text else text
    if place == "query":
        yield _sets("query", label, query=f"{name}={coded}")
    elif place == "path":
        yield Change("parameter", label, lambda draft: replace(draft, parameters={**draft.parameters, name: coded}))
    elif place == "header":
        value = text.encode().decode("latin-1")
        if value == value.strip(" ") and min(value, default="x") >= " ":  # no server lets others through
            yield _sets(f"header {name}", label, others=((name.lower(), value),))
    else:
        yield _sets("cookie", label, others=(("cookie", f"{name}={coded}"),))


def _texts(schema: Mapping[str, Any], good: str) -> Iterator[str]:
    yield from (good, good.upper(), good.lower(), good.title(), good[:-1], good[1:], good + "x", good * 2, good[::-1])
    yield from (f" {good}", f"{good} ", f"\t{good}\n", f"{good}\n", f"\n{good}", f"{good}\r\n", f"\u00a0{good}")
    yield from (good.replace("-", ""), good.replace(".", ""), good.replace("@", ""), f"{{{good}}}", f"urn:uuid:{good}")
    yield from (
        f"{good}\u00e9",
        f"{good}\0",
        f"{good}\u200b",
        f"\u202e{good}",
        f"{good}\U0001f600",
        good + good[-1:] * 300,
    )
    yield from schema.get("enum", ())
    filler = good[-1:] if good[-1:].isalnum() else "x"
    for bound in (schema.get("minLength"), schema.get("maxLength")):
        if bound is not None:
            yield from ((good + filler * size)[:size] for size in (bound - 1, bound, bound + 1) if size >= 0)
            yield "\U0001f600" * bound


def _raw_fields(field: str, example: Mapping[str, Any]) -> Iterator[bytes]:
    """Bodies with something in this field that no JSON encoder would write."""
    whole = json.dumps(example)
    for raw in RAW_VALUES:
        yield json.dumps({**example, field: "@@"}).replace('"@@"', raw).encode("latin-1")
    yield f'{whole[:-1]}, "{field}": 1}}'.encode()
    yield f'{{"{field}": 1, {whole[1:]}'.encode()


def _numbers(schema: Mapping[str, Any]) -> Iterator[Any]:
    yield from (True, False, 0, -0.0, 1, 1.0, 1.5, -1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, "1", "0")
    for bound in (schema.get("minimum"), schema.get("maximum")):
        if bound is not None:
            yield from (bound - 1, bound, bound + 1, float(bound), bound + 0.5)


def _routes(good: Draft, base: str) -> Iterator[Change]:
    yield from (_sets("method", method, method=method) for method in METHODS if method != good.method)
    path, stem = good.path, good.path.rpartition("/")[0]
    within = path.removeprefix(base)
    letter = within.rfind("/") + 1
    coded = f"{base}{within[:letter]}%{ord(within[letter]):02X}{within[letter + 1 :]}"
    for other in (
        *(
            path + end
            for end in ("/", "//", "/x", "x", "%20", "%2F", "%00", "%0A", ".json", ";a=b", "/.", "/..", "%ff", ",")
        ),
        *(f"{stem}{step}/{path.rpartition('/')[2]}" for step in ("/", "/.", "/x", "/x/..", "//")),
        *(stem, f"{stem}/", f"{stem}/x", base, f"{base}/", f"{base}/{within}", f"/{path}", within, f"{base}x{within}"),
        *(
            base.upper() + within,
            base + within.upper(),
            base + within.title(),
            coded.replace("%7B", "{"),
            f"{base}{base}{within}",
        ),
        *(path.replace("/", "%2F"), path.replace("-", "_"), f"{base}/%2e%2e{path}", f"{base}/nothing"),
    ):
        if other != path:
            yield _sets("path", f"path {other}", path=other)


def _headers() -> Iterator[Change]:
    for values in CONTENT_TYPES:
        yield _sets("type", f"content type {values}", content_type=values)
    for name, value in OTHER_HEADERS:
        yield _sets("others", f"{name}: {value}", others=((name, value),))
    yield _sets("framing", "chunked", chunked=True)


AUTHORIZATIONS = (
    "bearer {}", "BEARER {}", "BeArEr {}", "Bearer  {}", "Bearer    {}", "Bearer\t{}", "Bearer \t{}", " Bearer {}",
    "Bearer {} ", "Bearer {}\t", "Bearer {} x", "Bearer {},", "Bearer,{}", "Bearer:{}", "Bearer={}", "Bearer: {}",
    "Basic {}", "Token {}", "{}", "Bearerx {}", "Bearer\u00a0{}", "Bearer {}=", "Bearer \"{}\"", "Bearer {}\u00e9",
    "JWT {}", "Bearer Bearer {}", "DPoP {}", "Digest {}",
)  # fmt: skip
CONTENT_TYPES: tuple[tuple[str, ...], ...] = (
    (), ("",), (" ",), ("application/json",), ("Application/JSON",), ("APPLICATION/JSON",),
    ("application/JSON; charset=utf-8",), ("application/json;charset=utf-8",), ("application/json; charset=UTF-8",),
    ('application/json; charset="utf-8"',), ("application/json; charset=utf8",),
    ("application/json; charset=latin-1",), ("application/json; charset=utf-16",),
    ("application/json; charset=nonsense",), ("application/json; charset=",), ("application/json; version=1",),
    ("application/json;",), ("application/json ; charset=utf-8",), ("application/json , text/plain",),
    ("application/problem+json",), ("application/vnd.api+json",), ("application/*",), ("*/*",), ("text/json",),
    ("text/plain",), ("application/xml",), ("application/x-www-form-urlencoded",),
    ("multipart/form-data; boundary=x",), ("multipart/form-data",), ("json",), ("application/octet-stream",),
    ("image/png",), ("application",), ("application/json", "application/json"), ("application/json", "text/plain"),
    ("text/plain", "application/json"), ("nonsense",), ("application/jsonp",),
)  # fmt: skip
OTHER_HEADERS = (
    ("accept", "application/json"), ("accept", "text/html"), ("accept", "nonsense"), ("accept-language", "tr"),
    ("accept-language", "\u00e9;q=x"), ("content-encoding", "identity"), ("content-encoding", "gzip"),
    ("content-encoding", "x"), ("x-http-method-override", "DELETE"), ("x-correlation-id", "one"), ("cookie", "a=b"),
    ("cookie", "\u00e9"), ("x-forwarded-for", "10.0.0.1"), ("x-forwarded-host", "example.com"), ("host", "\u00e9"),
    ("expect", "100-continue"), ("if-none-match", "*"), ("range", "bytes=0-1"), ("origin", "https://example.com"),
    ("x-dev-token", "nonsense"), ("x-api-key", "nonsense"), ("user-agent", "\u00e9" * 600),
    ("idempotency-key", "one"), ("x-reactivate-token", UUID), ("upgrade", "websocket"), ("te", "trailers"),
    ("x-original-url", "/"),
)  # fmt: skip
UNKNOWN_QUERIES = (
    "unheardOf=1", "x", "=", "&", "a=1&a=2", "%00=1", "x=%ff", "x=%00", "body=1", "user=1", "operation_id=x", "?",
    "%", "%zz=1", "a[b]=1", "a%5Bb%5D=c", "access_token=x", "x=" + "y" * 3000, "a;b", "+", "__proto__=1", "request=1",
    "token_info=1",
)  # fmt: skip
QUERIES = (
    "{name}", "{name}=", "{name}=&{name}=", "{name}=abc&{name}=abc", "{name}=abc&{name}=def", "{name}=&{name}=abc",
    "{name}=abc&", "&{name}=abc", "&&{name}=abc&&", "{name}=abc&x=1", "x=1&{name}=abc", "{upper}=abc", "{coded}=abc",
    "{name}[]=abc", "{name}%5B%5D=abc", "{name}[a]=abc", "{name}==abc", "{name}=a=b", "{name}=a;b", "{name};x=1",
    "{name}=a+b", "{name}=a%20b", "{name}=%61bc", "{name}=a%2Bb", "{name}=a%26b", "{name}=%", "{name}=%6",
    "{name}=%zz", "{name}=a,b", "{name}=a|b", "{name}=%ff", "{name}=%c3", "{name}=%c3%a9", "{name}=\u00e9",
    "{name}=\u00c3\u00a9", "{name}=%ed%a0%80", "{name}=%00", "{name}=a%0a", "{name}=a%0d%0a", "{name}=%EF%BF%BD",
    "{name}=%f0%9f%98%80", "+{name}=abc", "{name}+=abc", "%20{name}=abc", "{name}%00=abc", "{name}=%E2%80%8B",
    "{name}=%20abc%20", "{name}=ABC", "{name}=%EF%BC%A1bc",
)  # fmt: skip
COOKIES = (
    "{name}", "{name}=", "{name}=a; {name}=b", "x=1; {name}=a", "{name}=\"a\"", "{name}=a b", ";", "{name}=a;",
    "={name}", "{name} = a", "{name}=a,b", "{name}=%00", "{name}=\u00e9", "{name}=\u00c3\u00a9",
    "$Version=1; {name}=a", "{name}=\"\\073\"", "x",
)  # fmt: skip
STRANGE_TEXTS = (
    "", " ", "x", "1", "-1", "1.5", "true", "null", "[]", "{}", "a b", "a+b", "a/b", "a%2Fb", "%2F", "..", ".", "a;b",
    "a,b", "\u00e9", "\u0130", "\ufb01", "\uff21", "\U0001f600", "e\u0301", "\u200b", "%00", "a%00b", "%0A", "a%0A",
    "%ff", "a%ffb", "%c3%28", "%ed%a0%80", "%25", "x" * 33, "x" * 128, "x" * 129, "x" * 255, "x" * 256, "x" * 3000,
    UUID, UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", UUID[:-1], f"{UUID}0", UUID.replace("5", "g"),
    f"{UUID}%0A", "00000000-0000-0000-0000-000000000000", f" {UUID}", "a@example.com", "A@EXAMPLE.COM", "a@b",
    "\ufffd", "%EF%BF%BD", "'; DROP TABLE users; --", "<script>", "${7*7}", "a:b", "a=b", "a&b", "#", "?",
)  # fmt: skip
STRANGE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 7.5, 10**30, "", " ", "x", "1", "true", "null", "x" * 5000, "\u00e9", "\ufffd",
    [], ["x"], [None], {}, {"x": 1}, [[]], "\U0001f600", "\u202e", "\u200b", "\u2028", "\x7f", "a\0b", "\n", "A",
    "a\n",
)  # fmt: skip
RAW_VALUES = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1E3", "1e0", "1e-400", "1.0", "-0", "-0.0", "01", "+1", ".5",
    "1.", "0x10", "9" * 30, "9" * 400, "9" * 5000, "18446744073709551615", "18446744073709551616",
    "9223372036854775808", '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\x"', '"\\u00"',
    '"a\nb"', '"\x00"', '"\xc3\xa9"', '"\xff"', '"\xc0\x80"', "'x'", "undefined", "True", "None", "nul", '"', "[",
    "{", "/*x*/1", "1//x", "[1,]", '{"a":1,}', "[" * 70 + "]" * 70, '{"a": ' * 70 + "1" + "}" * 70,
    "[" * 3000 + "]" * 3000, "4.0", "4e0", "40e-1", "4.00000000000000000001", "9007199254740991.0",
    "9007199254740992", "9007199254740993.0", "12345678901234567890.5",
)  # fmt: skip
RAW_BODIES = (
    "", " ", "\n", "null", "true", "1", '"x"', "[]", "{}", "[{}]", "hello", "{,}", "{}{}", "{} x", "{}\x00", "NaN",
    "Infinity", "\xef\xbb\xbf{}", "\xff", "\x00", "<x/>", "a=b", '{"a":1', '{"a"}', "{'a':1}", '{a:1}', '{"a":1,}',
    "[" * 70 + "]" * 70, "--x\r\n\r\n--x--", '{"__proto__": 1}', '{"": 1}', '{"\\u0000": 1}', '{"\xc3\xa9": 1}',
    "// x\n{}", "{}//",
)  # fmt: skip
RAW_BYTES = (
    b'{"x": "' + b"x" * 2**20 + b'"}',
    b"[" * 10_000,
    b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 2500 + b"1" + b"}" * 2500,
    b" " * 5000 + b"{}",
)
UNASKED_BODIES = (b"", b"{}", b"null", b"hello", b"\xff", b"[" * 3000, b'{"a": 1}', b"NaN", b"x" * 5000, b"a=b")
