"""The portal, read and built once for all tests of it."""

import shutil
from pathlib import Path

import pytest

from contract.loader import Contract
from contract.texts import Texts
from portal.build import Options, build
from portal.model import Site, read

ORIGIN = "http://127.0.0.1:8000"
# One of each kind: where the contract's texts are at home, a foreign one, and one that is read from the right.
BUILT = ("en", "tr", "ar")
ENGLISH = Options(ORIGIN, locales=("en",), search=False)


@pytest.fixture(scope="session")
def site(contract: Contract) -> Site:
    return read(contract)


@pytest.fixture(scope="session")
def built(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole portal in a folder, as readers get it; its developer pages in the languages of ``BUILT``."""
    out = tmp_path_factory.mktemp("portal") / "site"
    build(site, out, Options(origin=ORIGIN, locales=BUILT, search=False))
    return out


@pytest.fixture(scope="session")
def english(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portal as it is built by default, but for the search. Nobody changes it: see ``former``."""
    out = tmp_path_factory.mktemp("english") / "site"
    build(site, out, ENGLISH)
    return out


@pytest.fixture
def former(english: Path, tmp_path: Path) -> Path:
    """A former build, for a test of what the next one makes of it."""
    return Path(shutil.copytree(english, tmp_path / "site"))


@pytest.fixture(scope="session")
def texts(contract: Contract) -> Texts:
    return Texts(contract.errors)
