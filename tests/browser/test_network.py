"""The browser of these tests reaches this machine alone, and a reader whose page asks for more is at fault."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Error

from tests.browser.reader import Reader
from tests.processes.biore import Biore

ELSEWHERE = "127.0.0.2"
"""Of this machine, too, so that there is somebody who would answer."""
ASK = "url => fetch(url, { mode: 'no-cors' }).then(() => 'answered', () => 'refused')"


class Stranger(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__((ELSEWHERE, 0), Asked)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{ELSEWHERE}:{self.server_port}/"


class Asked(BaseHTTPRequestHandler):
    server: Stranger

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def reader(browser: Browser, biore: Biore) -> Iterator[Reader]:
    """Whose faults are what is looked at."""
    reader = Reader(browser, biore.origin)
    yield reader
    reader.close()


def named(reader: Reader, url: str) -> bool:
    return f"another host: {url}" in reader.faults


def test_nobody_else_is_reached(reader: Reader, stranger: Stranger) -> None:
    page = reader.open("about:blank")
    for url in (stranger.url, "http://vendor.example/"):
        assert page.evaluate(ASK, url) == "refused"
        assert named(reader, url)
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(stranger.url)
    assert stranger.asked == []


def test_what_a_window_asks_for_counts_too(reader: Reader, stranger: Stranger) -> None:
    page = reader.open("/docs")
    with page.expect_popup() as opened:
        page.evaluate("url => { window.open(url); }", stranger.url)
    opened.value.wait_for_load_state()
    assert named(reader, stranger.url)
    assert stranger.asked == []


def test_this_machine_is_reached(reader: Reader) -> None:
    reader.open("/docs")
    assert reader.faults == []
