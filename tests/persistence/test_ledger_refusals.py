"""What the database refuses whoever has a connection to it, each by its name: no code of ours stands in between."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.money import flows
from domain.money.flows import Parts
from domain.money.ledger import platform
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, load, wallet_of

TABLES = ("ledger_accounts", "ledger_entries", "ledger_transfers", "wallet_activity", "wallets")

TRANSFER = """
INSERT INTO ledger_transfers (id, key, fingerprint, kind, currency, about, about_id)
VALUES (%(new)s, 'by:hand', '', 'by', 'USD', 'HAND', '')
"""
RESOLVING = """
INSERT INTO ledger_transfers (id, key, fingerprint, kind, currency, about, about_id, resolves)
VALUES (%(new)s, 'by:hand', '', 'by', 'USD', 'HAND', '', {})
"""
LEGS = "INSERT INTO ledger_entries (transfer_id, leg, account_id, amount) VALUES "
PAIR = LEGS + "(%(new)s, 1, %(escrow)s, 100), (%(new)s, 2, %(clearing)s, -100)"
# As the code does it, with one thing amiss in each: `by` is what the account gets, `says` what its entry says it gets.
POSTING = """
WITH moved AS (
    UPDATE ledger_accounts SET balance = balance + {by}, version = version + 1 WHERE id = %({account})s
    RETURNING id, balance, version
)
INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after, account_version)
SELECT %(new)s, 1, id, {says}, balance, version FROM moved
UNION ALL SELECT %(new)s, 2, %(clearing)s, -({says}), NULL, NULL
"""
LINE = """
INSERT INTO wallet_activity (wallet_id, seq, transfer_id, type, amount, balance_before, balance_after, about, about_id)
VALUES (%(fan_wallet)s, {seq}, {transfer}, 'CREDIT', {amount}, {before}, {after}, 'X', '')
"""


def posting(account: str, by: int, says: int | None = None) -> tuple[str, str]:
    return TRANSFER, POSTING.format(account=account, by=by, says=by if says is None else says)


REFUSED: Mapping[str, tuple[tuple[str, ...], str]] = {
    # ── Legs ──
    "one leg": ((TRANSFER, LEGS + "(%(new)s, 1, %(escrow)s, 100)"), "ck_ledger_entries_balanced"),
    "legs that do not sum to zero": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(escrow)s, 100), (%(new)s, 2, %(clearing)s, -99)"),
        "ck_ledger_entries_balanced",
    ),
    "two transfers that balance each other only": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(escrow)s, 100), (%(load)s, 9, %(escrow)s, -100)"),
        "ck_ledger_entries_balanced",
    ),
    "a third leg later": (
        (TRANSFER, PAIR, LEGS + "(%(new)s, 3, %(commission)s, 100)"),
        "ck_ledger_entries_balanced",
    ),
    "two more legs later": (
        (TRANSFER, PAIR, LEGS + "(%(new)s, 3, %(commission)s, 1), (%(new)s, 4, %(bank)s, -1)"),
        "ck_ledger_entries_balanced",
    ),
    "two more legs for a transfer of yesterday": (
        (LEGS + "(%(load)s, 3, %(escrow)s, 100), (%(load)s, 4, %(commission)s, -100)",),
        "ck_ledger_entries_balanced",
    ),
    "two currencies": (
        (
            TRANSFER,
            "INSERT INTO ledger_accounts (id, code, currency, normal) VALUES (%(euro)s, 'escrow', 'EUR', 'CREDIT')",
            LEGS + "(%(new)s, 1, %(euro)s, 100), (%(new)s, 2, %(clearing)s, -100)",
        ),
        "ck_ledger_entries_account",
    ),
    "an account that is not there": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(nobody)s, 100), (%(new)s, 2, %(clearing)s, -100)"),
        "ck_ledger_entries_account",
    ),
    "a transfer that is not there": ((PAIR,), "fk_ledger_entries_transfer_id"),
    "an account twice": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(escrow)s, 100), (%(new)s, 2, %(escrow)s, -100)"),
        "uq_ledger_entries_of_account",
    ),
    "a leg of nothing": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(escrow)s, 0), (%(new)s, 2, %(clearing)s, 0)"),
        "ck_ledger_entries_amount",
    ),
    "more than a leg may move": (
        (TRANSFER, LEGS + f"(%(new)s, 1, %(escrow)s, {10**12 + 1}), (%(new)s, 2, %(clearing)s, {-(10**12) - 1})"),
        "ck_ledger_entries_amount",
    ),
    # ── Balances of accounts ──
    "a balance without an entry": (
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE id = %(fan)s",),
        "ck_ledger_accounts_entry",
    ),
    "a balance and a version without an entry": (
        ("UPDATE ledger_accounts SET balance = balance + 1, version = version + 1 WHERE id = %(fan)s",),
        "ck_ledger_accounts_entry",
    ),
    "a version without an entry": (
        ("UPDATE ledger_accounts SET version = version + 1 WHERE id = %(fan)s",),
        "ck_ledger_accounts_entry",
    ),
    "a balance that its entry does not explain": (posting("fan", by=200, says=100), "ck_ledger_accounts_entry"),
    "an account that begins with something": (
        (
            "INSERT INTO ledger_accounts (id, wallet_id, code, currency, normal, balance, version) "
            "VALUES (%(nobody)s, %(fan_wallet)s, 'another', 'USD', 'CREDIT', 100, 0)",
        ),
        "ck_ledger_accounts_entry",
    ),
    "an entry that no account follows": (
        (
            TRANSFER,
            "INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after, account_version) "
            "VALUES (%(new)s, 1, %(fan)s, 100, 800, 3), (%(new)s, 2, %(clearing)s, -100, NULL, NULL)",
        ),
        "ck_ledger_entries_chained",
    ),
    "an entry of a wallet's account without its balance": (
        (TRANSFER, LEGS + "(%(new)s, 1, %(fan)s, 100), (%(new)s, 2, %(clearing)s, -100)"),
        "ck_ledger_entries_chained",
    ),
    "a balance in an entry of ours": (
        (
            TRANSFER,
            "INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after, account_version) "
            "VALUES (%(new)s, 1, %(escrow)s, 100, 100, 1), (%(new)s, 2, %(clearing)s, -100, NULL, NULL)",
        ),
        "ck_ledger_entries_chained",
    ),
    "an entry with a balance and no version": (
        (
            TRANSFER,
            "INSERT INTO ledger_entries (transfer_id, leg, account_id, amount, balance_after) "
            "VALUES (%(new)s, 1, %(fan)s, 100, 800)",
        ),
        "ck_ledger_entries_guarded",
    ),
    "less than nothing": (posting("fan", by=-701), "ck_ledger_accounts_floor"),
    "debt that we owe": (posting("debt", by=1), "ck_ledger_accounts_floor"),
    "a balance for an account of ours": (
        ("UPDATE ledger_accounts SET balance = 0, version = 1 WHERE id = %(escrow)s",),
        "ck_ledger_accounts_guarded",
    ),
    "a second account of a kind in a wallet": (
        (
            "INSERT INTO ledger_accounts (id, wallet_id, code, currency, normal, balance, version) "
            "VALUES (%(nobody)s, %(fan_wallet)s, 'fan', 'USD', 'CREDIT', 0, 0)",
        ),
        "uq_ledger_accounts_of_wallet",
    ),
    "a second account of ours of a kind": (
        ("INSERT INTO ledger_accounts (id, code, currency, normal) VALUES (%(nobody)s, 'escrow', 'USD', 'CREDIT')",),
        "uq_ledger_accounts_of_platform",
    ),
    # ── What a wallet shows ──
    "another balance on the page": (
        ("UPDATE wallets SET balance = balance + 1 WHERE id = %(fan_wallet)s",),
        "ck_wallets_activity",
    ),
    "another balance on the page that counts a line": (
        ("UPDATE wallets SET balance = balance + 1, shown = shown + 1 WHERE id = %(fan_wallet)s",),
        "ck_wallets_activity",
    ),
    "a line of the page that does not say the balance": (
        (
            TRANSFER,
            LINE.format(seq=3, transfer="%(new)s", amount=1, before=700, after=701),
            "UPDATE wallets SET balance = balance + 2, shown = shown + 1 WHERE id = %(fan_wallet)s",
        ),
        "ck_wallets_activity",
    ),
    "a page that begins with something": (
        (
            "INSERT INTO wallets (id, user_id, type, currency, balance) "
            "VALUES (%(nobody)s, %(fan_user)s, 'CREATOR', 'USD', 1)",
        ),
        "ck_wallets_activity",
    ),
    "a page below nothing": (
        ("UPDATE wallets SET balance = -1, shown = shown + 1 WHERE id = %(fan_wallet)s",),
        "ck_wallets_balance",
    ),
    "a line that does not add up": (
        (TRANSFER, LINE.format(seq=3, transfer="%(new)s", amount=1, before=700, after=702)),
        "ck_wallet_activity_adds_up",
    ),
    "a line about nothing": (
        (TRANSFER, LINE.format(seq=3, transfer="%(new)s", amount=0, before=700, after=700)),
        "ck_wallet_activity_amount",
    ),
    "two lines about a transfer": (
        (LINE.format(seq=3, transfer="%(load)s", amount=1, before=700, after=701),),
        "uq_wallet_activity_transfer",
    ),
    "a line in the place of another": (
        (TRANSFER, LINE.format(seq=1, transfer="%(new)s", amount=1, before=0, after=1)),
        "pk_wallet_activity",
    ),
    "a second wallet of a kind": (
        ("INSERT INTO wallets (id, user_id, type, currency) VALUES (%(nobody)s, %(fan_user)s, 'FAN', 'USD')",),
        "uq_wallets_owner",
    ),
    "a wallet that is frozen for no reason": (
        ("UPDATE wallets SET frozen_at = now() WHERE id = %(fan_wallet)s",),
        "ck_wallets_frozen",
    ),
    # ── Once ──
    "a second resolver": (
        (RESOLVING.format("%(settled)s"),),
        "uq_ledger_transfers_resolves",
    ),
    "a resolver of nothing": (
        (RESOLVING.format("'hold:nothing'"),),
        "fk_ledger_transfers_resolves",
    ),
    "a key twice": ((TRANSFER, TRANSFER.replace("%(new)s", "gen_random_uuid()")), "uq_ledger_transfers_key"),
    # ── Moving accounts and wallets ──
    "an account of another wallet": (
        ("UPDATE ledger_accounts SET wallet_id = %(creator_wallet)s WHERE id = %(fan)s",),
        "ledger_accounts is append-only",
    ),
    "an account of another kind": (
        ("UPDATE ledger_accounts SET code = 'fan_promo2' WHERE id = %(fan)s",),
        "ledger_accounts is append-only",
    ),
    "an account of another currency": (
        ("UPDATE ledger_accounts SET currency = 'EUR' WHERE id = %(fan)s",),
        "ledger_accounts is append-only",
    ),
    "an account with another floor": (
        ("UPDATE ledger_accounts SET normal = 'DEBIT' WHERE id = %(debt)s",),
        "ledger_accounts is append-only",
    ),
    "a wallet of somebody else": (
        ("UPDATE wallets SET user_id = %(creator_user)s WHERE id = %(fan_wallet)s",),
        "wallets is append-only",
    ),
    "a wallet of another type": (
        ("UPDATE wallets SET type = 'CREATOR' WHERE id = %(fan_wallet)s",),
        "wallets is append-only",
    ),
    "a wallet of another currency": (
        ("UPDATE wallets SET currency = 'EUR' WHERE id = %(fan_wallet)s",),
        "wallets is append-only",
    ),
    # ── What was written stays ──
    "another amount": (("UPDATE ledger_entries SET amount = amount",), "ledger_entries is append-only"),
    "another reason": (("UPDATE ledger_transfers SET about = 'Y'",), "ledger_transfers is append-only"),
    "another line": (("UPDATE wallet_activity SET about = 'Y'",), "wallet_activity is append-only"),
    **{f"deleting {table}": ((f"DELETE FROM {table}",), f"{table} is append-only") for table in TABLES},  # noqa: S608
    **{f"emptying {table}": ((f"TRUNCATE {table} CASCADE",), f"{table} is append-only") for table in TABLES},
    "emptying accounts of people": (("TRUNCATE users CASCADE",), "wallets is append-only"),
    "deleting who has a wallet": (("DELETE FROM users WHERE id = %(fan_user)s",), "fk_wallets_user_id"),
}


@pytest.fixture(scope="module")
def written(database_url: str) -> Iterator[Mapping[str, UUID | str]]:
    """A fan who loaded 1000, of which a creator got 300, and the ids of all that."""
    with Tables(database_url) as tables, Books(database_url) as books:
        fan, creator, escrow = wallet_of(tables, "fan", "FAN"), wallet_of(tables, "creator", "CREATOR"), uuid4()
        (loaded, *_) = books.post(load(fan), hold := flows.held(fan, escrow, Parts(0, 300)))
        books.post(flows.released(creator, escrow, 300, 2000), flows.settled(PROVIDER, "po_1", 500))
        yield {
            "fan_user": fan.user_id, "fan_wallet": fan.id, "fan": fan.account("fan").id,
            "debt": fan.account("debt").id, "creator_user": creator.user_id, "creator_wallet": creator.id,
            "escrow": platform("escrow").id, "commission": platform("commission").id, "bank": platform("bank").id,
            "clearing": platform("clearing", PROVIDER).id, "load": loaded.id, "settled": hold.key,
            "euro": uuid4(), "nobody": uuid4(), "new": uuid4(),
        }  # fmt: skip


def reason(database_url: str, statements: tuple[str, ...], values: Mapping[str, Any]) -> str | None:
    """Why the last of them was refused, in one transaction with the others."""
    with psycopg.connect(database_url) as connection:
        *before, last = statements
        for statement in before:
            connection.execute(statement.encode(), values)
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(last.encode(), values)
        connection.rollback()
    return refused.value.diag.constraint_name or refused.value.diag.message_primary


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused(database_url: str, written: Mapping[str, Any], what: str) -> None:
    statements, name = REFUSED[what]
    assert reason(database_url, statements, written) == name


def test_by_hand_what_is_right_is_taken(database_url: str, written: Mapping[str, Any]) -> None:
    """Or the others might be refused for another reason than theirs."""
    with psycopg.connect(database_url) as connection:
        for statement in (
            *posting("fan", by=100),
            LINE.format(seq=3, transfer="%(new)s", amount=100, before=700, after=800),
            "UPDATE wallets SET balance = 800, shown = 3 WHERE id = %(fan_wallet)s",
        ):
            connection.execute(statement.encode(), written)
        connection.rollback()


def test_freezing_and_closing_change_no_balance(database_url: str, written: Mapping[str, Any]) -> None:
    statement = (
        b"UPDATE wallets SET frozen_at = now(), frozen_for = 'FRAUD', closed_at = now() WHERE id = %(fan_wallet)s"
    )
    with psycopg.connect(database_url) as connection:
        assert connection.execute(statement, written).rowcount == 1
        connection.rollback()
