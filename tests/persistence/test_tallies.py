"""What accounts of the platform have is right at any time, with checkpoints and without."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from domain.money import flows
from domain.money.flows import Parts
from domain.money.ledger import Account, platform
from jobs.money import checkpoint
from persistence.repositories import Repositories
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, load, wallet_of

CLEARING = platform("clearing", PROVIDER)
NOTED = "SELECT balance, upto::text FROM ledger_checkpoints WHERE account_id = %s"


def balance(books: Books, account: Account = CLEARING) -> int:
    async def work(db: Repositories) -> int:
        return await db.tallies.balance(account)

    return books.do(work)


def test_nothing_was_posted(books: Books) -> None:
    assert balance(books) == 0
    books.run(checkpoint(books.uow))
    assert balance(books) == 0


def test_is_the_same_with_a_checkpoint_and_without(books: Books, rows: Tables) -> None:
    fan = wallet_of(rows, "fan", "FAN")
    books.post(load(fan, 1000))
    assert balance(books) == -1000
    for amount, total in ((10, -1010), (20, -1030)):
        books.run(checkpoint(books.uow))
        assert rows.one(NOTED, CLEARING.id)["balance"] == total + amount
        assert balance(books) == total + amount
        books.post(load(fan, amount))
        assert balance(books) == total


def test_only_accounts_of_ours_are_noted(books: Books, rows: Tables) -> None:
    books.post(load(wallet_of(rows, "fan", "FAN")))
    books.run(checkpoint(books.uow))
    assert [row["account_id"] for row in rows.rows("SELECT account_id FROM ledger_checkpoints")] == [CLEARING.id]


def test_whoever_began_before_and_commits_after_is_not_lost(books: Books, rows: Tables) -> None:
    """While one transaction is under way, later ones commit and a checkpoint is written."""
    slow, quick = wallet_of(rows, "slow", "FAN"), wallet_of(rows, "quick", "FAN")
    books.post(load(slow, 1), load(quick, 1))

    async def work(db: Repositories) -> None:
        await db.ledger.post(load(slow, 500))
        async with books.uow() as other:
            await other.ledger.post(load(quick, 70))
        await checkpoint(books.uow)
        async with books.uow() as other:
            assert await other.tallies.balance(CLEARING) == -72

    books.do(work)
    assert rows.one(NOTED, CLEARING.id)["balance"] == -2  # both come after it
    assert balance(books) == -572
    books.run(checkpoint(books.uow))
    assert rows.one(NOTED, CLEARING.id)["balance"] == -572
    assert balance(books) == -572


def test_one_of_another_server_counts_for_nothing(books: Books, rows: Tables) -> None:
    """As after a restore from a dump: its transactions had other numbers."""
    fan = wallet_of(rows, "fan", "FAN")
    books.post(load(fan, 1000))
    insertion = "INSERT INTO ledger_checkpoints (account_id, upto, balance) VALUES (%s, '999999999999', -1)"
    rows.run(insertion, CLEARING.id)
    books.post(load(fan, 5))
    assert balance(books) == -1005
    books.run(checkpoint(books.uow))
    assert rows.one(NOTED, CLEARING.id)["balance"] == -1005
    assert balance(books) == -1005


def test_adds_up_what_came_since_by_its_index(database_url: str, books: Books, rows: Tables) -> None:
    books.post(load(wallet_of(rows, "fan", "FAN")), flows.settled(PROVIDER, str(uuid4()), 5))
    query = b"SELECT sum(amount) FROM ledger_entries WHERE account_id = %s AND created_xid >= '1'"
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(str(line) for line in connection.execute(b"EXPLAIN " + query, [CLEARING.id]).fetchall())
    assert "ix_ledger_entries_tally" in plan


class TestEntries:
    """How many an account of ours has is counted from where it was counted last."""

    @staticmethod
    def count(books: Books) -> int:
        async def work(db: Repositories) -> int:
            return (await db.tallies.tally(CLEARING)).entries

        return books.do(work)

    def test_none(self, books: Books) -> None:
        assert self.count(books) == 0

    def test_with_a_checkpoint_and_without(self, books: Books, rows: Tables) -> None:
        fan = wallet_of(rows, "fan", "FAN")
        for number in range(1, 4):
            books.post(load(fan, 10))
            assert self.count(books) == number
            books.run(checkpoint(books.uow))
            assert self.count(books) == number
        assert rows.one("SELECT entries FROM ledger_checkpoints")["entries"] == 3

    def test_a_server_of_before_moves_the_balance_alone(self, books: Books, rows: Tables) -> None:
        fan = wallet_of(rows, "fan", "FAN")
        books.post(load(fan, 10))
        books.run(checkpoint(books.uow))
        books.post(load(fan, 20))
        rows.run("UPDATE ledger_checkpoints SET upto = pg_snapshot_xmin(pg_current_snapshot()), balance = -30")
        assert (balance(books), self.count(books)) == (-30, 2)
        rows.run("UPDATE ledger_checkpoints SET counted = NULL, entries = NULL")
        assert self.count(books) == 2
        books.run(checkpoint(books.uow))
        assert rows.one("SELECT entries FROM ledger_checkpoints")["entries"] == 2


ADDED_UP = """
SELECT a.code, count(DISTINCT a.id) AS accounts, count(*) AS entries, CAST(sum(e.amount) AS bigint) AS balance
FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id JOIN ledger_transfers t ON t.id = e.transfer_id
WHERE t.created_at <= %s GROUP BY a.code ORDER BY a.code
"""


def test_kinds_of_accounts_have_what_their_entries_add_up_to_at_any_moment(books: Books, rows: Tables) -> None:
    fan, other, creator = (
        wallet_of(rows, "fan", "FAN"),
        wallet_of(rows, "other", "FAN"),
        wallet_of(rows, "c", "CREATOR"),
    )
    price = uuid4()
    for transfer in (
        load(fan, 1000), flows.held(fan, price, Parts(0, 300)), load(other, 50),
        flows.released(creator, price, 300, 2000), load(fan, 7),
    ):  # fmt: skip
        books.post(transfer)
    books.run(checkpoint(books.uow))

    def told(at: datetime | None) -> list[tuple[Any, ...]]:
        async def work(db: Repositories) -> list[tuple[Any, ...]]:
            return [(row.code, row.accounts, row.entries, row.balance) for row in await db.tallies.kinds(at)]

        return books.do(work)

    moments = [row["created_at"] for row in rows.rows("SELECT created_at FROM ledger_transfers ORDER BY created_at")]
    for at in (moments[0] - timedelta(seconds=1), *moments, datetime(1, 1, 1, tzinfo=UTC)):
        assert told(at) == [tuple(row.values()) for row in rows.rows(ADDED_UP, at)]
    assert told(None) == told(moments[-1])
