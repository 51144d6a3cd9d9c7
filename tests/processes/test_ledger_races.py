"""Many connections post to the ledger at once: nobody waits for everybody, and no two wait for each other."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from uuid import uuid4

import pytest

from domain.money import flows
from domain.money.flows import Parts
from domain.money.ledger import Transfer, WalletName
from persistence.repositories import Repositories
from tests.conftest import Databases
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, tally, wallet_of

THREADS, UNITS, ROUNDS = 12, 25, 4
FULL_THREADS, FULL_UNITS, FULL_ROUNDS = 100, 100, 10
AT_ONCE = 64
SECONDS = 60
PRICE = 100
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.migrated()


@pytest.fixture
def tables(url: str) -> Iterator[Tables]:
    with Tables(url) as tables:
        yield tables


def people(tables: Tables, count: int) -> list[tuple[WalletName, WalletName]]:
    """Each is fan and creator. None of the wallets is there yet."""
    fans = [wallet_of(tables, f"p{uuid4().hex[:10]}", "FAN") for _ in range(count)]
    return [(fan, WalletName(fan.user_id, "CREATOR")) for fan in fans]


def paid(fan: WalletName, creator: WalletName) -> list[Transfer]:
    escrow = uuid4()
    loaded = flows.loaded(fan, uuid4(), PROVIDER, PRICE)
    return [loaded, flows.held(fan, escrow, Parts(0, PRICE)), flows.released(creator, escrow, PRICE, 2000)]


class TestDeadlocks:
    def test_people_who_pay_each_other_never_wait_for_each_other(
        self, url: str, tables: Tables, pytestconfig: pytest.Config
    ) -> None:
        """Each unit holds the wallets of several, in any order, and makes those that are not there."""
        full = pytestconfig.getoption("--full-races")
        threads, units, rounds = (FULL_THREADS, FULL_UNITS, FULL_ROUNDS) if full else (THREADS, UNITS, ROUNDS)
        with Books(url) as books:
            books.post(*paid(*people(tables, 1)[0]))  # accounts of ours are made by the first money
            before = tables.one(DEADLOCKS)

            def work(seed: int, crowd: Sequence[tuple[WalletName, WalletName]]) -> None:
                random = Random(seed)
                with Books(url, pool_size=1) as own:
                    for _ in range(units):
                        own.do(lambda db: pay(db, random, crowd))

            with ThreadPoolExecutor(threads) as pool:
                for at in range(rounds):
                    crowd = people(tables, 6)
                    list(pool.map(work, range(at * threads, (at + 1) * threads), [crowd] * threads))
            assert books.findings() == []
        assert tables.one(DEADLOCKS) == before
        assert tables.one("SELECT count(*) AS n FROM ledger_transfers") == {"n": 3 + rounds * threads * units * 6}
        assert tally(tables, "escrow") == 0


async def pay(db: Repositories, random: Random, crowd: Sequence[tuple[WalletName, WalletName]]) -> None:
    """Two pay two others, in one unit."""
    one, two, three, four = random.sample(crowd, 4)
    wallets = [one[0], two[0], three[1], four[1]]
    random.shuffle(wallets)
    await db.ledger.hold(*wallets)
    for transfer in (*paid(one[0], three[1]), *paid(two[0], four[1])):
        await db.ledger.post(transfer)


class TestWaiting:
    def test_nobody_waits_for_an_account_of_ours(self, url: str, tables: Tables) -> None:
        """All have posted before the first of them commits: whoever waited for another would wait for ever."""
        crowd = people(tables, AT_ONCE)
        escrows = [uuid4() for _ in crowd]
        with Books(url, pool_size=AT_ONCE) as books:
            for (fan, creator), escrow in zip(crowd, escrows, strict=True):
                books.post(*paid(fan, creator)[:1], flows.held(fan, escrow, Parts(0, PRICE)))
            books.post(*paid(*people(tables, 1)[0]))

            async def all_at_once() -> None:
                everybody = asyncio.Barrier(AT_ONCE)

                async def release(creator: WalletName, index: int) -> None:
                    async with books.database.unit() as db:
                        await db.ledger.post(flows.released(creator, escrows[index], PRICE, 2000))
                        await everybody.wait()

                async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
                    for index, (_, creator) in enumerate(crowd):
                        group.create_task(release(creator, index))

            books.run(all_at_once())
            assert books.findings() == []
        assert tally(tables, "escrow") == 0
        assert tally(tables, "commission") == (AT_ONCE + 1) * PRICE // 5
