"""The books are read again: each damage has its name, right ones have no findings, and beancount agrees."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from beancount import loader
from beancount.core.data import Open, Transaction
from hypothesis import given
from hypothesis import strategies as st

from domain.money import beancount, flows
from domain.money.books import Leg, WrittenTransfer
from domain.money.flows import Balances, Parts
from domain.money.ledger import FORMS, Form, Transfer, WalletName, platform
from persistence.money.books import CHECKS
from persistence.repositories import Repositories
from runtime.cli.ledger import written
from tests.conftest import Databases
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, load, wallet_of

ESCROW, OPEN, PAYOUT, DISPUTE, ACTOR = (UUID(int=number) for number in range(1, 6))


def life(fan: WalletName, creator: WalletName) -> list[Transfer]:
    """A transfer of every sort, one after the other."""
    return [
        flows.loaded(fan, UUID(int=9), PROVIDER, 1000),
        flows.load_fee(UUID(int=9), PROVIDER, 30),
        flows.rewarded(fan, uuid4(), 200),
        flows.strayed(PROVIDER, 'tr_"1"\\\n', 77),
        flows.held(fan, ESCROW, Parts(200, 300, 50)),
        flows.released(creator, ESCROW, 550, 1999),
        flows.held(fan, OPEN, Parts(0, 100)),
        flows.payout_requested(creator, PAYOUT, 1, 400),
        flows.payout_sent(PAYOUT, 1, 400),
        flows.payout_done(PAYOUT, 1, platform("rail", "Another Bank"), 400),
        flows.disputed(fan, DISPUTE, PROVIDER, 900, Balances(fan=600)),
        flows.debt_written_off(fan, uuid4(), 100, ACTOR),
        flows.settled(PROVIDER, "po_1", 50),
    ]


@pytest.fixture
def wallets(books: Books, rows: Tables) -> tuple[WalletName, WalletName]:
    fan, creator = wallet_of(rows, "fan", "FAN"), wallet_of(rows, "creator", "CREATOR")
    books.post(*life(fan, creator))
    return fan, creator


def exported(books: Books) -> str:
    async def work(db: Repositories) -> str:
        await db.books.open()
        return "".join([part async for part in written(db.books)])

    return books.do(work)


# What is done to the books while their triggers are off, and what must be found, with the thing that it names.
DAMAGE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "another amount in a leg": (
        "UPDATE ledger_entries SET amount = amount + 1 WHERE account_id = %(fan)s AND account_version = 1",
        {"sum": "USD", "transfer": "%(load)s", "balance": "%(fan)s", "chain": "%(fan)s", "line": "%(fan_wallet)s",
         "fingerprint": "%(load)s"},
    ),
    "another amount in a leg of ours": (
        "UPDATE ledger_entries SET amount = amount + 1 WHERE account_id = %(clearing)s AND transfer_id = %(load_id)s",
        {"sum": "USD", "transfer": "%(load)s", "fingerprint": "%(load)s"},
    ),
    "other amounts in both legs": (
        "UPDATE ledger_entries SET amount = amount * 2 WHERE transfer_id = %(stray_id)s",
        {"fingerprint": "stray:"},
    ),
    "a leg is gone": (
        "DELETE FROM ledger_entries WHERE account_id = %(clearing)s AND transfer_id = %(load_id)s",
        {"sum": "USD", "transfer": "%(load)s"},
    ),
    "all legs are gone": (
        "DELETE FROM ledger_entries WHERE transfer_id = %(load_id)s",
        {"transfer": "%(load)s", "balance": "%(fan)s", "chain": "%(fan)s", "line": "%(load_id)s"},
    ),
    "a transfer is gone": ("DELETE FROM ledger_transfers WHERE id = %(load_id)s", {"entry": "%(load_id)s"}),
    "a transfer that another settles is gone": (
        "DELETE FROM ledger_transfers WHERE key = %(hold)s",
        {"entry": "", "resolves": "release:"},
    ),
    "a transfer is about something else": (
        "UPDATE ledger_transfers SET about_id = 'x' WHERE id = %(load_id)s",
        {"fingerprint": "%(load)s"},
    ),
    "a transfer settles something else": (
        "UPDATE ledger_transfers SET resolves = %(load)s WHERE kind = 'release'",
        {"fingerprint": "release:"},
    ),
    "an entry of an account that is not there": (
        "UPDATE ledger_entries SET account_id = %(nobody)s WHERE account_id = %(commission)s",
        {"entry": "leg", "fingerprint": "release:"},
    ),
    "an account of another currency": (
        "UPDATE ledger_accounts SET currency = 'EUR' WHERE id = %(escrow)s",
        {"entry": "leg", "owner": "%(escrow)s"},
    ),
    "another balance": (
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE id = %(creator)s",
        {"balance": "%(creator)s", "wallet": "%(creator_wallet)s"},
    ),
    "other balances that balance each other": (
        "UPDATE ledger_accounts SET balance = balance + CASE id WHEN %(creator)s THEN -1 ELSE 1 END "
        "WHERE id IN (%(creator)s, %(fan)s)",
        {"balance": "%(creator)s", "wallet": "%(fan_wallet)s"},
    ),
    "another version": (
        "UPDATE ledger_accounts SET version = version + 1 WHERE id = %(creator)s",
        {"balance": "%(creator)s"},
    ),
    "another balance in an entry": (
        "UPDATE ledger_entries SET balance_after = balance_after + 1 "
        "WHERE account_id = %(fan)s AND account_version = 2",
        {"chain": "%(fan)s"},
    ),
    "entries in another order": (
        "UPDATE ledger_entries SET account_version = account_version + 7 "
        "WHERE account_id = %(fan)s AND account_version = 1",
        {"chain": "%(fan)s"},
    ),
    "a balance in an entry of ours": (
        "UPDATE ledger_entries SET balance_after = 0, account_version = 1 WHERE account_id = %(commission)s",
        {"entry": "leg", "chain": "%(commission)s"},
    ),
    "another balance in a checkpoint": (
        "INSERT INTO ledger_checkpoints (account_id, upto, balance) VALUES (%(escrow)s, "
        "pg_snapshot_xmin(pg_current_snapshot()), 101)",
        {"checkpoint": "%(escrow)s"},
    ),
    "another balance on the page": (
        "UPDATE wallets SET balance = balance + 1 WHERE id = %(creator_wallet)s",
        {"wallet": "%(creator_wallet)s"},
    ),
    "a line too many is counted": (
        "UPDATE wallets SET shown = shown + 1 WHERE id = %(creator_wallet)s",
        {"wallet": "%(creator_wallet)s"},
    ),
    "the last line is gone": (
        "DELETE FROM wallet_activity WHERE wallet_id = %(creator_wallet)s AND seq = 2",
        {"wallet": "%(creator_wallet)s", "line": "%(creator_wallet)s"},
    ),
    "a line in between is gone": (
        "DELETE FROM wallet_activity WHERE wallet_id = %(fan_wallet)s AND seq = 2",
        {"page": "%(fan_wallet)s", "line": "%(fan_wallet)s"},
    ),
    "a line of its own": (
        "INSERT INTO wallet_activity "
        "(wallet_id, seq, transfer_id, type, amount, balance_before, balance_after, about, about_id) "
        "VALUES (%(creator_wallet)s, 3, %(load_id)s, 'CREDIT', 5, 40, 45, 'X', '')",
        {"page": "%(creator_wallet)s", "line": "%(load_id)s"},
    ),
    "another amount in a line": (
        "UPDATE wallet_activity SET amount = amount + 1, balance_after = balance_after + 1 "
        "WHERE wallet_id = %(fan_wallet)s AND seq = 1",
        {"page": "%(fan_wallet)s", "line": "%(load_id)s"},
    ),
    "an account in another wallet": (
        "UPDATE ledger_accounts SET wallet_id = %(creator_wallet)s WHERE id = %(promo)s",
        {"owner": "%(promo)s"},
    ),
    "a wallet of somebody else": (
        "UPDATE wallets SET user_id = %(creator_user)s WHERE id = %(fan_wallet)s",
        {"owner": "%(fan)s"},
    ),
    "an account on the other side": (
        "UPDATE ledger_accounts SET normal = 'CREDIT' WHERE id = %(clearing)s",
        {"owner": "%(clearing)s"},
    ),
    "an account of no kind": (
        "UPDATE ledger_accounts SET code = 'savings' WHERE id = %(escrow)s",
        {"owner": "%(escrow)s"},
    ),
    "a wallet is gone": (
        "DELETE FROM wallets WHERE id = %(creator_wallet)s",
        {"page": "%(creator_wallet)s", "owner": "%(creator_wallet)s"},
    ),
}  # fmt: skip


def names(tables: Tables, fan: WalletName, creator: WalletName) -> dict[str, Any]:
    kinds = {row["kind"]: row for row in tables.rows("SELECT id, kind, key FROM ledger_transfers ORDER BY id DESC")}
    return {
        "fan_wallet": fan.id, "creator_wallet": creator.id, "creator_user": creator.user_id,
        "fan": fan.account("fan").id, "promo": fan.account("fan_promo").id, "creator": creator.account("creator").id,
        "escrow": platform("escrow").id, "clearing": platform("clearing", PROVIDER).id,
        "commission": platform("commission").id, "nobody": uuid4(), "load": kinds["load"]["key"],
        "load_id": kinds["load"]["id"], "stray_id": kinds["stray"]["id"], "hold": f"hold:{ESCROW}",
    }  # fmt: skip


class TestFindings:
    def test_right_books_have_none(self, books: Books, wallets: tuple[WalletName, WalletName]) -> None:
        assert books.findings() == []

    def test_empty_books_have_none(self, books: Books, rows: Tables) -> None:
        assert books.findings() == []

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_damage_has_its_name(
        self, books: Books, rows: Tables, wallets: tuple[WalletName, WalletName], damage: str
    ) -> None:
        known = names(rows, *wallets)
        statement, expected = DAMAGE[damage]
        rows.run("SET session_replication_role = replica")
        try:
            query, values = _given(statement, known)
            assert rows.run(query, *values) > 0
        finally:
            rows.run("SET session_replication_role = origin")
        found = books.findings()
        for check, what in expected.items():
            named = [finding.what + finding.expected for finding in found if finding.check == check]
            assert any(what % known in each for each in named), f"{check} of {[str(each) for each in found]}"

    def test_a_balance_below_its_floor(self, databases: Databases) -> None:
        url = databases.migrated()
        with Tables(url) as tables, Books(url) as books:
            tables.run("ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_floor")
            tables.run("ALTER TABLE wallets DROP CONSTRAINT ck_wallets_balance")
            fan = wallet_of(tables, "fan", "FAN")
            books.post(load(fan, 100), flows.held(fan, ESCROW, Parts(0, 101)))
            (finding,) = books.findings()
            assert (finding.check, finding.found) == ("floor", "-1")

    def test_every_check_is_tried(self) -> None:
        assert {check for _, expected in DAMAGE.values() for check in expected} | {"floor"} == {
            *CHECKS, "transfer", "owner", "fingerprint",
        }  # fmt: skip

    def test_nothing_can_be_written_meanwhile(self, books: Books, rows: Tables) -> None:
        fan = wallet_of(rows, "fan", "FAN")

        async def work(db: Repositories) -> None:
            await db.books.open()
            await db.ledger.post(load(fan))

        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            books.do(work)


def _given(statement: str, known: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """With values by their places, as ``Tables`` takes them."""
    parts = statement.split("%(")
    text, values = parts[0], []
    for part in parts[1:]:
        name, _, rest = part.partition(")s")
        values.append(known[name])
        text += "%s" + rest
    return text, values


class TestBeancount:
    def test_reads_the_books_as_we_do(self, books: Books, rows: Tables, wallets: tuple[WalletName, WalletName]) -> None:
        entries, errors, _ = loader.load_string(exported(books))
        assert errors == []
        transactions = [entry for entry in entries if isinstance(entry, Transaction)]
        keys = {row["key"] for row in rows.rows("SELECT key FROM ledger_transfers")}
        assert {entry.meta["key"] for entry in transactions} == keys
        assert len(transactions) == len(keys)
        added: dict[str, Decimal] = defaultdict(Decimal)
        for posting in (each for entry in transactions for each in entry.postings):
            assert posting.units is not None
            assert posting.units.number is not None
            added[posting.account] += posting.units.number
        query = """
            SELECT a.code, a.wallet_id, coalesce(sum(e.amount), 0)::bigint AS sum
            FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id GROUP BY a.id
        """
        ours = {
            beancount.name_of(row["code"], row["wallet_id"]): Decimal(-row["sum"]) / 100 for row in rows.rows(query)
        }
        assert {entry.account for entry in entries if isinstance(entry, Open)} == ours.keys()
        assert {name: added[name] for name in ours} == ours

    @pytest.mark.parametrize(
        ("ours", "other"), [("  10.00 USD", "  10.01 USD"), ("Escrow  -1.00 ~", "Escrow  -1.01 ~")]
    )
    def test_refuses_them_with_another_amount(
        self, books: Books, wallets: tuple[WalletName, WalletName], ours: str, other: str
    ) -> None:
        """Once in a transfer, once in what an account must have."""
        text = exported(books)
        assert ours in text
        _, errors, _ = loader.load_string(text.replace(ours, other, 1))
        assert errors

    def test_reads_books_without_a_transfer(self, books: Books, rows: Tables) -> None:
        _, errors, _ = loader.load_string(exported(books))
        assert errors == []

    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
    def test_reads_any_text_of_a_provider(self, text: str) -> None:
        legs = (Leg("bank", None, 5), Leg("goodwill", None, -5))
        transfer = WrittenTransfer(
            uuid4(), text, "stray", "VENDOR", text, text, None, "USD", datetime(2026, 12, 1, tzinfo=UTC), legs
        )
        opened = f"{beancount.OPENED} open Assets:Bank\n{beancount.OPENED} open Expenses:Goodwill\n"
        entries, errors, _ = loader.load_string(opened + beancount.entry(transfer))
        assert errors == []
        (read,) = (entry for entry in entries if isinstance(entry, Transaction))
        assert (read.meta["key"], read.narration) == (text, f"VENDOR {text}".rstrip())

    @given(st.sets(st.text(max_size=12), min_size=2, max_size=6), st.sampled_from([*FORMS]), st.uuids())
    def test_accounts_have_names_of_their_own_which_it_takes(
        self, providers: set[str], code: str, wallet: UUID
    ) -> None:
        form: Form = FORMS[code]
        found = [
            beancount.name_of(f"{code}:{provider}" if form.of_provider else code, wallet if form.wallets else None)
            for provider in sorted(providers)
        ]
        assert all(before != after for before, after in pairwise(found)) or not form.of_provider
        assert set(beancount.NAMES) == set(FORMS)
        _, errors, _ = loader.load_string("".join(f"2026-01-01 open {name} USD\n" for name in set(found)))
        assert errors == []
