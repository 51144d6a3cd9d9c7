"""The portal of the contract with these operations, read and built once."""

from pathlib import Path

import pytest

from portal.build import Options, build
from portal.model import Site, read
from tests.extended.guarding.kit import sampled
from tests.portal.conftest import BUILT


@pytest.fixture(scope="session")
def site() -> Site:
    return read(sampled())


@pytest.fixture(scope="session")
def built(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In every language, as readers get it."""
    out = tmp_path_factory.mktemp("portal") / "site"
    build(site, out, Options(locales=BUILT, search=False))
    return out
