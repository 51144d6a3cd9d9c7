"""In what the compiled path and stock Connexion may differ: each kind by name, with the reason, narrow as can be."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlencode

import orjson

from contract.bounds import BODY_LIMIT
from contract.clamping import clamp_of
from contract.exact import parsed
from contract.loader import Contract
from contract.names import argument_name
from contract.schemas import SchemaCompiler
from runtime.web.extensions.versions import EXPECTED
from runtime.web.validation import MAX_DEPTH, WRITTEN
from tests.contract.inputs import JSON
from tests.contract.verdicts import Request, Verdict

BEARER = re.compile(r"bearer +[A-Za-z0-9._~+/-]+=*", re.IGNORECASE)
NOT_ROUTED = (307, 404, 405)
PASSED_SECURITY = (200, 400, 415, 500)
FALLS = (
    *("UnicodeDecodeError(", "RecursionError(", "ValueError('Exceeds the limit"),
    *("ValueError('cannot convert float NaN", "OverflowError('cannot convert float infinity"),
)
"""How stock Connexion fails on bodies: with another encoding, too deep, a number too long to be read, or NaN or an
infinity where `multipleOf` counts."""

Violation = Mapping[str, str]
Ask = Callable[[Request], Awaitable[Verdict]]


@dataclass(frozen=True)
class Difference:
    operation_id: str
    request: Request
    stock: Verdict
    ours: Verdict

    def __str__(self) -> str:
        request = self.request
        shown = f"{request.method} {request.target[:300]} {request.headers} {self.body[:300]!r}"
        return f"{self.operation_id}, {request.label}:\n  {shown}\n  stock {self.stock}\n  ours {self.ours}"

    @cached_property
    def violations(self) -> list[Violation]:
        """What we find wrong with parameters and body."""
        return orjson.loads(self.ours.answer)["error"].get("details", []) if self.ours.status == 400 else []

    @cached_property
    def content_type(self) -> str:
        return ", ".join(self.request.all("content-type"))

    @property
    def body(self) -> bytes:
        return self.request.body or b""


@dataclass(frozen=True)
class Kind:
    """What ``explains`` is asked about depends on ``on``.

    - ``verdict``: the whole difference
    - ``violation``: one rule that is broken, of a request that stock Connexion lets pass
    - ``value``: one argument, or the body, of a request that both let pass
    """

    name: str
    reason: str
    on: str
    explains: Callable[..., bool]


def more_concrete(paths: Iterable[str]) -> Iterator[str]:
    """Patterns of the paths that name what another one has a parameter for."""
    split = [path.split("/") for path in paths]
    for own in split:
        beside = (other for other in split if len(other) == len(own) and other != own)
        if any(
            all("{" in other or other == one for one, other in zip(own, another, strict=True)) for another in beside
        ):
            yield "/".join("[^/]+" if "{" in segment else re.escape(segment) for segment in own)


class Judge:
    """Knows one operation."""

    def __init__(self, contract: Contract, schemas: SchemaCompiler, operation_id: str) -> None:
        operation = contract.operation(operation_id)
        self._parameters = [schemas.resolved(p) for p in operation.get("parameters", ())]
        self.places = {argument_name(p["name"]): p["in"] for p in self._parameters}
        self.names = {p["name"] for p in self._parameters}
        self.takes_body = "requestBody" in operation
        self.limit = operation.get(BODY_LIMIT, 0)
        self.needs_body = self.takes_body and bool(operation["requestBody"].get("required"))
        self.concrete = [re.compile(contract.base_path + form) for form in more_concrete(contract.document["paths"])]
        schema = operation["requestBody"]["content"][JSON]["schema"] if self.takes_body else None
        self.clean_body = schemas.normalizer(schema) if schema else None
        kinds = {p["name"]: schemas.resolved(p["schema"]).get("type", "") for p in self._parameters}
        self.numbers = {name: kind for name, kind in kinds.items() if kind in WRITTEN}
        self.clamps = {p["name"]: clamp for p in self._parameters if (clamp := clamp_of(p)) is not None}
        self._clean = {
            p["name"]: schemas.normalizer(p["schema"]) for p in self._parameters if p["in"] in ("query", "path")
        }

    def agree(self, found: Difference) -> bool:
        if found.stock.status != found.ours.status:
            return False
        return found.ours.seen is None or (found.stock.seen is not None and not self.unequal(found))

    def unequal(self, found: Difference) -> set[str]:
        """Names of arguments, and ``body``, that the handlers would get with other values or types."""
        theirs, ours = self.handed(found.stock), self.handed(found.ours)
        return {name for name in theirs.keys() | ours.keys() if repr(theirs.get(name)) != repr(ours.get(name))}

    @staticmethod
    def handed(verdict: Verdict) -> dict[str, Any]:
        if verdict.seen is None:
            return {}
        arguments = {argument_name(name): value for name, value in verdict.seen.arguments.items()}
        return arguments | {"body": verdict.seen.body, "operation": verdict.seen.operation_id}

    async def explain(self, found: Difference, ask: Ask) -> set[str]:
        """The kinds that account for all of the difference; none if something of it is left over."""
        whole = {kind.name for kind in KINDS if kind.on == "verdict" and kind.explains(self, found)}
        if whole:
            return whole
        if (found.stock.status, found.ours.status) == (200, 400):
            return await self._of_violations(found, ask)
        if (found.stock.status, found.ours.status) == (200, 200):
            return self._all(found, "value", sorted(self.unequal(found)))
        if (found.stock.status, found.ours.status) == (400, 200) and (await self._of_cleaned(found, ask)).status == 200:
            return {CLEANED.name}
        return set()

    async def _of_violations(self, found: Difference, ask: Ask) -> set[str]:
        kinds = self._all(found, "violation", found.violations)
        if not kinds and (await self._of_cleaned(found, ask)).status == 400:
            return {CLEANED.name}
        return kinds

    def _all(self, found: Difference, on: str, parts: list[Any]) -> set[str]:
        """The kinds of all parts, if each has one."""
        kinds = [{k.name for k in KINDS if k.on == on and k.explains(self, found, part)} for part in parts]
        return set().union(*kinds) if all(kinds) else set()

    async def _of_cleaned(self, found: Difference, ask: Ask) -> Verdict:
        """What stock Connexion says of the request with query and body as ``x-biore-normalize`` leaves them."""
        request = found.request
        if any(self._clean.values()):
            query = [(name, self.cleaned(name, value)) for name, value in parse_qsl(request.query, True)]
            request = replace(request, target=f"{request.path}?{urlencode(query)}")
        if self.takes_body and _is_json(found.body):
            request = replace(
                request, body=json.dumps(self.cleaned("body", json.loads(found.body)), default=float).encode()
            )
        return found.stock if request == found.request else await ask(request)

    def cleaned(self, name: str, value: Any) -> Any:
        clean = self.clean_body if name == "body" else self._clean.get(name)
        return value if clean is None else clean(copy_of(value))


def copy_of(value: Any) -> Any:
    """Cleaning changes what it is given."""
    return json.loads(json.dumps(value))


def _line_feed(_judge: Judge, found: Difference) -> bool:
    elsewhere = found.stock.status == 404 != found.ours.status
    cut_off = "//" in found.request.path and (found.stock.status, found.ours.status) == (405, 404)
    return "\n" in unquote(found.request.path) and (elsewhere or cut_off)


def _redirect(_judge: Judge, found: Difference) -> bool:
    unwritten = found.stock.status == 500 and not found.request.query.isascii()  # it cannot write such a query down
    return found.ours.status == 404 and (found.stock.status == 307 or unwritten)


def _concrete(judge: Judge, found: Difference) -> bool:
    routed = found.stock.status not in NOT_ROUTED
    path = unquote(found.request.path)
    return routed and found.ours.status == 405 and any(form.fullmatch(path) for form in judge.concrete)


def _host_of_the_tools(_judge: Judge, found: Difference) -> bool:
    """The server's protocol refuses such a host before; without it the guard does."""
    return b'"dev.host_refused"' in found.ours.answer and found.request.all("host") == ["\u00e9"]


