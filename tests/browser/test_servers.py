"""One build of the portal is right on every host: samples name who serves the pages, or what a reader chose."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from portal.build import Options, build
from portal.model import Site
from portal.samples.call import examples
from tests.browser.conftest import add_modules
from tests.browser.reader import Reader
from tests.browser.test_samples import operation, shown, written
from tests.browser.test_static import Quiet
from tests.harness import PASSWORD, Server

BUILT = "https://api.somewhere.example:4321"
PAGES = {"auth.login": "/docs/auth/login", "auth.sessions.revoke": "/docs/auth/session-revoke"}


@pytest.fixture(scope="module")
def built(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("portal") / "built"
    build(site, folder, Options(origin=BUILT, locales=("en",), search=False))
    add_modules(folder)
    return folder


@pytest.fixture(scope="module")
def static(browser: Browser, built: Path) -> Iterator[str]:
    """The origin of a web server that knows nothing of the API."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=built)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def served(start_server: Callable[..., Server], built: Path, static: str) -> Server:
    return start_server(portal_dir=built, cors_origins=(static,))


@pytest.fixture
def open_at(browser: Browser) -> Iterator[Callable[..., Reader]]:
    readers: list[Reader] = []

    def make(origin: str, *others: str, **options: Any) -> Reader:
        readers.append(Reader(browser, origin, others=others, **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()
    assert [fault for reader in readers for fault in reader.faults] == []


OpenAt = Callable[..., Reader]


class TestServedByTheApi:
    @pytest.mark.parametrize("name", PAGES)
    def test_samples_name_the_server(self, served: Server, open_at: OpenAt, site: Site, name: str) -> None:
        """Without a script, and so at the first paint."""
        reader, of = open_at(served.origin, java_script_enabled=False), operation(site, name)
        text = reader.open(PAGES[name]).locator("#sample-curl").inner_text()
        assert f"{served.origin}/api/v1{of.path.partition('{')[0]}" in text
        assert "somewhere.example" not in str(reader.page.content())

    @pytest.mark.parametrize("name", PAGES)
    def test_under_another_name_they_have_that(self, served: Server, open_at: OpenAt, site: Site, name: str) -> None:
        origin = served.origin.replace("127.0.0.1", "localhost")
        reader, of = open_at(origin), operation(site, name)
        reader.playground(PAGES[name])
        reader.page.locator("#sample-tanstack", has_text=origin).wait_for(state="attached")
        assert shown(reader.page) == written(of, origin, examples(of))

    @pytest.mark.parametrize("path", ["/docs", "/docs/guides/limits"])
    def test_so_have_pages_without_a_playground(self, served: Server, open_at: OpenAt, path: str) -> None:
        origin = served.origin.replace("127.0.0.1", "localhost")
        page = open_at(origin).open(path)
        page.locator("#main", has_text=f"{origin}/api/v1").wait_for()
        assert served.origin not in page.locator("#main").inner_text()

    def test_there_is_nothing_to_choose(self, served: Server, open_at: OpenAt) -> None:
        assert open_at(served.origin).playground("/docs/auth/me").section.locator(".play-server").count() == 0


class TestServedElsewhere:
    def test_a_server_is_chosen_for_calls_and_samples(
        self, served: Server, static: str, open_at: OpenAt, site: Site
    ) -> None:
        with served.client() as visitor:
            visitor.sign_up("far@example.com")
        reader = open_at(static, served.origin)
        playground = reader.playground("/docs/auth/me/")
        assert playground.section.locator(".play-send").is_disabled()
        select = playground.section.get_by_label("Server", exact=True)
        assert f"{BUILT}/api/v1" in select.inner_text()
        select.select_option("other")
        playground.section.get_by_label("Base URL").fill("javascript:alert(1)")
        playground.button("Use this server").click()
        playground.section.locator(".play-server .play-error", has_text="http").wait_for()
        playground.section.get_by_label("Base URL").fill(f"{served.origin}/api/v1/")
        playground.button("Use this server").click()
        playground.section.locator(".play-send:enabled").wait_for()
        of = operation(site, "auth.me")
        assert shown(reader.page) == written(of, served.origin, examples(of))

        playground.sign_in("far@example.com", PASSWORD)
        playground.signed_in()
        assert '"email": "far@example.com"' in playground.send().text
        playground = reader.playground("/docs/auth/me/")  # the choice and the account are kept
        playground.signed_in()
        token = reader.page.evaluate("JSON.parse(sessionStorage.getItem('biore.session')).accounts[0].accessToken")
        assert token in shown(reader.page)["curl"]

        playground.section.get_by_label("Server", exact=True).select_option("")
        playground.section.locator(".play-notice", has_text="no API").wait_for()
        assert shown(reader.page) == written(of, BUILT, examples(of))  # nor is a token of one server told to another

    def test_one_that_does_not_answer_is_named(self, static: str, open_at: OpenAt) -> None:
        reader = open_at(static, "http://127.0.0.1:9")
        playground = reader.playground("/docs/auth/login/")
        playground.section.get_by_label("Server", exact=True).select_option("other")
        playground.section.get_by_label("Base URL").fill("http://127.0.0.1:9/api/v1")
        playground.button("Use this server").click()
        playground.section.locator(".play-notice", has_text="CORS").wait_for()
        assert playground.section.locator(".play-send").is_disabled()
        reader.faults.clear()  # the browser says in the console what the page says in words
