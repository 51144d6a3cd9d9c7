"""Where spans begin and end. While tracing is off nothing happens there, and OpenTelemetry is not even imported."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import httpx

from domain.mails import Attempt
from persistence.engine.pool import Pool
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.observe.spans import Traced

Tracing: TypeAlias = "NoTracing | Traced"


class NoTracing:
    """Tracing that is off: what it is given it gives back as it is."""

    def listen(self, pool: Pool) -> None:
        """A span for each statement that goes through the pool."""

    def http_client(self) -> httpx.AsyncClient:
        """A client that vendors are asked with."""
        return httpx.AsyncClient()

    def job(
        self, _job_id: UUID, _topic: str, _attempt: int, _correlation_id: str | None, _traceparent: str | None
    ) -> AbstractContextManager[None]:
        """A span for one job of the worker, in the trace of the request that caused it."""
        return nullcontext()

    def delivery(self, attempt: Attempt) -> None:
        """A span for what a provider of mail was just asked."""

    def failed(self, error: Exception) -> None:
        """The job under way has failed."""

    async def close(self) -> None:
        """Hand over what has not been handed over yet."""


def tracing_of(settings: Settings, process: str | None) -> Tracing:
    """``process`` is how spans name this process; None for one that makes none."""
    if settings.otlp_endpoint is None or process is None:
        return NoTracing()
    from runtime.observe.spans import Traced  # needs the extra `tracing`, which the settings have looked for

    return Traced(settings, settings.otlp_endpoint, process)
