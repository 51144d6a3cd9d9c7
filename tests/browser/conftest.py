"""A real `biore serve` with the built portal, and Debian's Chromium to read it with."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from contract.loader import Contract
from portal.build import Options
from portal.model import Site, read
from portal.render import ASSETS
from proof.publish import publish
from tests.browser.reader import Reader
from tests.conftest import Databases
from tests.processes.biore import Biore

LOCALES = ("en", "tr", "ar")
CONFIG = {"auth.salt_rounds": 10, "ratelimit.enabled": False}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip


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
