from collections.abc import Callable, Iterator

import pytest

from contract.loader import Contract
from tests.extended.reading.shelf import Kept, contract_of
from tests.harness import Server

OURS = "https://app.bio.re"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return contract_of(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="session")
def shelf_server(start_lasting_server: Callable[..., Server], shelf: Contract) -> Server:
    """With an origin that the setting names, beside which all others are strangers."""
    return start_lasting_server(contract=shelf, cors_origins=(OURS,))


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = {name: value for name, value in vars(Kept).items() if not name.startswith("_")}
    yield
    for name, value in before.items():
        setattr(Kept, name, value)
