"""What providers are tried with, and another one of the staff who decides on money."""

import pytest

from tests.harness import Server
from tests.providers.conftest import make_database as make_database
from tests.staff import Hired, member


@pytest.fixture
def second(server: Server) -> Hired:
    return member(server, "FINANCE")