def _spelling_of_bearer(_judge: Judge, found: Difference) -> bool:
    given = found.request.all("authorization")
    read = len(given) == 1 and given[0].lower().split(maxsplit=1)[:1] == ["bearer"]
    odd = read and BEARER.fullmatch(given[0]) is None
    return odd and found.ours.status == 401 and found.stock.status in PASSED_SECURITY


def _two_authorizations(_judge: Judge, found: Difference) -> bool:
    two = len(found.request.all("authorization")) > 1
    return two and found.ours.status == 401 and found.stock.status in PASSED_SECURITY


def _no_media_type(judge: Judge, found: Difference) -> bool:
    none = judge.takes_body and not found.request.all("content-type")
    return none and found.ours.status == 415 and found.stock.status in (200, 400, 500)


def _charset(_judge: Judge, found: Difference) -> bool:
    charset = re.search(r"charset=\"?([^\";]*)", found.content_type.lower())
    other = charset is not None and charset[1].strip() not in ("utf-8", "utf8")
    return other and found.ours.status == 415 and found.stock.status in (200, 400, 500)


def _coding(_judge: Judge, found: Difference) -> bool:
    coded = any(coding not in ("", "identity") for coding in found.request.all("content-encoding"))
    return coded and found.ours.status == 415 and found.stock.status in (200, 400, 500)


