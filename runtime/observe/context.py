"""Which request or job is under way, for whoever writes of it."""

from contextvars import ContextVar

CORRELATION: ContextVar[str | None] = ContextVar("biore_correlation", default=None)
# Of the request or job under way, as W3C Trace Context writes it; None while tracing is off.
TRACEPARENT: ContextVar[str | None] = ContextVar("biore_traceparent", default=None)
