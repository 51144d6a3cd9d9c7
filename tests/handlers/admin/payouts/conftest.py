"""Who decides on payouts, with our own bank account in the config."""

import pytest

from tests.bank_files import DEBTOR
from tests.harness import Server
from tests.staff import Hired, member


@pytest.fixture
def finance(server: Server) -> Hired:
    server.configure(**DEBTOR)
    return member(server, "FINANCE")