def _two_media_types(_judge: Judge, found: Difference) -> bool:
    two = len(found.request.all("content-type")) > 1
    named = any((v["field"], v["rule"]) == ("Content-Type", "single") for v in found.violations)
    return two and named and found.stock.status in (415, 500)


def _blank_before_semicolon(_judge: Judge, found: Difference) -> bool:
    media_type = found.content_type.partition(";")[0]
    blank = media_type != media_type.strip() and media_type.strip().lower() == JSON
    return blank and found.stock.status == 415 and found.ours.status in (200, 400)


def _empty_of_another_type(judge: Judge, found: Difference) -> bool:
    return judge.takes_body and not found.body and found.stock.status == 415 and found.ours.status in (200, 400)


def _media_type_first(_judge: Judge, found: Difference) -> bool:
    of_parameter = b"Failed validating" in found.stock.answer or found.stock.answer.startswith(b"Missing ")
    return found.stock.status == 400 and of_parameter and found.ours.status == 415


def _unasked_form(judge: Judge, found: Difference) -> bool:
    form = not judge.takes_body and found.content_type.startswith("multipart/form-data")
    return form and (found.stock.status, found.ours.status) == (400, 200) and b"ultipart" in found.stock.answer


def _chunked(_judge: Judge, found: Difference) -> bool:
    asked = found.request.chunked and found.body and found.stock.answer == b"RequestBody is required"
    return bool(asked) and found.ours.status == 200


def _optional_body(judge: Judge, found: Difference) -> bool:
    empty = judge.takes_body and not judge.needs_body and not found.body
    return empty and found.stock.answer == b"Request body must not be empty" and found.ours.status == 200


def _falls(judge: Judge, found: Difference) -> bool:
    falls = judge.takes_body and found.stock.status == 500 and found.stock.answer.decode().startswith(FALLS)
    return falls and any(v["rule"] in ("json", "depth") for v in found.violations)


def _too_large(judge: Judge, found: Difference) -> bool:
    return len(found.body) > judge.limit and found.ours.status == 413 and found.stock.status in (200, 400, 415)


def _no_version(_judge: Judge, found: Difference) -> bool:
    missing = found.stock.answer == b"Missing header parameter 'If-Match'"
    return missing and (found.stock.status, found.ours.status) == (400, 428)


def _whole_number(_judge: Judge, found: Difference) -> bool:
    said = re.match(rb"\d+\.0 is not of type 'integer'", found.stock.answer)
    return said is not None and (found.stock.status, found.ours.status) == (400, 200)


def _format(_judge: Judge, _found: Difference, violation: Violation) -> bool:
    return violation["rule"] == "format"


def _no_text(_judge: Judge, found: Difference, violation: Violation) -> bool:
    target = unquote_to_bytes(found.request.target.encode("latin-1")).decode(errors="replace")
    holds = "\0" in target or "\ufffd" in target or b"\\u0000" in found.body
    return violation["rule"] == "encoding" and holds


def _depth(_judge: Judge, found: Difference, violation: Violation) -> bool:
    return violation["rule"] == "depth" and found.body.count(b"[") + found.body.count(b"{") > MAX_DEPTH


def _only_python(_judge: Judge, found: Difference, violation: Violation) -> bool:
    return violation["rule"] == "json" and not _is_json(found.body)


def _is_json(body: bytes) -> bool:
    """RFC 8259, with texts that UTF-8 can hold and numbers that are some."""

    def number(text: str) -> float:
        if abs(float(text)) == float("inf"):
            raise ValueError(text)
        return float(text)

    try:
        parsed = json.loads(body.decode(), parse_constant=number, parse_float=number)
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _single(judge: Judge, found: Difference, violation: Violation) -> bool:
    name = violation["field"]
    queries = [key for key, _ in parse_qsl(found.request.query, keep_blank_values=True)].count(name)
    headers = len(found.request.all(name.lower()))
    return (
        violation["rule"] == "single" and (name in judge.names or name == "Content-Type") and max(queries, headers) > 1
    )


