"""Requests against the contract: parsed once, cleaned, and refused with every rule they break."""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from connexion.middleware.abstract import RoutedMiddleware
from connexion.middleware.request_validation import RequestValidationAPI
from connexion.operations import AbstractOperation
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract import exact
from contract.bounds import BODY_LIMIT
from contract.caching import is_condition
from contract.clamping import WHOLE, clamp_of
from contract.loader import Contract
from contract.names import argument_name
from contract.policy import LARGEST_BODY
from contract.raw_bodies import RAW_BODY, is_form
from contract.schemas import SchemaCompiler, Violation
from contract.versioning import IF_MATCH
from domain.errors import ApiError
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.extensions.raw_bodies import NUMBERS, Form, require_type
from runtime.web.extensions.versions import expect
from runtime.web.http.headers import Headers
from runtime.web.linking import ByOperation

MAX_DEPTH = 64
MAX_CONTENT_TYPE = 256
JSON = "application/json"
# Python reads more as a number: 1_0, digits of other scripts, infinity, and spaces around it.
WRITTEN = NUMBERS | {"integer": WHOLE}
MOST_DIGITS = 32


class Parameter:
    """One parameter of an operation, compiled."""

    def __init__(self, definition: Mapping[str, Any], schemas: SchemaCompiler) -> None:
        self.name: str = definition["name"]
        self.location: str = definition["in"]
        self.argument = argument_name(self.name)
        # A call without this header has a code of its own, once it is valid.
        self._required = definition.get("required", False) and self.name != IF_MATCH
        schema = schemas.resolved(definition["schema"])
        self._type = schema.get("type", "string")
        self._default = schema.get("default")
        self._clamp = clamp_of(definition)
        self._clean = schemas.normalizer(definition["schema"])
        self._validator = schemas.validator(definition["schema"])

    def read(self, given: list[str]) -> tuple[Any, list[Violation]]:
        """The typed value and the rules it breaks; the default, or None, when it was not given."""
        if not given:
            return self._default, [{"field": self.name, "rule": "required"}] if self._required else []
        if len(given) > 1:
            return None, [{"field": self.name, "rule": "single"}]
        if "\0" in given[0] or "\ufffd" in given[0]:
            return None, [{"field": self.name, "rule": "encoding"}]
        value = self._typed(given[0]) if self._clamp is None else self._clamp.moved(given[0])
        if self._clean is not None:
            value = self._clean(value)
        return value, [] if self._validator.accepts(value) else self._validator.violations(value, self.name)

    def _typed(self, text: str) -> Any:
        """The value that the text stands for; the text itself when it stands for none, which then breaks the type."""
        if self._type == "boolean":
            return {"true": True, "false": False}.get(text, text)
        if self._type in WRITTEN and len(text) <= MOST_DIGITS and WRITTEN[self._type].fullmatch(text):
            return int(text) if self._type == "integer" else float(text)
        return text


