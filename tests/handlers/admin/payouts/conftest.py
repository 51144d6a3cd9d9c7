"""Who decides on payouts, with our own bank account in the config; who pays them, and who is paid."""

from collections.abc import Iterator

import pytest

from tests.bank_files import DEBTOR
from tests.creators import Creator
from tests.harness import Api, Server, Tables
from tests.payout_vendor import VENDOR, PayoutVendor, payout_vendor, ready
from tests.staff import Hired, member


@pytest.fixture
def finance(server: Server) -> Hired:
    server.configure(**DEBTOR)
    return member(server, "FINANCE")


@pytest.fixture
def vendor(server: Server) -> Iterator[PayoutVendor]:
    with payout_vendor(server) as made:
        yield made


@pytest.fixture
def ada(api: Api, tables: Tables, vendor: PayoutVendor) -> Creator:
    assert vendor.name == VENDOR  # whoever is to pay is there
    return ready(api, tables)
