"""What is known of one request while it is on its way: made at the door, filled by each layer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive

from domain.network import traced_network
from domain.users import Client, Principal, Trace
from runtime.observe.context import TRACEPARENT
from runtime.web.http.headers import Headers

SCOPE_KEY = "biore.call"


async def _nothing_comes() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


@dataclass(slots=True)
class Call:
    """``answer_headers`` are added to whatever answer the request gets; ``status`` is 0 until that began.

    ``fault`` is the type of the exception that the answer was made from, and ``code`` the documented refusal that it
    became. ``page``: a page or a file of the portal was the answer.
    ``idempotency_key``: what the operation takes it for, None without one.
    ``typed`` has passwords of the body as they were sent, by what cleaning made of them, where that is another text.
    """

    correlation_id: str
    client: Client
    headers: Headers
    principal: Principal | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    typed: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    operation_id: str | None = None
    fault: str | None = None
    code: str | None = None
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    status: int = 0
    page: bool = False
    receive: Receive | None = None

    @property
    def trace(self) -> Trace:
        """What goes onto all that the call leaves behind."""
        roles = ",".join(self.principal.roles) if self.principal else ""
        return Trace(self.correlation_id, traced_network(self.client.network), TRACEPARENT.get(), roles or None)

    async def gone(self) -> None:
        """Returns when the client has left; ask only when its body was read."""
        receive = self.receive or _nothing_comes
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            await asyncio.sleep(0)
