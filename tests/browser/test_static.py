"""The same files behind any web server: everything can be read, and the forms say that there is nothing to call."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests.browser.reader import Reader


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere(browser: Browser, folder: Path) -> Iterator[Reader]:
    """Depends on the browser, and so on a portal that was built."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        reader = Reader(browser, f"http://127.0.0.1:{server.server_port}")
        yield reader
        reader.close()
        server.shutdown()
    assert reader.faults == []


class TestAnotherServer:
    def test_the_playground_says_that_there_is_no_api(self, elsewhere: Reader) -> None:
        playground = elsewhere.playground("/docs/auth/login/")
        assert playground.section.locator(".play-notice").is_visible()
        assert playground.section.locator(".play-send").is_disabled()

    def test_samples_still_follow_and_the_search_still_finds(self, elsewhere: Reader) -> None:
        playground = elsewhere.playground("/docs/auth/login/")
        playground.fill(email="somebody@example.com")
        assert "somebody@example.com" in elsewhere.page.locator("#sample-curl").inner_text()
        elsewhere.page.keyboard.press("Control+k")
        elsewhere.page.keyboard.type("auth.login.account_locked")
        elsewhere.page.locator('[role="option"]').first.click()
        elsewhere.page.wait_for_url("**/docs/errors/**")
