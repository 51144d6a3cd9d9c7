"""How far a process is on its way, and the layer that refuses what it can no longer take."""

from collections.abc import Awaitable, Set
from dataclasses import dataclass, field
from enum import IntEnum

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import ApiError
from runtime.web.call import SCOPE_KEY
from runtime.web.edge import PROBES
from runtime.web.errors import Refusals, send_answer

CROWDED = "biore.crowded"
"""In the scope of a request whose client's network has its share of the connections already."""


class Phase(IntEnum):
    """``LEAVING``: everything is served still, but /health/ready sends callers elsewhere. ``REFUSING``: nothing new."""

    SERVING = 0
    LEAVING = 1
    REFUSING = 2


@dataclass(slots=True)
class Lifecycle:
    """Moved on by the server of this process, heeded by its application. ``running``: requests under way."""

    most: int
    phase: Phase = Phase.SERVING
    running: Set[object] = field(default_factory=frozenset)

    closed: bool = False

    def is_full(self, scope: Scope) -> bool:
        """Whether a request must be refused: by a process that ends, or that has all the requests it can hold."""
        return self.closed or len(self.running) > self.most or CROWDED in scope

    def refuse(self) -> None:
        """From now on nothing new is taken."""
        self.phase, self.closed = Phase.REFUSING, True


class LifecycleMiddleware:
    """Pure ASGI, inside the door and CORS. Probes always pass: they ask about this process, not for its work."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, refusals: Refusals) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._refusals = refusals

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # No coroutine of its own: what passes pays for a look.
        if not self._lifecycle.is_full(scope) or scope["type"] != "http" or scope["path"] in PROBES:
            return self._app(scope, receive, send)
        return self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        status, headers, body = self._refusals.render(ApiError("service.unavailable"), scope[SCOPE_KEY])
        await send_answer(send, status, [*headers, (b"connection", b"close")], body)
