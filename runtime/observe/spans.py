"""Tracing that is on: spans of requests, jobs, statements and calls of vendors, sent to a collector over OTLP.

Attributes follow OpenTelemetry's semantic conventions as far as these name no person and no secret: no query, no path
that somebody else made up, no parameter of a statement, no address of a client but its coarse network, no text of an
error.
"""

import asyncio
import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    INVALID_SPAN,
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from domain.answers.hiding import hide
from domain.mails import Attempt
from domain.network import within
from persistence.engine.pool import Pool
from runtime.observe.context import TRACEPARENT
from runtime.settings import Settings

# A collector that is slow must not hold up the end of a process for longer.
FLUSH_SECONDS = 2
MAX_STATEMENT = 2048
MAX_TRACEPARENT = 512

Attributes = Mapping[str, AttributeValue]


class Traced:
    """Whether a request or job is recorded is settled where it begins. Everything below it follows."""

    def __init__(self, settings: Settings, endpoint: str, process: str, patience: float = FLUSH_SECONDS) -> None:
        self._patience = patience
        self._trusted = settings.trusted_proxies
        self._ratio = settings.trace_ratio
        self._ids = RandomIdGenerator()
        resource = _resource(settings, process)
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("biore")

    def listen(self, pool: Pool) -> None:
        pool.observe = self._statement

    def http_client(self) -> httpx.AsyncClient:
        return TracedClient(self)

    def request(self, method: str, peer: str | None, traceparent: str | None) -> Span:
        """The trace of a stranger is joined, and what it wants recorded is ignored: its id must not decide either."""
        parent = parsed(traceparent)
        decided = parent.is_valid and peer is not None and within(peer, self._trusted)
        return self._begin(method, SpanKind.SERVER, parent, decided, {"http.request.method": method})

    @contextmanager
    def job(
        self, job_id: UUID, topic: str, attempt: int, correlation_id: str | None, traceparent: str | None
    ) -> Iterator[None]:
        parent = parsed(traceparent)
        attributes: dict[str, AttributeValue] = {
            "messaging.system": "biore",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.message.id": str(job_id),
            "biore.attempt": attempt,
        }
        if correlation_id is not None:
            attributes["biore.correlation_id"] = hide(correlation_id)
        with entered(self._begin(f"process {topic}", SpanKind.CONSUMER, parent, parent.is_valid, attributes)):
            yield

    def delivery(self, attempt: Attempt) -> None:
        attributes = {"biore.provider": attempt.provider, "biore.outcome": attempt.outcome}
        began = int(attempt.started_at.timestamp() * 1e9)
        span = self.child(f"email.send {attempt.provider}", attributes, began)
        if attempt.outcome != "delivered":
            fail(span, attempt.outcome)
        span.end()

    def failed(self, error: Exception) -> None:
        fail(get_current_span(), type(error).__qualname__)

    def child(self, name: str, attributes: Attributes, began: int | None = None) -> Span:
        """A call of ours to the outside, when whatever makes it is recorded."""
        if not get_current_span().is_recording():
            return INVALID_SPAN
        return self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, start_time=began)

    async def close(self) -> None:
        last = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        last.start()
        await asyncio.to_thread(last.join, self._patience)

    def _begin(self, name: str, kind: SpanKind, parent: SpanContext, decided: bool, attributes: Attributes) -> Span:
        recorded = parent.trace_flags.sampled if decided else random.random() < self._ratio  # noqa: S311 - no secret
        trace_id = parent.trace_id if parent.is_valid else self._ids.generate_trace_id()
        if not recorded:
            return NonRecordingSpan(SpanContext(trace_id, self._ids.generate_span_id(), is_remote=False))
        context = set_span_in_context(NonRecordingSpan(parent), Context())
        return self._tracer.start_span(name, context, kind, attributes)

    @contextmanager
    def _statement(self, text: str, _values: object) -> Iterator[None]:
        operation = text.lstrip().partition(" ")[0].upper()
        attributes = {
            "db.system.name": "postgresql",
            "db.operation.name": operation,
            "db.query.text": text[:MAX_STATEMENT],
        }
        with ended(self.child(operation, attributes)) as span:
            try:
                yield
            except psycopg.Error as error:
                if error.sqlstate is not None:
                    span.set_attribute("db.response.status_code", error.sqlstate)
                raise


class TracedClient(httpx.AsyncClient):
    """Tells a vendor's host, never a path or a query: they hold accounts and signatures. Vendors learn of no trace."""

    def __init__(self, tracing: Traced) -> None:
        super().__init__()
        self._tracing = tracing

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        attributes: dict[str, AttributeValue] = {
            "http.request.method": request.method,
            "server.address": request.url.host,
            "url.scheme": request.url.scheme,
        }
        if request.url.port is not None:
            attributes["server.port"] = request.url.port
        with ended(self._tracing.child(request.method, attributes)) as span:
            response = await super().send(request, **options)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.is_error:
                fail(span, str(response.status_code))
            return response


@contextmanager
def entered(span: Span) -> Iterator[None]:
    """Whatever happens inside, log lines and jobs included, belongs to the span, which ends with the block."""
    TRACEPARENT.set(traceparent_of(span.get_span_context()))
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        yield


@contextmanager
def ended(span: Span) -> Iterator[Span]:
    try:
        yield span
    except BaseException as error:
        fail(span, type(error).__qualname__)
        raise
    finally:
        span.end()


def fail(span: Span, kind: str) -> None:
    """Only the kind of an error is told: its text may quote what people typed."""
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", kind)


def parsed(traceparent: str | None) -> SpanContext:
    """As W3C Trace Context says; the invalid context for anything else."""
    if traceparent is None or len(traceparent) > MAX_TRACEPARENT:
        return INVALID_SPAN_CONTEXT
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
    return get_current_span(context).get_span_context()


def traceparent_of(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & TraceFlags.SAMPLED:02x}"


def _resource(settings: Settings, process: str) -> Resource:
    """Whatever an operator puts into OTEL_RESOURCE_ATTRIBUTES is told beside."""
    own: dict[str, AttributeValue] = {
        "service.name": "biore",
        "service.version": version("biore"),
        "service.instance.id": str(uuid4()),
        "deployment.environment.name": settings.env,
        "process.pid": os.getpid(),
        "biore.process": process,
    }
    return Resource.create(own)
