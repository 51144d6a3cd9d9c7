"""How the successes of one operation are written, settled at start: envelope, bytes, and for how long they are kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from contract.caching import FOREVER, control
from contract.loader import Contract
from contract.names import argument_name
from contract.policy import Cache, Policy
from contract.schemas import SchemaCompiler, Validator
from contract.successes import Success, fixed_headers, success_of
from domain.answers.prepared import Prepare, Prepared, tag_of
from runtime.web.call import Call
from runtime.web.http.conditional import is_named

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
Write = Callable[..., bytes]
Clock = Callable[[], datetime]

NOT_MODIFIED = 304


def writer(success: Success) -> Write:
    """Makes bytes of what a handler answers."""
    if not success.bare:
        return _enveloped
    return _bare if success.is_json else _plain


def exactly_written(value: Any) -> Any:
    """A decimal as the number that it is, digit by digit: it never becomes a binary one. Anything else is refused."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def _enveloped(data: Any, **beside: bool) -> bytes:
    return orjson.dumps({"success": True, **beside, "data": data}, default=exactly_written)


def _bare(data: Any, **_beside: bool) -> bytes:
    return orjson.dumps(data, default=exactly_written)


def _plain(text: str | bytes, **_beside: bool) -> bytes:
    return text.encode() if isinstance(text, str) else text


def content_type(media_type: str) -> bytes:
    """As the header names it: text says how it is written, JSON is always UTF-8."""
    text = media_type.startswith("text/") or media_type.endswith(("/xml", "+xml"))
    return f"{media_type}; charset=utf-8".encode() if text else media_type.encode()


def preparer(_contract: Contract, operation: Mapping[str, Any]) -> Prepare:
    """What a handler makes the bytes of its operation's answers with, to keep them."""
    write = writer(success_of(operation))

    def prepare(answer: Any, *, max_age: int | None = None, valid_until: datetime | None = None) -> Prepared[Any]:
        body = write(answer)
        return Prepared(body, tag_of(body), max_age, valid_until)

    return prepare


class Successes:
    """``schemas``: of whoever holds the answers against the contract, which production does not."""

    def __init__(
        self,
        policy: Policy,
        operation: Mapping[str, Any],
        clock: Clock,
        schemas: SchemaCompiler | None,
    ) -> None:
        success = success_of(operation)
        self._operation_id = policy.operation_id
        self._status = success.status
        self._content_type = (b"content-type", content_type(success.media_type))
        self._fixed = [(name.lower().encode(), value.encode()) for name, value in fixed_headers(operation).items()]
        self._write = writer(success)
        self._reads: Callable[[bytes], Any] = orjson.loads if success.is_json else bytes.decode
        self._kept = None if policy.cache is None else Kept(policy.cache, clock)
        judged = schemas is not None and schemas.resolved(success.schema).get("format") != "binary"
        self._schema: Validator | None = schemas.validator(success.schema) if schemas and judged else None

    def answer(self, result: Any, call: Call, **beside: bool) -> Answer:
        """What the handler returned as it goes on the wire, with what the envelope has ``beside`` it.

        Raises RuntimeError where it breaks the contract.
        """
        prepared = result if isinstance(result, Prepared) else None
        body = self._write(result, **beside) if prepared is None else prepared.body
        if self._schema is not None:
            self._require_documented(self._schema, body)
        if self._kept is None:
            return self._status, [self._content_type, *self._fixed], body
        etag, headers = self._kept.told(prepared, body, call)
        headers += self._fixed
        if is_known(call, etag):
            return NOT_MODIFIED, headers, b""
        return self._status, [self._content_type, *headers], body

    def _require_documented(self, schema: Validator, body: bytes) -> None:
        whole = self._reads(body)
        if not schema.accepts(whole):
            broken = [f"{v['field']}: {v['rule']}" for v in schema.violations(whole)]
            raise RuntimeError(f"{self._operation_id} answered against its contract: {', '.join(broken)}")


class Kept:
    """What caches are told of an answer."""

    def __init__(self, cache: Cache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._whole = control(cache).encode()
        self._asked = None if cache.version is None else argument_name(cache.version)

    def told(self, prepared: Prepared[Any] | None, body: bytes, call: Call) -> tuple[str, list[tuple[bytes, bytes]]]:
        """The tag, and the headers that go with the answer and with a 304 in its place."""
        etag = tag_of(body) if prepared is None else prepared.etag
        return etag, [(b"cache-control", self._control(prepared, call)), (b"etag", f'"{etag}"'.encode())]

    def _control(self, prepared: Prepared[Any] | None, call: Call) -> bytes:
        if prepared is None:
            return self._whole
        if self._asked and prepared.version is not None and call.arguments[self._asked] == prepared.version:
            return FOREVER.encode()
        seconds = prepared.seconds_left(self._clock())
        return self._whole if seconds is None else control(self._cache, seconds).encode()


def is_known(call: Call, etag: str) -> bool:
    """Whether the caller has the answer already."""
    condition = call.headers.joined("if-none-match")
    return condition is not None and is_named(etag, condition)
