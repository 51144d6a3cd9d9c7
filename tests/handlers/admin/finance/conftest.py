"""Who reads and moves money."""

import pytest

from tests.harness import Server
from tests.staff import Hired, member


@pytest.fixture
def finance(server: Server) -> Hired:
    return member(server, "FINANCE")
