"""HTTP on loopback for whatever stands for a vendor."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Protocol

Answer = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]
"""A status, a body, and perhaps headers."""


class StandIn(Protocol):
    released: Event
    """Ends the waiting of whoever is held back."""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        """Of a request without a body, ``body`` is its query."""


def nothing() -> None:
    pass


@contextmanager
def served(stand_in: StandIn, answered: Callable[[], None] = nothing) -> Iterator[str]:
    """The address at which it answers. ``answered`` is called after each answer, by the thread that gave it."""

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # whoever asked is gone in the middle of it, and asked nothing
                raise ConnectionError
            body = body or query.encode()
            status, answer, *more = stand_in.respond(self.command, path, self.headers, body)
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            answered()

        do_GET = do_POST = do_PUT = do_DELETE = _respond  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that gave up waiting is part of the tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            stand_in.released.set()
            server.shutdown()
            thread.join()
