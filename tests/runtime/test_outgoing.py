"""The client that vendors are asked with goes where it was sent, and nowhere else."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from runtime.observe.spans import Traced
from runtime.observe.tracing import NoTracing, Tracing
from runtime.settings import Settings

SECRET = "a-secret-of-the-tests-0123456789-abcdef"


class Redirecting(BaseHTTPRequestHandler):
    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(302 if self.path == "/asked" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def vendor() -> Iterator[str]:
    Redirecting.paths.clear()
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=["untraced", "traced"])
def tracing(request: pytest.FixtureRequest) -> Iterator[Tracing]:
    settings = Settings(secret_key=SECRET)
    made = NoTracing() if request.param == "untraced" else Traced(settings, "http://127.0.0.1:9", "api")
    yield made
    asyncio.run(made.close())


def test_a_redirect_is_not_followed(vendor: str, tracing: Tracing) -> None:
    async def ask() -> int:
        async with tracing.http_client() as http:
            return (await http.get(f"{vendor}/asked")).status_code

    assert asyncio.run(ask()) == 302
    assert Redirecting.paths == ["/asked"]