class ValidatedOperation:
    """Replaces ``connexion.middleware.request_validation.RequestValidationOperation``: the same contract, compiled."""

    def __init__(self, next_app: ASGIApp, operation: Mapping[str, Any], schemas: SchemaCompiler) -> None:
        self._next = next_app
        given = [schemas.resolved(parameter) for parameter in operation.get("parameters", ())]
        declared = [Parameter(parameter, schemas) for parameter in given if not is_condition(parameter)]
        # A cookie may come several times, and no broken one refuses a good one: `cookie.py` reads them.
        self.parameters = [parameter for parameter in declared if parameter.location != "cookie"]
        body = operation.get("requestBody")
        self._expects = any(parameter.name == IF_MATCH for parameter in self.parameters)
        self._query = frozenset(parameter.name for parameter in self.parameters if parameter.location == "query")
        self.takes_body = body is not None
        self._body_required = bool(body and body.get("required"))
        self._limit: int = operation.get(BODY_LIMIT, 0)
        self._raw_types = tuple(body["content"]) if body is not None and RAW_BODY in operation else ()
        self._form: Form | None = None
        if body is not None and (not self._raw_types or is_form(operation)):
            (media,) = body["content"].values()
            schema = media["schema"]
            self._form = Form(schemas, schema) if self._raw_types else None
            self._clean = schemas.normalizer(schema)
            self._validator = schemas.validator(schema)
            self._outline = schemas.outline(schema)
            self._passwords = schemas.passwords(schema)
            self._counts_digits = schemas.counts_digits(schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        violations = self._read_parameters(scope, call) if self.parameters else []
        if self.takes_body:
            violations += await self._read_body(receive, call)
        if violations:
            raise ApiError("validation.failed", details=violations)
        if self._expects:
            expect(call)
        await self._next(scope, receive, send)

    def _read_parameters(self, scope: Scope, call: Call) -> list[Violation]:
        query = _query(scope["query_string"], self._query) if self._query else {}
        violations: list[Violation] = []
        for parameter in self.parameters:
            value, broken = parameter.read(_given(parameter, scope, call, query))
            violations += broken
            call.arguments[parameter.argument] = value
        return violations

    async def _read_body(self, receive: Receive, call: Call) -> list[Violation]:
        raw = await read_bounded(call.headers, receive, self._limit)
        if not raw:
            return [{"field": "", "rule": "required"}] if self._body_required else []
        if len(raw) > LARGEST_BODY:  # of the staff: nobody else waits until it is read
            return await asyncio.to_thread(self._judge_raw, raw, call)
        return self._judge_raw(raw, call)

    def _judge_raw(self, raw: bytes, call: Call) -> list[Violation]:
        headers = call.headers
        content_type = headers.only("content-type")
        if content_type is None and "content-type" in headers:
            return [{"field": "Content-Type", "rule": "single"}]
        encoding = ", ".join(headers.all("content-encoding")) if "content-encoding" in headers else ""
        if self._raw_types:
            require_type(content_type or "", encoding, self._raw_types, text=self._form is not None)
            return self._take_raw(raw, call)
        require_json(content_type or "", encoding)
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return [{"field": "", "rule": "json"}]
        if suspicious(raw) and (rule := _faults(body)) is not None:
            return [{"field": "", "rule": rule, "limit": MAX_DEPTH}]
        return self._check_body(exact.parsed(raw) if self._counts_digits else body, call)

    def _take_raw(self, raw: bytes, call: Call) -> list[Violation]:
        """Bytes are given to the handler as they came; what is wrong with a form is told once per field and rule."""
        if self._form is None:
            call.body = raw
            return []
        body, broken = self._form.parse(raw)
        named = {violation["field"] for violation in broken}
        return broken + [found for found in self._check_body(body, call) if found["field"] not in named]

    def _check_body(self, body: Any, call: Call) -> list[Violation]:
        sent = {name: body[name] for name in self._passwords if name in body} if isinstance(body, dict) else {}
        body, violations = self.judge(body)
        if not violations:
            call.body = body
            call.typed = {body[name]: text for name, text in sent.items() if body[name] != text}
        return violations

    def judge(self, body: Any) -> tuple[Any, list[Violation]]:
        """A parsed body as it is cleaned, and the rules it breaks."""
        if self._clean is not None:
            body = self._clean(body)
        if self._validator.accepts(body):
            return body, []
        # Whatever an outline says, what was not accepted is refused.
        return body, self._validator.violations(self._outline(body)) or self._validator.violations(body)


async def read_bounded(headers: Headers, receive: Receive, most: int) -> bytes:
    """The whole body, chunked or not. Raises ApiError request.too_large as soon as it is known, or ClientDisconnect."""
    announced = headers.first("content-length")
    if announced is not None and announced.isdigit() and int(announced[:16]) > most:
        raise ApiError("request.too_large")
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect  # what came may look like a whole body
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise ApiError("request.too_large")
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def require_json(content_type: str, encoding: str) -> None:
    """Raises ApiError request.unsupported_media_type unless the body is said to be plain JSON in UTF-8."""
    if len(content_type) + len(encoding) > MAX_CONTENT_TYPE:
        raise ApiError("request.unsupported_media_type")
    _require_json(content_type, encoding)


@lru_cache(maxsize=64)
def _require_json(content_type: str, encoding: str) -> None:
    media_type, _, parameters = content_type.lower().partition(";")
    charset = [p.strip().removeprefix("charset=").strip('"') for p in parameters.split(";") if "charset=" in p]
    plain = encoding.strip().lower() in ("", "identity")
    if media_type.strip() != JSON or any(name not in ("utf-8", "utf8") for name in charset) or not plain:
        raise ApiError("request.unsupported_media_type")


def suspicious(raw: bytes) -> bool:
    """Whether a body needs the walk that looks for NUL and depth; hardly any does."""
    return b"\\u0000" in raw or raw.count(b"[") + raw.count(b"{") > MAX_DEPTH


def _given(parameter: Parameter, scope: Scope, call: Call, query: Mapping[str, list[str]]) -> list[str]:
    if parameter.location == "query":
        return query.get(parameter.name, [])
    if parameter.location == "header":
        return call.headers.all(parameter.name.lower())
    found = scope["path_params"].get(parameter.name)
    return [] if found is None else [str(found)]


def _query(raw: bytes, known: frozenset[str]) -> dict[str, list[str]]:
    """What is given for each of the ``known`` names; of one that is given more than once only that it is."""
    found: dict[str, list[str]] = {}
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, _, value = pair.partition("=")
        name = _unquoted(name)
        if name in known:
            given = found.setdefault(name, [])
            if len(given) < 2:
                given.append(_unquoted(value))
    return found


def _unquoted(text: str) -> str:
    """Percent-decoded; bytes that are not UTF-8 become U+FFFD, which no parameter may hold."""
    if "%" not in text and "+" not in text and text.isascii():
        return text
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode("utf-8", "replace")


def _faults(body: Any) -> str | None:
    """The rule that a parsed body breaks before any schema is asked: nesting deeper than MAX_DEPTH, or a NUL."""
    level, depth = [body], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return "depth"
        texts = [v for v in level if isinstance(v, str)] + [k for v in level if isinstance(v, dict) for k in v]
        if any("\0" in text for text in texts):
            return "encoding"
        level = [
            inner for v in level if isinstance(v, (dict, list)) for inner in (v.values() if isinstance(v, dict) else v)
        ]
    return None


class ValidationAPI(RequestValidationAPI):
    def __init__(self, *arguments: Any, contract: Contract, schemas: SchemaCompiler, **options: Any) -> None:
        self._contract = contract
        self._schemas = schemas
        super().__init__(*arguments, **options)

    def make_operation(self, operation: AbstractOperation) -> ValidatedOperation:
        document = self._contract.operation(operation.operation_id)
        return ValidatedOperation(self.next_app, document, self._schemas)


class ValidationLayer(ByOperation, RoutedMiddleware[ValidationAPI]):
    api_cls = ValidationAPI
