from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from contract.loader import Contract
from tests.contract.documented import Documented
from tests.harness import Api, Server
from tests.reached import JUDGE

HERE = Path(__file__).parent
LAST = HERE / "test_zz_reached.py"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """``test_zz_reached.py`` comes last of all, and only where nothing that it counts on was left out here or there."""
    collected = len(items)
    yield
    last = [item for item in items if item.path == LAST]
    judging = config.getoption(JUDGE) is not None
    whole = judging or (len(items) == collected and _all_were_asked_for(config, items))
    items[:] = [item for item in items if item.path != LAST] + (last if whole else [])
    if last and not whole:
        config.hook.pytest_deselected(items=last)


def _all_were_asked_for(config: pytest.Config, items: list[pytest.Item]) -> bool:
    files = {item.path for item in items}
    repeating = any(config.getoption(name, False) for name in ("lf", "stepwise"))
    selected = repeating or any("::" in argument for argument in config.args)
    counted = {*HERE.rglob("test_*.py"), *(HERE.parent / "handlers").rglob("test_*.py")}
    return not selected and files >= counted


@pytest.fixture(scope="session")
def documented(contract: Contract) -> Documented:
    return Documented(contract)


@pytest.fixture
def clients(documented: Documented) -> Iterator[Callable[[Server], Api]]:
    """Makes clients, of any server, whose every answer is held against the contract."""
    with ExitStack() as stack:

        def make(server: Server) -> Api:
            return stack.enter_context(server.client(event_hooks={"response": [documented]}))

        yield make


@pytest.fixture
def api(server: Server, clients: Callable[[Server], Api]) -> Api:
    return clients(server)