def _given(judge: Judge, found: Difference, violation: Violation) -> Any:
    """The value that breaks the rule, of a parameter or of the body."""
    name = violation["field"]
    if name in judge.names:
        return dict(parse_qsl(found.request.query, True)).get(name)
    value = json.loads(found.body)
    for part in name.split("."):  # of an object, or a number of a list
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    return value


def _capitals_of_boolean(judge: Judge, found: Difference, violation: Violation) -> bool:
    if violation["rule"] != "type" or violation["field"] not in judge.names:
        return False
    return str(_given(judge, found, violation)).lower() in ("true", "false")


def _not_only_digits(judge: Judge, found: Difference, violation: Violation) -> bool:
    kind = judge.numbers.get(violation["field"])
    if violation["rule"] != "type" or kind is None:
        return False
    return WRITTEN[kind].fullmatch(str(_given(judge, found, violation))) is None


def _final_line_feed(judge: Judge, found: Difference, violation: Violation) -> bool:
    if violation["rule"] not in ("pattern", "https_url"):
        return False
    value = _given(judge, found, violation)
    return isinstance(value, str) and value.endswith("\n")


def _any_script(judge: Judge, found: Difference, violation: Violation) -> bool:
    if violation["rule"] not in ("uppercase", "lowercase", "digit"):
        return False
    value = _given(judge, found, violation)
    return isinstance(value, str) and not all(" " <= character <= "~" for character in value)


def _lost_digits(_judge: Judge, found: Difference, violation: Violation) -> bool:
    if violation["rule"] != "multipleOf":
        return False
    exact: Any = parsed(found.body)[violation["field"]]
    return bool(Decimal(repr(float(exact))) != exact)


def _unlike_json(found: Difference) -> bool:
    media_type = found.content_type.partition(";")[0].strip()
    return media_type != JSON == media_type.lower()


def _skips_validation(judge: Judge, found: Difference, violation: Violation) -> bool:
    return _unlike_json(found) and violation["field"] not in judge.names


def _raw_body(_judge: Judge, found: Difference, name: str) -> bool:
    return (
        name == "body" and _unlike_json(found) and found.stock.seen is not None and found.stock.seen.body == found.body
    )


def _handed_over(judge: Judge, found: Difference, name: str) -> bool:
    return judge.places.get(name) in ("header", "cookie") and name not in judge.handed(found.stock)


def _version(_judge: Judge, found: Difference, name: str) -> bool:
    return name == EXPECTED and bool(found.request.all("if-match"))


def _clamped(judge: Judge, found: Difference, name: str) -> bool:
    theirs, ours = judge.handed(found.stock).get(name), judge.handed(found.ours).get(name)
    return name in judge.clamps and judge.clamps[name].moved(str(theirs)) == ours


def _cleaned_value(judge: Judge, found: Difference, name: str) -> bool:
    theirs, ours = judge.handed(found.stock).get(name), judge.handed(found.ours).get(name)
    return not isinstance(theirs, bytes) and repr(judge.cleaned(name, theirs)) == repr(ours)


def _exact(judge: Judge, found: Difference, name: str) -> bool:
    if name != "body" or not _is_json(found.body):
        return False
    body = parsed(found.body)
    return repr(body if judge.clean_body is None else judge.clean_body(body)) == repr(
        judge.handed(found.ours).get(name)
    )


def _latin_1(judge: Judge, found: Difference, name: str) -> bool:
    theirs, ours = judge.handed(found.stock).get(name), judge.handed(found.ours).get(name)
    in_query = judge.places.get(name) == "query" and not found.request.query.isascii()
    return in_query and judge.cleaned(name, str(theirs).encode("latin-1").decode()) == ours


def _counted_bytes(judge: Judge, found: Difference, violation: Violation) -> bool:
    bare = judge.places.get(violation["field"]) == "query" and not found.request.query.isascii()
    return bare and violation["rule"] == "minLength"


