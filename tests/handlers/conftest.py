from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from contract.loader import Contract
from tests.contract.documented import Documented
from tests.harness import Api, Server
from tests.providers.servers import SiteVerifyServer, siteverify_server

Clients = Callable[..., Api]


@pytest.fixture(scope="session")
def documented(contract: Contract) -> Documented:
    return Documented(contract)


@pytest.fixture
def clients(documented: Documented) -> Iterator[Clients]:
    """Makes further clients, of any server, whose every answer is held against the contract."""
    with ExitStack() as stack:

        def make(server: Server, address: str | None = None) -> Api:
            options = {"event_hooks": {"response": [documented]}}
            return stack.enter_context(server.client(address=address, **options))

        yield make


@pytest.fixture
def api(server: Server, clients: Clients) -> Api:
    return clients(server)


@pytest.fixture
def captcha(server: Server) -> Iterator[SiteVerifyServer]:
    """Captcha is on; its vendor stands on loopback."""
    with siteverify_server() as vendor:
        server.configure(
            **{
                "external.captcha.active_provider": "turnstile",
                "external.captcha.turnstile.verify_url": vendor.url,
                "external.captcha.turnstile.secret": vendor.secret,
            }
        )
        yield vendor
