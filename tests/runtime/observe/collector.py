"""A collector that speaks OTLP over HTTP: it decodes what it is sent and remembers the spans."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Condition, Event
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.http_server import Answer, served

PATIENCE = 20.0


@dataclass(frozen=True)
class Seen:
    """One span; ids are in hexadecimal, as ``traceparent`` has them."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]
    nothing_else: bool


@dataclass
class Collector:
    url: str = ""
    released: Event = field(default_factory=Event)
    waiting: Event = field(default_factory=Event)
    spans: list[Seen] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    _news: Condition = field(default_factory=Condition)

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        if (method, path, headers["Content-Type"]) != ("POST", "/v1/traces", "application/x-protobuf"):
            return 404, b""
        self.waiting.set()
        self.released.wait(PATIENCE)
        with self._news:
            self.received.append(body)
            self.spans += _spans(body)
            self._news.notify_all()
        return 200, b""

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Whoever sends meanwhile is kept ``waiting`` until the end."""
        self.released.clear()
        self.waiting.clear()
        try:
            yield
        finally:
            self.released.set()

    def wait_for(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The span as soon as it has come; those that ended before it have come too."""
        with self._news:
            assert self._news.wait_for(lambda: any(map(wanted, self.spans)), PATIENCE), "the span has not come"
        return next(filter(wanted, self.spans))

    def request(self, correlation_id: str) -> Seen:
        return self.wait_for(
            lambda span: span.kind == "SERVER" and span.attributes["biore.correlation_id"] == correlation_id
        )

    def children(self, span: Seen) -> list[Seen]:
        return [other for other in self.spans if other.parent_id == span.span_id]


def _spans(body: bytes) -> Iterator[Seen]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Seen(
                    span.name,
                    Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.status.code == span.status.STATUS_CODE_ERROR,
                    _attributes(span.attributes),
                    resource,
                    not span.events and not span.status.message and not span.trace_state,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    collector.released.set()
    with served(collector) as collector.url:
        yield collector
