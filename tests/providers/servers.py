"""Real servers on loopback that stand for the outside world."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from threading import Event, Thread
from typing import Any, cast
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.http_server import Answer, served


class SmtpServer:
    """Keeps what it accepts. ``replies`` answers a command otherwise, such as ``{"RCPT": "550 no such user"}``."""

    def __init__(self) -> None:
        self.accepted: list[Any] = []
        self.seen: list[str] = []
        self.replies: dict[str, str] = {}
        self.url = ""

    async def handle_EHLO(  # noqa: N802 - the library's names
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.seen.append("EHLO over TLS" if session.ssl else "EHLO")
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "MAIL" not in self.replies:
            envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" not in self.replies:
            self.accepted.append(envelope)
        return self.replies.get("DATA", "250 OK")

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return self.replies.get("RSET", "250 OK")

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.seen.append("QUIT")
        return self.replies.get("QUIT", "221 Bye")

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"user@x", b"pass:word"), handled=False)


class _AnyPort(Controller):
    """The library wants to know its port beforehand; a socket that is bound already has one that is free."""

    def __init__(self, handler: SmtpServer, **options: Any) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, "127.0.0.1", self.socket.getsockname()[1], **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.socket, ssl=self.ssl_context)

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result()
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        """The library stops its loop at once; what is open or still closing then would never be closed.

        Only the loop knows connections that have not got beyond their TLS handshake.
        """
        server, loop = cast("tuple[Any, Any]", (self.server, self.loop))
        server.close()
        while connections := [each for each in loop._transports.values() if each._sock is not None]:
            for connection in connections:
                connection.abort()
            await asyncio.sleep(0.001)


@contextmanager
def smtp_server(
    *, login: bool = False, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[SmtpServer]:
    server = SmtpServer()
    options: dict[str, Any] = {"ssl_context": tls, "tls_context": starttls, "require_starttls": starttls is not None}
    if login:
        options |= {"authenticator": server.authenticate, "auth_required": True}
    controller = _AnyPort(server, **options)
    controller.start()
    server.url = f"{'smtps' if tls else 'smtp'}://127.0.0.1:{controller.port}"
    server.seen.clear()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def silent_tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """One that shakes hands, says nothing more and never hangs up."""
    held: list[ssl.SSLSocket] = []

    def hold() -> None:
        connection, _ = listener.accept()
        held.append(context.wrap_socket(connection, server_side=True))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=hold)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()
            for connection in held:
                connection.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class SiteVerifyServer:
    """Speaks the vendors' protocol: one secret, tokens named ``good…`` that are good once. ``outage`` replaces it."""

    secret = "the-secret"

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.outage: Answer | None = None
        self.hangs = False
        self.released = Event()
        self.url = ""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.forms.append(form)
        if self.hangs:
            self.released.wait()
        if self.outage is not None:
            return self.outage
        if headers["Content-Type"] != "application/x-www-form-urlencoded":
            return self._refused("bad-request")
        return self._judged(form)

    def _judged(self, form: dict[str, str]) -> Answer:
        if form.get("secret") != self.secret:
            return self._refused("invalid-input-secret")
        if [earlier.get("response") for earlier in self.forms].count(form["response"]) > 1:
            return self._refused("timeout-or-duplicate")
        if not form["response"].startswith("good"):
            return self._refused("invalid-input-response")
        return 200, json.dumps({"success": True, "hostname": "bio.re"}).encode()

    def _refused(self, *codes: str) -> Answer:
        return 200, json.dumps({"success": False, "error-codes": list(codes)}).encode()


@contextmanager
def siteverify_server() -> Iterator[SiteVerifyServer]:
    vendor = SiteVerifyServer()
    with served(vendor) as url:
        vendor.url = f"{url}/siteverify"
        yield vendor
