"""Uploads through both storages."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.handlers.support import account
from tests.handlers.upload.support import Storage
from tests.harness import Api, Server, Tables, bearer
from tests.providers.s3_server import S3Server, s3_server

_addresses = count(1)


@pytest.fixture(scope="module")
def vendor() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(vendor: S3Server) -> None:
    vendor.files.clear()
    vendor.asked.clear()
    vendor.fault = None


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, server: Server, vendor: S3Server) -> Storage:
    if request.param == "s3":
        server.configure(**vendor.configured())
        return Storage("s3", vendor)
    return Storage("local", None)


@pytest.fixture
def headers(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables)
    return bearer(api.sign_in())


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    """A client that knows nothing of the API. It has an address of its own, and with it limits."""
    with httpx.Client(trust_env=False, headers={"X-Forwarded-For": f"10.9.0.{next(_addresses)}"}) as client:
        yield client
