"""What accounts of ours have: the last checkpoint, and all entries since.

A checkpoint ends before the oldest transaction that is under way: ids and times would miss one that began earlier and
committed later. One from another server, whose transactions have other numbers, counts for nothing: its end is ahead.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    DateTime,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    text,
)

from domain.clock import uuid7
from domain.money.ledger import Account
from persistence.engine.connection import Connection
from persistence.models import Payout, PayoutAttempt

MOST_BALANCES = 1000
BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)  # long before there was any
CLOCKS_DIFFER = timedelta(hours=1)
"""By no more than this, from server to database; and no transaction takes as long."""
BALANCE: Any = (
    text("""
        SELECT CAST(coalesce(c.balance, 0) + coalesce(e.sum, 0) AS bigint) AS balance
        FROM (SELECT 1) one
            LEFT JOIN ledger_checkpoints c
                ON c.account_id = :account_id AND c.upto <= pg_snapshot_xmin(pg_current_snapshot())
            LEFT JOIN LATERAL (
                SELECT sum(amount) AS sum FROM ledger_entries
                WHERE account_id = :account_id AND created_xid >= coalesce(c.upto, CAST('0' AS xid8))
            ) e ON true
    """)
    .bindparams(bindparam("account_id", type_=Uuid))
    .columns(column("balance", BigInteger))
)
# The accounts at which money lies, or is owed to us, at providers: there are few of them.
TREASURY: Any = text("""
        SELECT a.code, CAST(-(coalesce(c.balance, 0) + coalesce(e.sum, 0)) AS bigint) AS balance
        FROM ledger_accounts a
            LEFT JOIN ledger_checkpoints c
                ON c.account_id = a.id AND c.upto <= pg_snapshot_xmin(pg_current_snapshot())
            LEFT JOIN LATERAL (
                SELECT sum(amount) AS sum FROM ledger_entries
                WHERE account_id = a.id AND created_xid >= coalesce(c.upto, CAST('0' AS xid8))
            ) e ON true
        WHERE a.wallet_id IS NULL AND split_part(a.code, ':', 1) IN ('clearing', 'rail', 'bank')
        ORDER BY a.code
    """).columns(column("code", Text), column("balance", BigInteger))
_refused = (
    select(PayoutAttempt.payout_id)
    .where(
        PayoutAttempt.payout_id == Payout.id,
        PayoutAttempt.number == Payout.attempt - 1,
        PayoutAttempt.reason == "TREASURY_EMPTY",
    )
    .exists()
)
_sum = func.sum(Payout.amount)
NEEDED: Any = (
    select(
        Payout.provider,
        cast(_sum, BigInteger).label("needed"),
        cast(func.coalesce(_sum.filter(_refused), 0), BigInteger).label("short"),
    )
    .where(Payout.status == literal_column("'APPROVED'"))
    .group_by(Payout.provider)
    .order_by(Payout.provider)
)
# Of account ``a``: its balance, and how many entries it has.
_TALLY = """
    SELECT CAST(coalesce(c.balance, 0) + coalesce(e.sum, 0) AS bigint) AS balance,
        coalesce(n.entries, 0) + later.count AS entries
    FROM (SELECT 1) one
        LEFT JOIN ledger_checkpoints c
            ON c.account_id = a.id AND c.upto <= pg_snapshot_xmin(pg_current_snapshot())
        LEFT JOIN ledger_checkpoints n
            ON n.account_id = a.id AND n.counted <= pg_snapshot_xmin(pg_current_snapshot())
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS sum FROM ledger_entries
            WHERE account_id = a.id AND created_xid >= coalesce(c.upto, CAST('0' AS xid8))
        ) e ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS count FROM ledger_entries
            WHERE account_id = a.id AND created_xid >= coalesce(n.counted, CAST('0' AS xid8))
        ) later
"""
_OF_ACCOUNT = """
    SELECT t.balance, t.entries FROM (SELECT CAST(:account_id AS uuid) AS id) a CROSS JOIN LATERAL ({tally}) t
"""
TALLY: Any = (
    text(_OF_ACCOUNT.format(tally=_TALLY))
    .bindparams(bindparam("account_id", type_=Uuid))
    .columns(column("balance", BigInteger), column("entries", BigInteger))
)
# Accounts of wallets say what they have. An account of ours is one of its kind.
_NOW = """
    SELECT code, currency, normal, count(*) AS accounts, CAST(sum(version) AS bigint) AS entries,
        CAST(sum(balance) AS bigint) AS balance
    FROM ledger_accounts WHERE wallet_id IS NOT NULL AND version > 0 GROUP BY code, currency, normal
    UNION ALL
    SELECT a.code, a.currency, a.normal, 1, t.entries, t.balance
    FROM ledger_accounts a CROSS JOIN LATERAL ({tally}) t
    WHERE a.wallet_id IS NULL AND t.entries > 0
