"""A real `biore serve` with the built portal, and Debian's Chromium to read it with."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from contract.loader import Contract
from portal.build import Options
from portal.model import Site, read
from portal.render import ASSETS
from proof.publish import publish
from tests.browser.reader import DESKTOP, Reader
from tests.conftest import Databases
from tests.processes.biore import Biore

LOCALES = ("en", "tr", "ar")
CONFIG = {"auth.salt_rounds": 10, "ratelimit.enabled": False}
# Without isolation a page needs no process of its own, which takes a third of the time that it takes to open it.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run", "--disable-site-isolation-trials",
             # For any page nobody but this machine is there, whatever network or proxy it has: no name, and no address.
             "--no-proxy-server",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]  # fmt: skip


@pytest.fixture(scope="session")
def site(contract: Contract) -> Site:
    return read(contract)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built portal, as soon as ``biore`` runs."""
    return tmp_path_factory.mktemp("portal") / "built"


@pytest.fixture(scope="session")
def biore(databases: Databases, tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Biore]:
    deployment = Biore(tmp_path_factory.mktemp("d"), database_url=databases.migrated(), portal_dir=str(folder))
    publish(folder, Options(origin=deployment.origin, locales=LOCALES))
    add_modules(folder)
    deployment.configure(CONFIG)
    with deployment:
        yield deployment


def add_modules(folder: Path) -> None:
    """The scripts as they are written, beside those that pages load: tests call their functions."""
    for module in ASSETS.glob("*.js"):
        target = folder / "docs" / "assets" / module.name
        if not target.exists():
            shutil.copyfile(module, target)


@pytest.fixture(scope="session")
def browser(biore: Biore) -> Iterator[Browser]:
    """Started after everything that needs an event loop of its own."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)


OpenReader = Callable[..., Reader]


@pytest.fixture
def open_reader(browser: Browser, biore: Biore) -> Iterator[OpenReader]:
    """Makes readers, each with a browser profile of its own; none of them may have met a fault."""
    readers: list[Reader] = []

    def make(**options: Any) -> Reader:
        readers.append(Reader(browser, biore.origin, **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()
    assert [fault for reader in readers for fault in reader.faults] == []


class Regulars:
    """Readers who come again and again, one with scripts and one without: a browser profile costs half a second of
    processor time. For tests that look at pages and leave nothing behind in the browser.
    """

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin
        self._readers: dict[bool, Reader] = {}

    def visit(
        self, path: str, *, viewport: Any = DESKTOP, scheme: Literal["light", "dark"] = "light", scripts: bool = True
    ) -> Page:
        """The page, loaded anew."""
        if scripts not in self._readers:
            self._readers[scripts] = Reader(self._browser, self._origin, java_script_enabled=scripts)
        page = self._readers[scripts].page
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        return self._readers[scripts].open(path)

    def faults(self) -> list[str]:
        """Those since it was asked before."""
        found = [fault for reader in self._readers.values() for fault in reader.faults]
        for reader in self._readers.values():
            reader.faults.clear()
        return found

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()


@pytest.fixture(scope="session")
def regulars(browser: Browser, biore: Biore) -> Iterator[Regulars]:
    regulars = Regulars(browser, biore.origin)
    yield regulars
    regulars.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(regulars: Regulars) -> Iterator[Visit]:
    """Opens a page for a test that only looks at it; none of them may have met a fault."""
    yield regulars.visit
    assert regulars.faults() == []


@pytest.fixture
def reader(open_reader: OpenReader) -> Reader:
    return open_reader()


@pytest.fixture
def page(reader: Reader) -> Page:
    return reader.page


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = Path(".biore") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
