"""One request put to an ASGI application in process, and what becomes of it: taken, with which values, or refused."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

Headers = tuple[tuple[bytes, bytes], ...]

SEEN = "seen"
"""Under this key of the scope a recorder in place of a handler leaves what it was given."""


@dataclass(frozen=True)
class Request:
    """``chunked``: without Content-Length. ``label`` tells what is unusual about it."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    chunked: bool = False
    label: str = field(default="", compare=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def all(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.headers if key == name.encode()]


@dataclass(frozen=True)
class Seen:
    """What a handler would have got: arguments of path and query by name, and the body."""

    operation_id: str
    arguments: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Verdict:
    """``seen`` unless it was refused; ``answer`` is what the refusal says."""

    status: int
    seen: Seen | None
    answer: bytes


async def put(app: ASGIApp, request: Request) -> Verdict:
    """In a task of its own, or context variables of one request would be met by the next."""
    return await asyncio.create_task(_put(app, request))


async def _put(app: ASGIApp, request: Request) -> Verdict:
    status, answer = 0, b""

    async def send(message: Message) -> None:
        nonlocal status, answer
        status = message.get("status", status)
        answer += message.get("body", b"")

    box: list[Seen] = []
    await app(_scope(request, box), _receiver(request), send)
    return Verdict(status, box[0] if box else None, answer)


def _scope(request: Request, box: list[Seen]) -> Scope:
    headers = list(request.headers)
    if request.chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    elif request.body is not None:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": request.method,
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        SEEN: box,
    }


def _receiver(request: Request) -> Any:
    body = request.body or b""
    half = len(body) // 2 if request.chunked else len(body)
    messages = iter(
        (
            {"type": "http.request", "body": body[:half], "more_body": request.chunked},
            {"type": "http.request", "body": body[half:], "more_body": False},
        )
    )

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
