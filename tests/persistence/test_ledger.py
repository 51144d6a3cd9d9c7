"""What is posted to the ledger, and what the database itself refuses."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.money import flows
from domain.money.flows import Balances, Parts
from domain.money.ledger import (
    AlreadyResolved,
    InsufficientBalance,
    Transfer,
    TransferDiffers,
    WalletName,
    platform,
)
from persistence.engine.database import Database
from persistence.money.ledger import Posted
from persistence.repositories import Repositories
from tests.conftest import Databases
from tests.handlers.support import insert
from tests.harness import Tables, bare_database
from tests.statements import asked

PROVIDER = "sandbox"
FULL = Parts(promo=200, fan=300)


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated()


@pytest.fixture
def tables(url: str) -> Iterator[Tables]:
    with Tables(url) as found:
        found.empty()
        yield found


Do = Callable[[Repositories], Awaitable[Any]]


class Books:
    """Each call is a unit of work of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def use(self, *works: Do) -> list[Any]:
        """All at once, each in its own unit; what one raised is its result."""

        async def run() -> list[Any]:
            database = bare_database(self.url)
            try:
                return await asyncio.gather(*(self._one(database, work) for work in works), return_exceptions=True)
            finally:
                await database.close()

        return asyncio.run(run())

    @staticmethod
    async def _one(database: Database, work: Do) -> Any:
        async with database.unit() as db:
            return await work(db)

    def do(self, work: Do) -> Any:
        (result,) = self.use(work)
        if isinstance(result, BaseException):
            raise result
        return result

    def post(self, *transfers: Transfer) -> list[Posted]:
        async def work(db: Repositories) -> list[Posted]:
            return [await db.ledger.post(each) for each in transfers]

        return list(self.do(work))

    def balances(self, wallet: WalletName) -> Balances:
        async def work(db: Repositories) -> Balances:
            return await db.ledger.balances(wallet)

        found: Balances = self.do(work)
        return found


@pytest.fixture
def books(url: str, tables: Tables) -> Books:
    return Books(url)


@pytest.fixture
def fan(tables: Tables) -> WalletName:
    return WalletName(insert(tables, "users", email="fan@example.com", username="fan", referral_code="F"), "FAN")


@pytest.fixture
def creator(tables: Tables) -> WalletName:
    values = {"email": "creator@example.com", "username": "creator", "referral_code": "C"}
    return WalletName(insert(tables, "users", **values), "CREATOR")


def load(fan: WalletName, amount: int = 1000) -> Transfer:
    return flows.loaded(fan, uuid4(), PROVIDER, amount)


def wallet_row(tables: Tables, wallet: WalletName) -> dict[str, Any]:
    return tables.one("SELECT balance, shown FROM wallets WHERE id = %s", wallet.id)


def tally(tables: Tables, code: str) -> int:
    query = "SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries WHERE account_id = %s"
    provider = PROVIDER if code in {"clearing", "suspense", "rail"} else None
    return int(tables.one(query, platform(code, provider).id)["n"])


