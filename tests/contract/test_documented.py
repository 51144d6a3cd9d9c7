"""The judge of answers itself: it misses no header that comes undeclared, and none that is promised and stays away."""

import httpx
import pytest

from contract.loader import EVERY_ANSWER, Contract
from runtime.web.edge import CLOSED, NOSNIFF, TLS_ONLY
from tests.contract.documented import Documented
from tests.harness import Server


@pytest.fixture
def refused(server: Server) -> httpx.Response:
    with server.client() as client:
        return client.call("auth.login", {})


def test_an_undeclared_header_is_told(documented: Documented, refused: httpx.Response) -> None:
    documented(refused)
    refused.headers["X-Powered-By"] = "us"
    with pytest.raises(AssertionError, match=r"auth.login answered 400 with \['x-powered-by'\]"):
        documented(refused)


def test_a_header_of_another_status_is_told(documented: Documented, refused: httpx.Response) -> None:
    refused.headers["WWW-Authenticate"] = "Bearer"
    with pytest.raises(AssertionError, match="www-authenticate"):
        documented(refused)


@pytest.mark.parametrize("name", ["X-Correlation-Id", "Cache-Control"])
def test_a_missing_header_is_told(documented: Documented, refused: httpx.Response, name: str) -> None:
    del refused.headers[name]
    with pytest.raises(AssertionError, match=f"without {name}"):
        documented(refused)


def test_what_every_answer_carries_is_declared_as_the_door_sends_it(contract: Contract) -> None:
    sent = {name.decode(): [value.decode()] for name, value in (*CLOSED, NOSNIFF, TLS_ONLY)}
    headers = contract.document["components"]["headers"]
    declared = {name.lower(): headers[name]["schema"].get("enum") for name in contract.document[EVERY_ANSWER]}
    assert declared == sent | {"x-correlation-id": None}


def test_whoever_is_limited_documents_it_with_every_answer_that_may_be_counted(contract: Contract) -> None:
    for name, policy in contract.policies.items():
        for status, response in contract.operation(name)["responses"].items():
            group, key = response.get("$ref", "/").split("/")[-2:]
            found = contract.document["components"][group][key] if key else response
            counted = policy.rate is not None and status != "405"
            assert ("RateLimit" in found["headers"]) == counted, (name, status)