CLEANED = Kind(
    "cleaned before it is asked",
    "x-biore-normalize: what is spelled another way is accepted, and what is nothing but blanks is not",
    "value",
    _cleaned_value,
)
KINDS = (
    Kind(
        "line feed in a path",
        "stock: no pattern of a router matches one; ours is shown another sign",
        "verdict",
        _line_feed,
    ),
    Kind(
        "no redirects",
        "stock redirects to the path with or without the last slash; here one path is right",
        "verdict",
        _redirect,
    ),
    Kind(
        "concrete path",
        "OpenAPI: a more concrete path is matched before a templated one, whatever its methods",
        "verdict",
        _concrete,
    ),
    Kind(
        "host of the tools",
        "the tools of development answer to names of this machine only; stock has no guards",
        "verdict",
        _host_of_the_tools,
    ),
    Kind(
        "spelling of Bearer",
        "RFC 6750: blanks only, and a token of its characters only",
        "verdict",
        _spelling_of_bearer,
    ),
    Kind(
        "two Authorization headers",
        "stock takes the first; a proxy may have looked at the other",
        "verdict",
        _two_authorizations,
    ),
    Kind("no Content-Type", "stock takes it for JSON, validates it, and hands bytes over", "verdict", _no_media_type),
    Kind("other charset", "JSON is UTF-8 (RFC 8259); stock decodes as told, or fails", "verdict", _charset),
    Kind("Content-Encoding", "stock does not look at it", "verdict", _coding),
    Kind("two Content-Types", "stock takes the first", "verdict", _two_media_types),
    Kind("blank before a semicolon", "RFC 9110, 5.6.6 allows it", "verdict", _blank_before_semicolon),
    Kind("no body, other type", "an absent body is absent, whatever its type", "verdict", _empty_of_another_type),
    Kind(
        "media type before parameters", "both refuse: stock tells of the parameter first", "verdict", _media_type_first
    ),
    Kind("form where no body is taken", "stock reads it nevertheless, and finds it broken", "verdict", _unasked_form),
    Kind("chunked", "stock takes a body without Content-Length for none", "verdict", _chunked),
    Kind("optional body", "stock refuses the absence of a body that is not required", "verdict", _optional_body),
    Kind("stock fails", "500 on what is not UTF-8, too deep, or has too many digits", "verdict", _falls),
    Kind("too large", "stock knows no limit", "verdict", _too_large),
    Kind("no version", "RFC 6585: 428 says that If-Match is missing, once all else is right", "verdict", _no_version),
    Kind("whole number", "JSON Schema since draft 6: 1.0 is an integer", "verdict", _whole_number),
    Kind("format", "stock checks none of the contract's", "violation", _format),
    Kind("NUL, or no UTF-8", "no text that PostgreSQL could hold", "violation", _no_text),
    Kind("depth", "stock takes what the parser can take", "violation", _depth),
    Kind("JSON of Python only", "NaN, infinities, lone surrogates", "violation", _only_python),
    Kind("given twice", "stock takes the first header and the last parameter", "violation", _single),
    Kind("letters of any script", "stock reads the wider `pattern` beside `x-biore-pattern`", "violation", _any_script),
    Kind("capitals of a boolean", "JSON has true and false; stock takes True, too", "violation", _capitals_of_boolean),
    Kind(
        "a number with other signs",
        "digits of ASCII alone; stock takes what Python reads as a number, blanks around it too",
        "violation",
        _not_only_digits,
    ),
    Kind("final line feed", "$ of Python matches before it", "violation", _final_line_feed),
    Kind(
        "media type in capitals",
        "stock finds no validator for it and lets everything pass",
        "violation",
        _skips_validation,
    ),
    Kind("media type in capitals, bytes", "stock hands the body over unread, or {} for none", "value", _raw_body),
    Kind(
        "bare bytes in a query",
        "stock reads them as Latin-1, here they are UTF-8 as percent-encoded ones are",
        "value",
        _latin_1,
    ),
    Kind("lost digits", "stock reads 4.00000000000000000001 as 4.0", "violation", _lost_digits),
    Kind("exact numbers", "what has `multipleOf` is a decimal here, and a binary number in stock", "value", _exact),
    Kind("bytes counted as characters", "stock reads one character as several", "violation", _counted_bytes),
    Kind("clamped", "x-biore-clamp: what lies outside counts as the nearer bound", "value", _clamped),
    Kind("version", "a handler gets the number of If-Match; stock hands no header over", "value", _version),
    Kind("headers and cookies", "stock validates them and hands none over", "value", _handed_over),
    CLEANED,
)