class TestPost:
    def test_the_first_money_makes_the_wallet(self, books: Books, tables: Tables, fan: WalletName) -> None:
        (posted,) = books.post(load(fan))
        assert posted.new
        assert wallet_row(tables, fan) == {"balance": 1000, "shown": 1}
        assert books.balances(fan) == Balances(fan=1000)
        assert tally(tables, "clearing") == -1000
        line = tables.one("SELECT type, amount, balance_before, balance_after, about FROM wallet_activity")
        assert line == {
            "type": "CREDIT", "amount": 1000, "balance_before": 0, "balance_after": 1000, "about": "PAYMENT_CHECKOUT",
        }  # fmt: skip

    def test_twice_is_once(self, books: Books, tables: Tables, fan: WalletName) -> None:
        transfer = load(fan)
        (first,), (second,) = books.post(transfer), books.post(transfer)
        assert (second.id, second.new) == (first.id, False)
        assert wallet_row(tables, fan) == {"balance": 1000, "shown": 1}

    def test_all_at_once_are_once(self, books: Books, tables: Tables, fan: WalletName) -> None:
        transfer = load(fan)
        posted = books.use(*[lambda db: db.ledger.post(transfer)] * 50)
        assert sorted(each.new for each in posted) == [False] * 49 + [True]
        assert wallet_row(tables, fan) == {"balance": 1000, "shown": 1}

    def test_differently_is_an_alarm(self, books: Books, fan: WalletName) -> None:
        payment = uuid4()
        books.post(flows.loaded(fan, payment, PROVIDER, 1000))
        with pytest.raises(TransferDiffers, match=f"load:{payment}"):
            books.post(flows.loaded(fan, payment, PROVIDER, 1001))

    def test_no_account_falls_below_its_floor(self, books: Books, tables: Tables, fan: WalletName) -> None:
        books.post(load(fan, 499))
        with pytest.raises(InsufficientBalance):
            books.post(flows.held(fan, uuid4(), Parts(0, 500)))
        assert wallet_row(tables, fan) == {"balance": 499, "shown": 1}

    def test_what_is_held_is_settled_once(
        self, books: Books, tables: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        escrow = uuid4()
        books.post(load(fan), flows.held(fan, escrow, Parts(0, 500)))
        books.post(flows.released(creator, escrow, 500, 1999))
        assert books.balances(creator) == Balances(creator=401)
        assert (tally(tables, "commission"), tally(tables, "escrow")) == (99, 0)
        with pytest.raises(AlreadyResolved):
            books.post(flows.unheld(fan, escrow, Parts(0, 500)))

    def test_what_was_never_held_is_not_settled(self, books: Books, creator: WalletName) -> None:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            books.post(flows.released(creator, uuid4(), 500, 2000))

    def test_gifts_go_first_and_come_back_as_such(self, books: Books, fan: WalletName) -> None:
        books.post(load(fan), flows.rewarded(fan, uuid4(), 200))
        parts, escrow = flows.parts_of(500, books.balances(fan)), uuid4()
        assert parts == FULL
        books.post(flows.held(fan, escrow, parts))
        assert books.balances(fan) == Balances(fan=700)
        books.post(flows.unheld(fan, escrow, parts))
        assert books.balances(fan) == Balances(fan=1000, promo=200)

    def test_what_was_spent_becomes_debt_and_is_paid_first(self, books: Books, tables: Tables, fan: WalletName) -> None:
        dispute = uuid4()
        books.post(load(fan), flows.held(fan, uuid4(), Parts(0, 1000)))
        books.post(flows.disputed(fan, dispute, PROVIDER, 1000, books.balances(fan)))
        assert books.balances(fan) == Balances(debt=1000)
        line = tables.one("SELECT type, amount, balance_after FROM wallet_activity WHERE seq = 3")
        assert line == {"type": "CHARGEBACK", "amount": 0, "balance_after": 0}
        books.post(flows.dispute_won(fan, dispute, PROVIDER, 1000, books.balances(fan)))
        assert books.balances(fan) == Balances()
        assert wallet_row(tables, fan)["shown"] == 3

    def test_is_three_statements_and_four_for_a_new_wallet(self, url: str, fan: WalletName, tables: Tables) -> None:
        database = bare_database(url)

        async def posting() -> list[int]:
            counts = []
            for _ in range(2):
                with asked(database) as seen:
                    async with database.unit() as db:
                        await db.ledger.post(load(fan))
                counts.append(len(seen))
            await database.close()
            return counts

        assert asyncio.run(posting()) == [4, 3]


class TestSpending:
    def test_at_once_never_goes_below_nothing(self, books: Books, tables: Tables, fan: WalletName) -> None:
        books.post(load(fan, 1000))
        results = books.use(*[lambda db: db.ledger.post(flows.held(fan, uuid4(), Parts(0, 100)))] * 64)
        assert sum(isinstance(each, Posted) for each in results) == 10
        assert sum(isinstance(each, InsufficientBalance) for each in results) == 54
        assert wallet_row(tables, fan) == {"balance": 0, "shown": 11}
        assert tally(tables, "escrow") == 1000
