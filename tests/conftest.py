"""Real parts for everybody: one PostgreSQL for the whole run, a database of its own for each server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import randrange
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import structlog
from psycopg import sql

from contract.loader import Contract, load
from domain.money.ledger import WalletName
from runtime.serve.embedded import EmbeddedPostgres
from runtime.settings import Settings
from tests.harness import Api, Server, Tables
from tests.ledger import Books, wallet_of
from tests.postgres import TEMPLATE, begin
from tests.processes.biore import Deployment
from tests.processes.zygote import Zygote
from tests.reached import JUDGE, KEEP, keep, recall
from tests.recording import Recorder
from tests.sampling import OPTION, Sampling

SECRET = "a-secret-of-the-tests-0123456789-abcdef"


def _only_trouble(_logger: Any, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    if method in ("debug", "info"):
        raise structlog.DropEvent
    return event


# structlog's own defaults print every line in colours, and a fault with all its local values, which takes seconds.
structlog.configure(
    processors=[
        _only_trouble,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)


class Databases:
    """Makes databases in one embedded PostgreSQL: migrated ones are copies of a template, which takes milliseconds."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.admin_url = postgres.start()

    def migrated(self) -> str:
        return self._create(TEMPLATE)

    def empty(self) -> str:
        return self._create("template1")

    def _create(self, template: str) -> str:
        name = f"t_{uuid4().hex}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(query.format(sql.Identifier(name), sql.Identifier(template)))
        return self.admin_url.replace("/biore?", f"/{name}?")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-races", action="store_true", help="registration races at full size (minutes)")
    parser.addoption("--whole", action="store_true", help="all of what a commit only tries a sample of (minutes)")
    parser.addoption(KEEP, type=Path, help="a folder for what this process reached of the contract")
    parser.addoption(JUDGE, type=Path, help="such a folder, of other processes")
    parser.addoption(OPTION, type=int, default=randrange(10**6), help="repeats the sample of another run")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder())
    if folder := config.getoption(JUDGE):
        recall(folder)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if folder := session.config.getoption(KEEP):
        keep(folder)


def pytest_report_header(config: pytest.Config) -> str:
    return f"requests by the thousand: {sampling_of(config)}"


def sampling_of(config: pytest.Config) -> Sampling:
    return Sampling(config.getoption(OPTION), config.getoption("--whole"))


@pytest.fixture(scope="session")
def sampling(pytestconfig: pytest.Config) -> Sampling:
    return sampling_of(pytestconfig)


@pytest.fixture(scope="session", autouse=True)
def _processes_are_forked() -> Iterator[None]:
    with Zygote() as zygote:
        Deployment.starts = zygote.start
        yield


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """In a folder of its own: each further pytest of a user closes pytest's to that which PostgreSQL runs as."""
    with TemporaryDirectory(prefix="pg") as folder:
        postgres = begin(Path(folder))
        try:
            yield Databases(postgres)
        finally:
            postgres.stop()


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> str:
    """Of a database for one module, without a server."""
    return databases.migrated()


@pytest.fixture
def rows(database_url: str) -> Iterator[Tables]:
    """Its tables, empty."""
    with Tables(database_url) as rows:
        rows.empty()
        yield rows


@pytest.fixture(scope="module")
def module_books(database_url: str) -> Iterator[Books]:
    with Books(database_url) as books:
        yield books


@pytest.fixture
def books(module_books: Books, rows: Tables) -> Books:  # after the tables were emptied
    """The ledger of the same database, in which nobody has money."""
    return module_books


@pytest.fixture
def fan(rows: Tables) -> WalletName:
    return wallet_of(rows, "fan", "FAN")


@pytest.fixture
def creator(rows: Tables) -> WalletName:
    return wallet_of(rows, "creator", "CREATOR")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(secret_key=SECRET, data_dir=tmp_path_factory.mktemp("data"))


ServerMaker = Callable[..., Server]


@contextmanager
def _starting(databases: Databases, settings: Settings) -> Iterator[ServerMaker]:
    """Starts further servers, each on a database of its own unless given one, with other settings."""
    servers: list[Server] = []

    def start(database_url: str | None = None, **changes: Any) -> Server:
        servers.append(Server(settings, database_url or databases.migrated(), **changes))
        return servers[-1]

    try:
        yield start
    finally:
        for server in servers:
            server.leave()
        for server in servers:
            server.stop()


@pytest.fixture(scope="module")
def start_server(databases: Databases, settings: Settings) -> Iterator[ServerMaker]:
    """Starts servers that end with their module: each looks after its database for as long as it lives."""
    with _starting(databases, settings) as start:
        yield start


@pytest.fixture(scope="session")
def start_lasting_server(databases: Databases, settings: Settings) -> Iterator[ServerMaker]:
    """Starts servers of many modules, which live until the end."""
    with _starting(databases, settings) as start:
        yield start


@pytest.fixture(scope="session")
def shared_server(start_lasting_server: ServerMaker) -> Server:
    return start_lasting_server()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The server that most tests speak to, with empty tables and default config."""
    shared_server.reset()
    return shared_server


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    """A client that remembers which documented error codes were reached."""
    with server.client() as client:
        yield client


@pytest.fixture
def tables(server: Server) -> Tables:
    return server.tables


@pytest.fixture
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: Unix sockets allow no long ones."""
    return tmp_path_factory.mktemp("w")
