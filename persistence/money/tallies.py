"""What accounts of ours have: the last checkpoint, and all entries since.

A checkpoint ends before the oldest transaction that is under way: ids and times would miss one that began earlier and
committed later. One from another server, whose transactions have other numbers, counts for nothing: its end is ahead.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, Uuid, bindparam, cast, column, func, literal_column, select, text

from domain.money.ledger import Account
from persistence.engine.connection import Connection
from persistence.models import Payout, PayoutAttempt

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
# Two at once are both right, each as of its own moment.
NOTED = text("""
    INSERT INTO ledger_checkpoints (account_id, upto, balance)
    SELECT a.id, pg_snapshot_xmin(pg_current_snapshot()), coalesce(c.balance, 0) + coalesce(e.sum, 0)
    FROM ledger_accounts a
        LEFT JOIN ledger_checkpoints c
            ON c.account_id = a.id AND c.upto <= pg_snapshot_xmin(pg_current_snapshot())
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS sum FROM ledger_entries
            WHERE account_id = a.id AND created_xid >= coalesce(c.upto, CAST('0' AS xid8))
                AND created_xid < pg_snapshot_xmin(pg_current_snapshot())
        ) e ON true
    WHERE a.wallet_id IS NULL
    ON CONFLICT (account_id) DO UPDATE SET upto = excluded.upto, balance = excluded.balance
""")


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

    async def checkpoint(self) -> None:
        """Note what each account of ours has."""
        await self._connection.execute(NOTED)
