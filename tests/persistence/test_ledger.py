"""What is posted to the ledger. What the database itself refuses stands in ``test_ledger_refusals.py``."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from domain.money import flows
from domain.money.flows import Balances, Parts
from domain.money.ledger import AlreadyResolved, InsufficientBalance, TransferDiffers, WalletName
from persistence.money.ledger import Posted
from tests.harness import Tables, bare_database
from tests.ledger import PROVIDER, Books, load, tally, wallet_row
from tests.statements import asked

FULL = Parts(promo=200, fan=300)


class TestPost:
    def test_the_first_money_makes_the_wallet(self, books: Books, rows: Tables, fan: WalletName) -> None:
        (posted,) = books.post(load(fan))
        assert posted.new
        assert wallet_row(rows, fan) == {"balance": 1000, "shown": 1}
        assert books.balances(fan) == Balances(fan=1000)
        assert tally(rows, "clearing:sandbox") == -1000
        line = rows.one("SELECT type, amount, balance_before, balance_after, about FROM wallet_activity")
        assert line == {
            "type": "CREDIT", "amount": 1000, "balance_before": 0, "balance_after": 1000, "about": "PAYMENT_CHECKOUT",
        }  # fmt: skip

    def test_twice_is_once(self, books: Books, rows: Tables, fan: WalletName) -> None:
        transfer = load(fan)
        (first,), (second,) = books.post(transfer), books.post(transfer)
        assert (second.id, second.new) == (first.id, False)
        assert wallet_row(rows, fan) == {"balance": 1000, "shown": 1}

    def test_all_at_once_are_once(self, books: Books, rows: Tables, fan: WalletName) -> None:
        transfer = load(fan)
        posted = books.use(*[lambda db: db.ledger.post(transfer)] * 50)
        assert sorted(each.new for each in posted) == [False] * 49 + [True]
        assert wallet_row(rows, fan) == {"balance": 1000, "shown": 1}

    def test_differently_is_an_alarm(self, books: Books, fan: WalletName) -> None:
        payment = uuid4()
        books.post(flows.loaded(fan, payment, PROVIDER, 1000))
        with pytest.raises(TransferDiffers, match=f"load:{payment}"):
            books.post(flows.loaded(fan, payment, PROVIDER, 1001))

    def test_no_account_falls_below_its_floor(self, books: Books, rows: Tables, fan: WalletName) -> None:
        books.post(load(fan, 499))
        with pytest.raises(InsufficientBalance):
            books.post(flows.held(fan, uuid4(), Parts(0, 500)))
        assert wallet_row(rows, fan) == {"balance": 499, "shown": 1}

    def test_what_is_held_is_settled_once(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        escrow = uuid4()
        books.post(load(fan), flows.held(fan, escrow, Parts(0, 500)))
        books.post(flows.released(creator, escrow, 500, 1999))
        assert books.balances(creator) == Balances(creator=401)
        assert (tally(rows, "commission"), tally(rows, "escrow")) == (99, 0)
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

    def test_what_was_spent_becomes_debt_and_is_paid_first(self, books: Books, rows: Tables, fan: WalletName) -> None:
        dispute = uuid4()
        books.post(load(fan), flows.held(fan, uuid4(), Parts(0, 1000)))
        books.post(flows.disputed(fan, dispute, PROVIDER, 1000, books.balances(fan)))
        assert books.balances(fan) == Balances(debt=1000)
        line = rows.one("SELECT type, amount, balance_after FROM wallet_activity WHERE seq = 3")
        assert line == {"type": "CHARGEBACK", "amount": 0, "balance_after": 0}
        books.post(flows.dispute_won(fan, dispute, PROVIDER, 1000, books.balances(fan)))
        assert books.balances(fan) == Balances()
        assert wallet_row(rows, fan)["shown"] == 3

    def test_is_three_statements_and_four_for_a_new_wallet(self, database_url: str, fan: WalletName) -> None:
        database = bare_database(database_url)

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
    def test_at_once_never_goes_below_nothing(self, books: Books, rows: Tables, fan: WalletName) -> None:
        books.post(load(fan, 1000))
        results = books.use(*[lambda db: db.ledger.post(flows.held(fan, uuid4(), Parts(0, 100)))] * 64)
        assert sum(isinstance(each, Posted) for each in results) == 10
        assert sum(isinstance(each, InsufficientBalance) for each in results) == 54
        assert wallet_row(rows, fan) == {"balance": 0, "shown": 11}
        assert tally(rows, "escrow") == 1000
