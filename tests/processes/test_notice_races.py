"""One event of a provider, told again and again to several processes at once, signed by either of the secrets that are
live: one row, and one credit."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.clock import utc_now
from providers.signed import signed
from tests.harness import Tables
from tests.ledger import tally
from tests.money import fan
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import Call, all_at_once, codes, post
from tests.providers.payment_vendors import OURS, StripeTill, stripe_till
from tests.redis_server import RedisServer

AT_ONCE = 50
SERVERS, FULL_SERVERS = 2, 4
ROUNDS, FULL_ROUNDS = 1, 20
CENTS = 2500
STRIPE = "external.payment.stripe."
FORMER = "whsec_the-one-before"
STATES = "SELECT DISTINCT state FROM provider_events"
WAITING = "SELECT count(*) AS n FROM outbox WHERE topic = 'events.apply' AND done_at IS NULL"
LOADS = "SELECT count(*) AS n FROM ledger_transfers WHERE kind = 'load'"


@pytest.fixture(scope="module")
def full(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--full-races"))


@pytest.fixture
def till() -> Iterator[StripeTill]:
    with stripe_till() as found:
        yield found


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        yield redis


@pytest.fixture
def biore(deploy: DeploymentMaker, redis: RedisServer, till: StripeTill, full: bool) -> Deployment:
    """Several processes of the API, and two secrets that are live."""
    deployment = deploy(redis_url=redis.url)
    secrets = {"webhook_secret": till.secret, "webhook_secret_previous": FORMER}
    of_vendor = {"base_url": till.url, "api_key": till.key} | secrets
    deployment.configure({STRIPE + name: value for name, value in of_vendor.items()})
    deployment.configure({"external.payment.active_provider": "stripe"})
    deployment.serve("--workers", str(FULL_SERVERS if full else SERVERS))
    return deployment


def told(body: bytes, secret: str) -> Call:
    headers = {"Stripe-Signature": signed(secret, body, utc_now()), "Content-Type": "application/json"}
    return lambda crowd: crowd.post("webhooks/payment/stripe", content=body, headers=headers)


def fifty(biore: Deployment, till: StripeTill, body: bytes) -> None:
    """At once, over connections of their own; every other one is signed with the secret that goes."""
    calls = [told(body, (till.secret, FORMER)[number % 2]) for number in range(AT_ONCE)]
    assert codes(all_at_once(biore, calls, width=AT_ONCE)) == {"200": AT_ONCE}


def paid(biore: Deployment, till: StripeTill, token: str) -> bytes:
    """The event of a load that its fan has just paid for."""
    (begun,) = all_at_once(biore, [post("wallet/load", {"amount": "25.00"}, authorization=f"Bearer {token}")])
    assert begun.status_code == 200, begun.text
    till.pay(list(till.sessions)[-1])
    (body,), till.told = till.told, []
    return body


class TestOneEvent:
    def test_fifty_at_once_and_fifty_later_are_one_credit(
        self, biore: Deployment, till: StripeTill, full: bool
    ) -> None:
        people = biore.people(FULL_ROUNDS if full else ROUNDS)
        with biore.tables() as tables:
            tables.run("UPDATE users SET created_at = now() - interval '30 days'")
            for number, (user_id, token) in enumerate(people, 1):
                body = paid(biore, till, token)
                fifty(biore, till, body)
                until(lambda: tables.rows(STATES) == [{"state": "DONE"}], "the event is looked at")
                fifty(biore, till, body)
                until(lambda: tables.one(WAITING)["n"] == 0, "every job is done")
                assert tables.rows(STATES) == [{"state": "DONE"}]
                assert tables.count("provider_events") == number
                assert tables.one(LOADS)["n"] == number
                assert credited(tables, user_id) == CENTS
                assert tally(tables, "suspense:stripe") == 0
            assert -tally(tables, "clearing:stripe") == till.book.balance(OURS)


def credited(tables: Tables, user_id: UUID) -> int:
    return int(tables.one("SELECT balance FROM wallets WHERE id = %s", fan(user_id).id)["balance"])
