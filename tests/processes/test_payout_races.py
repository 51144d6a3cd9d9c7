"""Many at once ask for one payout, decide on it and send it, from several processes: the database decides, and nothing
is paid twice."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain import topics
from domain.jobs import Lane
from runtime.compose import Parts
from tests.handlers.support import insert
from tests.harness import Tables, bearer
from tests.ledger import tally
from tests.money import earning, earnings
from tests.payees import EARNED, available, payout_account, tax_form
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import Call, all_at_once, codes, post
from tests.providers.payout_vendors import ConnectWorld, connect_world
from tests.redis_server import RedisServer

AT_ONCE, ROUNDS, FULL_ROUNDS = 50, 1, 10
WORKERS, SENT, FULL_SENT, WOKEN = 4, 3, 25, 8
SERVERS, FULL_SERVERS = 1, 4
AMOUNT, CENTS = "50.00", 5000
WHY, STATEMENT = "I have compared the earnings.", "The messages were paid for by yourself."
CONNECT = "external.payout.stripe_connect."


@pytest.fixture(scope="module")
def full(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--full-races"))


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        yield redis


@pytest.fixture(scope="module")
def biore(deploy: DeploymentMaker, redis: RedisServer, full: bool) -> Deployment:
    deployment = deploy(redis_url=redis.url)
    deployment.serve("--no-worker", "--workers", str(FULL_SERVERS if full else SERVERS))
    return deployment


@pytest.fixture
def world() -> Iterator[ConnectWorld]:
    with connect_world() as made:
        yield made


def ready(biore: Deployment, user_id: UUID, **account: Any) -> None:
    """By a payout account, with ten times as much as is asked for."""
    with biore.tables() as tables:
        insert(tables, "creator_profiles", user_id=user_id, kyc_status="APPROVED")
        tax_form(tables, user_id)
        payout_account(tables, user_id, **account)

    async def earn(parts: Parts) -> None:
        async with parts.database.unit() as db:
            await db.ledger.post(earnings(user_id, EARNED))

    biore.with_parts(earn)


def named(token: str) -> dict[str, str]:
    """As ``post`` takes it."""
    return {name.lower(): value for name, value in bearer(token).items()}


def asking(token: str) -> Call:
    return post("payouts/request", {"amount": AMOUNT, "method": "PLATFORM_ACCOUNT"}, **named(token))


def requested(biore: Deployment, tokens: list[str]) -> list[UUID]:
    """A payout of each, which waits for the staff."""
    answers = all_at_once(biore, map(asking, tokens))
    assert codes(answers) == {"201": len(tokens)}
    return [made(answer) for answer in answers]


def made(answer: httpx.Response) -> UUID:
    return UUID(answer.json()["data"]["payoutId"])


def deciding(token: str, what: str, payout: UUID) -> Call:
    body = {"reason": WHY} | ({} if what == "approve" else {"statement": STATEMENT})
    return post(f"admin/payouts/{payout}/{what}", body, **named(token))


def transfers(tables: Tables, kind: str, payout: UUID) -> int:
    query = "SELECT count(*) AS n FROM ledger_transfers WHERE key LIKE %s"
    return int(tables.one(query, f"{kind}:{payout}:%")["n"])


class TestRequests:
    def test_of_fifty_at_once_one_is_made(self, biore: Deployment, full: bool) -> None:
        for user_id, token in biore.people(FULL_ROUNDS if full else ROUNDS):
            ready(biore, user_id)
            answers = all_at_once(biore, [asking(token)] * AT_ONCE)
            assert codes(answers) == {"201": 1, "payment.payout.error.frequency_limit": AT_ONCE - 1}
            with biore.tables() as tables:
                (payout,) = tables.rows("SELECT amount, status FROM payouts WHERE user_id = %s", user_id)
                assert payout == {"amount": CENTS, "status": "PENDING"}
                wallet = earning(user_id)
                assert tables.one("SELECT balance FROM wallets WHERE id = %s", wallet.id) == {"balance": EARNED - CENTS}
                (one,) = (made(answer) for answer in answers if answer.is_success)
                assert transfers(tables, "payout", one) == 1


class TestDecisions:
    WAYS = (
        (["APPROVED"], "APPROVED"),
        (["APPROVED", "CANCELLED"], "CANCELLED"),  # by the staff, who may until it is sent
        (["CANCELLED"], "CANCELLED"),
        (["REJECTED"], "REJECTED"),
    )

    def test_of_all_that_is_decided_at_once_one_comes_true(self, biore: Deployment, full: bool) -> None:
        """Two of the staff and the creator, each of them again and again."""
        ada, grace = biore.owner(), biore.owner()
        for user_id, token in biore.people(FULL_ROUNDS if full else ROUNDS):
            ready(biore, user_id)
            (payout,) = requested(biore, [token])
            four = [
                deciding(ada, "approve", payout),
                deciding(grace, "reject", payout),
                deciding(ada, "cancel", payout),
                post(f"payouts/{payout}/cancel", **named(token)),
            ]
            answers = all_at_once(biore, four * (AT_ONCE // 4))
            won = sorted(answer.json()["data"]["status"] for answer in answers if answer.is_success)
            late = {"admin.transition_invalid", "payment.payout.error.not_cancellable"}
            assert {code for code in codes(answers) if "." in code} <= late
            with biore.tables() as tables:
                status = tables.one("SELECT status FROM payouts WHERE id = %s", payout)["status"]
                assert (won, status) in self.WAYS
                back = status != "APPROVED"
                assert transfers(tables, "payout-undo", payout) == back
                assert available(tables, user_id) == EARNED - (0 if back else CENTS)


class TestSending:
    def test_of_four_workers_one_asks_for_each(self, deploy: DeploymentMaker, world: ConnectWorld, full: bool) -> None:
        """All of them are woken for the same payouts, each several times."""
        biore = deploy()
        keys = {"base_url": world.url, "api_key": world.key, "connect_webhook_secret": world.webhook_secret}
        biore.configure({CONNECT + name: value for name, value in keys.items()})
        biore.configure({"external.payout.active_provider": "stripe_connect"})
        biore.serve("--no-worker")
        people, staff = biore.people(FULL_SENT if full else SENT), biore.owner()
        for user_id, _ in people:
            ready(biore, user_id, provider="stripe_connect", ref=opened(world))
            world.book.move("world", "platform", CENTS)
        payouts = requested(biore, [token for _, token in people])
        approvals = all_at_once(biore, [deciding(staff, "approve", payout) for payout in payouts])
        assert codes(approvals) == {"200": len(payouts)}
        with biore.tables() as tables:
            for payout in payouts * (WOKEN - 1):
                wake(tables, payout)
            for _ in range(WORKERS):
                biore.start("worker")
            until(lambda: tables.one(WAITING)["n"] == 0, "every job of them done")
            asked = {transfer["metadata"]["payout"] for transfer in world.transfers.values()}
            assert asked == {str(payout) for payout in payouts}
            assert len(world.transfers) == len(world.payouts) == len(payouts)
            states = tables.rows("SELECT number, state FROM payout_attempts")
            assert states == [{"number": 1, "state": "SENT"}] * len(payouts)
            assert all(transfers(tables, "payout-send", payout) == 1 for payout in payouts)
            left = -world.book.balance("world") - world.book.balance("platform")
            assert tally(tables, "payout_transit") == left == CENTS * len(payouts)


WAITING = "SELECT count(*) AS n FROM outbox WHERE topic = 'payouts.send' AND done_at IS NULL"


def wake(tables: Tables, payout: UUID) -> None:
    job = topics.SendPayout(payout)
    insert(tables, "outbox", topic=job.topic, lane=Lane.EVENTS.value, payload=job.written())


def opened(world: ConnectWorld) -> str:
    """An account there that takes money."""
    world.open({"metadata[account]": str(uuid4())})
    ref = list(world.accounts)[-1]
    world.ready(ref)
    return ref
