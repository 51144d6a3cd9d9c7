"""The ledger, without a server: units of work on one event loop, wallets as rows, what accounts hold."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self, TypeVar
from uuid import uuid4

from domain.money import flows
from domain.money.books import Finding
from domain.money.flows import Balances
from domain.money.ledger import Transfer, WalletName, WalletType
from persistence.engine.database import NOBODY
from persistence.engine.uow import UnitOfWork
from persistence.money.ledger import Posted
from persistence.repositories import Repositories
from tests.handlers.support import insert
from tests.harness import Tables, bare_database

PROVIDER = "sandbox"

T = TypeVar("T")
Do = Callable[[Repositories], Awaitable[T]]


class Books:
    """Each call is a unit of work of its own."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self._runner = asyncio.Runner()
        self.database = bare_database(url, pool_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.database.close())
        self._runner.close()

    def use(self, *works: Do[Any]) -> list[Any]:
        """All at once, each in its own unit; what one raised is its result."""

        async def run() -> list[Any]:
            return await asyncio.gather(*map(self._one, works), return_exceptions=True)

        return self._runner.run(run())

    async def _one(self, work: Do[T]) -> T:
        async with self.database.unit() as db:
            return await work(db)

    def do(self, work: Do[T]) -> T:
        return self.run(self._one(work))

    @property
    def uow(self) -> UnitOfWork:
        return UnitOfWork(self.database, NOBODY)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """A job, which makes units of its own."""
        return self._runner.run(work)

    def post(self, *transfers: Transfer) -> list[Posted]:
        async def work(db: Repositories) -> list[Posted]:
            return [await db.ledger.post(each) for each in transfers]

        return self.do(work)

    def findings(self) -> list[Finding]:
        """What is wrong in them, as ``biore ledger verify`` reads it."""

        async def work(db: Repositories) -> list[Finding]:
            await db.books.open()
            return [finding async for finding in db.books.findings()]

        return self.do(work)

    def balances(self, wallet: WalletName) -> Balances:
        async def work(db: Repositories) -> Balances:
            return await db.ledger.balances(wallet)

        return self.do(work)


def wallet_of(tables: Tables, name: str, kind: WalletType) -> WalletName:
    """Of a new account with that name. There is none in the database before its first money."""
    values = {"email": f"{name}@example.com", "username": name, "referral_code": name.upper()}
    return WalletName(insert(tables, "users", **values), kind)


def load(fan: WalletName, amount: int = 1000) -> Transfer:
    return flows.loaded(fan, uuid4(), PROVIDER, amount)


def wallet_row(tables: Tables, wallet: WalletName) -> dict[str, Any]:
    return tables.one("SELECT balance, shown FROM wallets WHERE id = %s", wallet.id)


def tally(tables: Tables, code: str) -> int:
    """What an account of the platform has: the sum of its entries."""
    query = "SELECT coalesce(sum(e.amount), 0)::bigint AS n FROM ledger_entries e JOIN ledger_accounts a "
    return int(tables.one(f"{query} ON a.id = e.account_id WHERE a.code = %s", code)["n"])
