"""Browsers of other origins: of most operations those that a setting names, of answers that are kept all.

A shared cache gives one answer to pages of every origin. Were the ``Access-Control-Allow-Origin`` of the first of them
in it, it would lock out the others, and ``Vary: Origin`` would have the cache keep one answer for each. So these
operations say ``*`` to everybody, whether a page asks or not, on success and on refusal: it opens to scripts what
anybody can read. ``*`` never goes with credentials: a page has to leave them out.
"""

from collections.abc import Awaitable, Collection, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.policy import Policy
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.routing import MethodNotAllowed, Routes

ORIGIN_ONLY = b"access-control-"
VARY = b"vary"
ANY = (b"access-control-allow-origin", b"*")

Header = tuple[bytes, bytes]


class AnyOrigin:
    """Pure ASGI, around whatever shares the other operations with browsers.

    ``exposed`` and ``allowed`` are the headers that scripts may read and send; ``seconds``: how long a browser may
    remember what it was told before a call.
    """

    def __init__(
        self,
        app: ASGIApp,
        policies: Mapping[str, Policy],
        routes: Routes,
        *,
        exposed: Collection[str],
        allowed: Collection[str],
        seconds: int,
    ) -> None:
        self._app = app
        self._open = frozenset(name for name, policy in policies.items() if policy.cache is not None)
        self._routes = routes
        self._answered: list[Header] = [ANY, (b"access-control-expose-headers", ", ".join(exposed).encode())]
        self._allowed = (b"access-control-allow-headers", ", ".join(allowed).encode())
        self._remembered = (b"access-control-max-age", str(seconds).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call: Call = scope[SCOPE_KEY]
        asked = self._asked_for(scope, call)
        if asked is not None:
            await self._allow(asked, send)
            return
        await self._app(scope, receive, OpenSend(send, call, self._open, self._answered))

    def _asked_for(self, scope: Scope, call: Call) -> str | None:
        """The method that a browser asks for before it calls an operation of ours; None for any other request."""
        if scope["method"] != "OPTIONS" or "origin" not in call.headers:
            return None
        method = call.headers.only("access-control-request-method")
        return method if method is not None and self._is_open(scope["path"], method) else None

    def _is_open(self, path: str, method: str) -> bool:
        try:
            return self._routes.find(path, method)[0] in self._open
        except (LookupError, MethodNotAllowed):
            return False

    async def _allow(self, method: str, send: Send) -> None:
        headers = [ANY, (b"access-control-allow-methods", method.encode()), self._allowed, self._remembered]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class ByPath:
    """Pure ASGI: paths below ``prefix`` go to ``inside``, all others to ``outside``, which wrap the same application.

    So the operations of the staff are shared with pages of other origins than the rest of the API.
    """

    def __init__(self, prefix: str, inside: ASGIApp, outside: ASGIApp) -> None:
        self._prefix = prefix
        self._inside = inside
        self._outside = outside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        within = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        await (self._inside if within else self._outside)(scope, receive, send)


class OpenSend:
    """``send`` that says ``*`` for an operation that is open to all. It has no coroutine of its own."""

    __slots__ = ("_answered", "_call", "_open", "_send")

    def __init__(self, send: Send, call: Call, operations: frozenset[str], answered: list[Header]) -> None:
        self._send = send
        self._call = call
        self._open = operations
        self._answered = answered

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start" and self._call.operation_id in self._open:
            kept = [header for header in message.get("headers", ()) if not _is_of_one_origin(header)]
            message["headers"] = [*kept, *self._answered]
        return self._send(message)


def _is_of_one_origin(header: Header) -> bool:
    name, value = header
    return name.startswith(ORIGIN_ONLY) or (name == VARY and value.strip().lower() == b"origin")