"""
# What came after is taken from what is there: the more recent the moment, the less is read. Ids of transfers begin with
# the time at which they were made, by the clock of a server.
_LATER = """
    SELECT a.code, a.currency, a.normal, count(*) FILTER (WHERE e.account_version = 1) AS begun, count(*) AS entries,
        CAST(sum(e.amount) AS bigint) AS balance
    FROM ledger_transfers t
        JOIN ledger_entries e ON e.transfer_id = t.id
        JOIN ledger_accounts a ON a.id = e.account_id
    WHERE t.id > :made_after AND t.created_at > :at GROUP BY a.code, a.currency, a.normal
"""
_columns = (
    column("code", Text), column("currency", Text), column("normal", Text), column("accounts", BigInteger),
    column("entries", BigInteger), column("balance", BigInteger),
)  # fmt: skip
_ALL = "SELECT * FROM ({now}) now ORDER BY code, currency, normal LIMIT {most}"
_ALL_AT = """
    SELECT now.code, now.currency, now.normal, now.accounts - coalesce(later.begun, 0) AS accounts,
        now.entries - coalesce(later.entries, 0) AS entries, now.balance - coalesce(later.balance, 0) AS balance
    FROM ({now}) now LEFT JOIN ({later}) later USING (code, currency, normal)
    WHERE now.entries > coalesce(later.entries, 0)
    ORDER BY now.code, now.currency, now.normal LIMIT {most}
"""
_parts = {"now": _NOW.format(tally=_TALLY), "later": _LATER, "most": MOST_BALANCES}
KINDS: Any = text(_ALL.format(**_parts)).columns(*_columns)
KINDS_AT: Any = (
    text(_ALL_AT.format(**_parts))
    .bindparams(bindparam("made_after", type_=Uuid), bindparam("at", type_=DateTime(timezone=True)))
    .columns(*_columns)
)
# Two at once are both right, each as of its own moment.
NOTED = text("""
    INSERT INTO ledger_checkpoints (account_id, upto, balance, counted, entries)
    SELECT a.id, pg_snapshot_xmin(pg_current_snapshot()), coalesce(c.balance, 0) + coalesce(e.sum, 0),
        pg_snapshot_xmin(pg_current_snapshot()), coalesce(n.entries, 0) + later.count
    FROM ledger_accounts a
        LEFT JOIN ledger_checkpoints c
            ON c.account_id = a.id AND c.upto <= pg_snapshot_xmin(pg_current_snapshot())
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS sum FROM ledger_entries
            WHERE account_id = a.id AND created_xid >= coalesce(c.upto, CAST('0' AS xid8))
                AND created_xid < pg_snapshot_xmin(pg_current_snapshot())
        ) e ON true
        LEFT JOIN ledger_checkpoints n
            ON n.account_id = a.id AND n.counted <= pg_snapshot_xmin(pg_current_snapshot())
        CROSS JOIN LATERAL (
            SELECT count(*) AS count FROM ledger_entries
            WHERE account_id = a.id AND created_xid >= coalesce(n.counted, CAST('0' AS xid8))
                AND created_xid < pg_snapshot_xmin(pg_current_snapshot())
        ) later
    WHERE a.wallet_id IS NULL
    ON CONFLICT (account_id) DO UPDATE SET
        upto = excluded.upto, balance = excluded.balance, counted = excluded.counted, entries = excluded.entries
""")


class Tally(NamedTuple):
    """In minor units; credit is positive."""

    balance: int
    entries: int


class Tallies:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def balance(self, account: Account) -> int:
        """In minor units; credit is positive. 0 where nothing was posted to it yet."""
        found: int = await self._connection.scalar_one(BALANCE, account_id=account.id)
        return found

    async def treasury(self) -> Mapping[str, int]:
        """What lies at each provider by our books, or is owed to us there, in minor units."""
        return {row.code: row.balance for row in await self._connection.rows(TREASURY)}

    async def needed(self) -> Sequence[Any]:
        """Of each provider of payouts, what it is to be asked for, and what of that it refused for want of money."""
        return await self._connection.rows(NEEDED)

    async def tally(self, account: Account) -> Tally:
        """Of an account of ours, with how many entries it has."""
        return Tally(*await self._connection.one(TALLY, account_id=account.id))

    async def kinds(self, at: datetime | None) -> Sequence[Any]:
        """Of each kind of account with entries, what all have together: now, or after what was made until then."""
        if at is None:
            return await self._connection.rows(KINDS)
        made_after = uuid7(max(at, BEGINNING) - CLOCKS_DIFFER, bytes(10))
        return await self._connection.rows(KINDS_AT, made_after=made_after, at=at)

    async def checkpoint(self) -> None:
        """Note what each account of ours has."""
        await self._connection.execute(NOTED)
