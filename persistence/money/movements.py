"""What providers say that moved, as it was read by day, and where the ledger says something else.

All that was read of a provider is compared with all that the ledger has of it, by the ids of the provider: one thing is
booked on another day than it moved at midnight, so days alone would never agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    Integer,
    Text,
    bindparam,
    column,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.money.movements import Difference, end_of
from persistence.models import PayoutAttempt, ProviderDay, ProviderMovement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from domain.money.movements import Movement
    from persistence.engine.connection import Connection

Row, Line = ProviderDay, ProviderMovement
TIME = DateTime(timezone=True)
LONGEST_FAULT = 300
_ACCOUNT, _DAY = bindparam("account_", type_=Text), bindparam("day_", type_=Date)
_NOW = bindparam("now", type_=TIME)
# The day before, too: what moved shortly before midnight made the account after it.
BOOKS: Any = text("""
        SELECT a.code AS account, CAST(min(a.created_at) AT TIME ZONE 'UTC' AS date) - 1 AS since,
            (SELECT max(d.day) FROM provider_days d WHERE d.account = a.code AND d.read_at IS NOT NULL) AS until
        FROM ledger_accounts a
        WHERE a.wallet_id IS NULL AND (starts_with(a.code, 'clearing') OR starts_with(a.code, 'rail'))
        GROUP BY a.code ORDER BY a.code
    """).columns(column("account", Text), column("since", Date), column("until", Date))
FORGOTTEN = delete(Line).where(Line.account == _ACCOUNT, Line.day == _DAY)
_lines = func.unnest(
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("refs", type_=ARRAY(Text)),
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
).table_valued(
    column("number", Integer), column("ref", Text), column("kind", Text), column("amount", BigInteger), name="given"
).render_derived()  # fmt: skip
KEPT = insert(Line).from_select(
    ["account", "day", "number", "ref", "kind", "amount"],
    select(_ACCOUNT, _DAY, _lines.c.number, _lines.c.ref, _lines.c.kind, _lines.c.amount),
)
_read = insert(Row).values(account=_ACCOUNT, day=_DAY, tries=1, lines=bindparam("count", type_=Integer), read_at=_NOW)
READ = _read.on_conflict_do_update(
    index_elements=["account", "day"],
    set_={
        "tries": Row.tries + 1, "fault": None, "lines": _read.excluded.lines, "read_at": _NOW, "compared_at": None,
    },
)  # fmt: skip
_missed = insert(Row).values(account=_ACCOUNT, day=_DAY, tries=1, fault=bindparam("fault_", type_=Text))
MISSED = _missed.on_conflict_do_update(
    index_elements=["account", "day"], set_={"tries": Row.tries + 1, "fault": _missed.excluded.fault}
)
UNCOMPARED = (
    select(func.max(Row.day), func.max(Row.read_at))
    .where(Row.account == _ACCOUNT, Row.read_at.is_not(None), Row.compared_at.is_(None))
    .having(func.count() > 0)
)
COMPARED = (
    update(Row)
    .where(Row.account == _ACCOUNT, Row.day <= _DAY, Row.read_at.is_not(None), Row.compared_at.is_(None))
    .values(compared_at=_NOW)
)
UNTIL = select(Row.account, func.max(Row.day).filter(Row.compared_at.is_not(None))).group_by(Row.account)
# What came back after it went is numbered in the ledger, behind the id of its session. A session of just this name
# comes before that: ids of providers may have colons.
NUMBERED = "^(.+):[0-9]+$"
DIFFERENCES: Any = (
    text("""
        WITH ours AS (
            SELECT ref, kind, sum(amount) AS amount, bool_or(later) AS later
            FROM (
                SELECT coalesce(p.alias, p.ref, s.alias, s.ref, z.alias, z.ref, w.alias, w.ref, a.ref,
                        t.about_id) AS ref,
                    CASE WHEN t.kind = 'load' OR t.kind = 'stray' AND w.id IS NULL THEN 'PAID'
                        WHEN t.kind IN ('load-fee', 'dispute-fee', 'payout-fee') THEN 'FEE'
                        WHEN t.kind IN ('payout-done', 'payout-returned') THEN 'PAYOUT'
                        WHEN t.kind = 'settle' THEN 'SETTLED' WHEN t.kind = 'cost' THEN 'COST' ELSE 'BACK' END AS kind,
                    -e.amount AS amount, t.created_at >= :ended AS later
                FROM ledger_accounts l
                    JOIN ledger_entries e ON e.account_id = l.id
                    JOIN ledger_transfers t ON t.id = e.transfer_id
                    LEFT JOIN refunds r ON r.id = CASE
                        WHEN t.kind IN ('refund-done', 'refund-failed') THEN CAST(t.about_id AS uuid) END
                    LEFT JOIN refunds o ON o.provider = :provider AND o.ref = CASE
                        WHEN t.kind IN ('refund-outside', 'refund-outside-undone')
                        THEN substr(t.about_id, length(:provider) + 2) END
                    LEFT JOIN disputes d ON d.id = CASE
                        WHEN t.kind IN ('dispute', 'dispute-won', 'dispute-fee') THEN CAST(t.about_id AS uuid) END
                    LEFT JOIN payments p ON p.id = coalesce(r.payment_id, o.payment_id, d.payment_id, CASE
                        WHEN t.kind IN ('load', 'load-fee') THEN CAST(t.about_id AS uuid) END)
                    LEFT JOIN strays s ON s.id = CASE
                        WHEN t.kind IN ('load-fee', 'dispute-fee') THEN CAST(t.about_id AS uuid) END
                    LEFT JOIN strays z ON z.provider = :provider AND z.ref = CASE
                        WHEN t.kind IN ('stray', 'stray-back') THEN t.about_id
                        WHEN t.kind IN ('refund-outside', 'refund-outside-undone')
                        THEN substr(t.about_id, length(:provider) + 2) END
                    LEFT JOIN strays w ON w.provider = :provider AND z.id IS NULL AND w.ref = CASE
                        WHEN t.kind IN ('stray', 'stray-back') THEN substring(t.about_id, :numbered)
                        WHEN t.kind IN ('refund-outside', 'refund-outside-undone')
                        THEN substring(substr(t.about_id, length(:provider) + 2), :numbered) END
                    LEFT JOIN payout_attempts a ON a.payout_id = CASE
                        WHEN t.about = 'PAYOUT' THEN CAST(split_part(t.key, chr(58), 2) AS uuid) END
                        AND a.number = CASE
                        WHEN t.about = 'PAYOUT' THEN CAST(split_part(t.key, chr(58), 3) AS smallint) END
                WHERE l.code = :account AND l.wallet_id IS NULL
            ) each_of_them GROUP BY ref, kind
        ), theirs AS (
            SELECT ref, kind, sum(amount) AS amount FROM provider_movements
            WHERE account = :account AND day <= :day GROUP BY ref, kind
        ), under_way AS (
            SELECT coalesce(p.alias, p.ref) AS ref, 'BACK' AS kind
            FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.provider = :provider AND r.status = 'OPEN'
            UNION ALL
            SELECT coalesce(alias, ref), 'BACK' FROM strays WHERE provider = :provider AND (
                state = 'RETURNING' OR away > 0 AND (state <> 'RETURNED' OR away < amount)
            )
            UNION ALL
            SELECT ref, kind FROM payout_attempts CROSS JOIN (VALUES ('PAYOUT'), ('FEE')) AS k (kind)
            WHERE provider = :provider AND state IN ('SENDING', 'SENT') AND ref IS NOT NULL
        )
        SELECT coalesce(t.ref, o.ref) AS ref, coalesce(t.kind, o.kind) AS kind,
            CAST(coalesce(t.amount, 0) AS bigint) AS theirs, CAST(coalesce(o.amount, 0) AS bigint) AS ours
        FROM theirs t FULL JOIN ours o ON o.ref = t.ref AND o.kind = t.kind
        WHERE coalesce(t.amount, 0) <> coalesce(o.amount, 0) AND o.later IS NOT TRUE AND NOT EXISTS (
            SELECT FROM under_way u WHERE u.ref = coalesce(t.ref, o.ref) AND u.kind = coalesce(t.kind, o.kind)
        )
        ORDER BY 1, 2 LIMIT :most
    """)
    .bindparams(
        bindparam("account", type_=Text), bindparam("provider", type_=Text), bindparam("day", type_=Date),
        bindparam("numbered", NUMBERED, type_=Text), bindparam("ended", type_=TIME), bindparam("most", type_=Integer),
    )
    .columns(column("ref", Text), column("kind", Text), column("theirs", BigInteger), column("ours", BigInteger))
)  # fmt: skip
PAYOUTS = (
    select(PayoutAttempt.payout_id)
    .where(PayoutAttempt.provider == bindparam("provider"), PayoutAttempt.ref == bindparam("ref"))
    .limit(1)
)


class Book(NamedTuple):
    """``account``: of the ledger. ``since``: the first day that is read; ``until``: the last that was, if any."""

    account: str
    since: date
    until: date | None


class Uncompared(NamedTuple):
    """``read_at``: when the last of the days was."""

    until: date
    read_at: datetime


class Movements:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def books(self) -> Sequence[Book]:
        """Of all providers at which something was booked."""
        return [Book(*row) for row in await self._connection.rows(BOOKS)]

    async def keep(self, account: str, day: date, lines: Sequence[Movement], now: datetime) -> None:
        """All that moved on that day, in place of what was read of it before."""
        of = {"account_": account, "day_": day}
        await self._connection.execute(READ, **of, count=len(lines), now=now)
        await self._connection.execute(FORGOTTEN, **of)
        given = {name + "s": [getattr(line, name) for line in lines] for name in ("ref", "kind", "amount")}
        await self._connection.execute(KEPT, **of, numbers=[*range(len(lines))], **given)

    async def miss(self, account: str, day: date, fault: str) -> None:
        """The provider could not be asked: the day is read later, and is not compared before."""
        await self._connection.execute(MISSED, account_=account, day_=day, fault_=fault[:LONGEST_FAULT])

    async def uncompared(self, account: str) -> Uncompared | None:
        row = await self._connection.row(UNCOMPARED, account_=account)
        return None if row is None or row[1] is None else Uncompared(row[0], row[1])

    async def differences(self, account: str, until: date, most: int) -> Sequence[Difference]:
        """Of what moved by the end of that day. What is under way, or was booked later than that, is left out."""
        provider = account.partition(":")[2]
        rows = await self._connection.rows(
            DIFFERENCES, account=account, provider=provider, day=until, ended=end_of(until), most=most
        )
        return [Difference(*row) for row in rows]

    async def payout_of(self, provider: str, ref: str) -> UUID | None:
        return await self._connection.scalar(PAYOUTS, provider=provider, ref=ref)

    async def compared(self, account: str, until: date, now: datetime) -> None:
        await self._connection.execute(COMPARED, account_=account, day_=until, now=now)

    async def compared_until(self) -> dict[str, date | None]:
        """By account of the ledger: the last day that was compared; None where none was yet, whatever was tried."""
        return dict(await self._connection.rows(UNTIL))
