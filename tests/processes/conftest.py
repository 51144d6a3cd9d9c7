from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.conftest import Databases
from tests.processes.biore import Deployment

QUIET = {"auth.salt_rounds": 10, "ratelimit.enabled": False}

DeploymentMaker: TypeAlias = Callable[..., Deployment]


@pytest.fixture(scope="module")
def deploy(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeploymentMaker]:
    """Makes deployments on a migrated database of their own: cheap hashes, no rate limits, unless told otherwise."""
    with ExitStack() as stack:

        def make(**settings: str) -> Deployment:
            own = {"database_url": databases.migrated(), "trusted_proxies": "127.0.0.0/8"} | settings
            deployment = stack.enter_context(Deployment(tmp_path_factory.mktemp("d"), **own))
            deployment.configure(QUIET)
            return deployment

        yield make


@pytest.fixture
def embedded_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for an embedded PostgreSQL: a short path, because Unix sockets allow no long ones."""
    return tmp_path_factory.mktemp("e")
