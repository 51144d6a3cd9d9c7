"""The ledger is compared with the rows that it is about, and what is wrong is kept until somebody closes it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Interval,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.selectable import TextualSelect

from domain.money.books import Finding
from domain.money.reconciliation import (
    LONGEST_UNDER_WAY,
    MOVEMENTS,
    OVERDUE,
    REFUND_OVERDUE,
    SESSION_OVERDUE,
    SUSPENSE_OVERDUE,
    UNMATCHED_OVERDUE,
    is_severe,
)
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import LedgerFinding, LedgerReconciliation
from persistence.money.checks import check, findings_of

Row = LedgerFinding
NEWEST = Keyset(Row.first_seen.desc(), Row.id.desc())
RUNS = Keyset(LedgerReconciliation.started_at.desc(), LedgerReconciliation.id.desc())
# What an account of ours holds, and the rows that it holds it for.
HELD_FOR = sql.SQL("""
    SELECT currency, concat(sum(due), ' ', {what}), concat(sum(has), ' in the account')
    FROM (
        {rows}
        UNION ALL
        SELECT a.currency, 0, e.amount
        FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
        WHERE a.code = {code} AND a.wallet_id IS NULL
    ) both_of_them
    GROUP BY currency HAVING sum(due) <> sum(has) ORDER BY currency
""")
# Each row of this status has a transfer of one of these kinds, and no other row has.
POSTED = sql.SQL("""
    SELECT coalesce(CAST(r.id AS text), t.about_id), coalesce(r.status, {missing}),
        CASE WHEN t.about_id IS NULL THEN 'no transfer' ELSE 'a transfer' END
    FROM {table} r
        FULL JOIN (SELECT about_id FROM ledger_transfers WHERE kind IN ({kinds})) t ON t.about_id = CAST(r.id AS text)
    WHERE (coalesce(r.status, '') = {state}) <> (t.about_id IS NOT NULL) ORDER BY 1
""")
# Each of these rows has its transfers, of these amounts, and there are no others of these kinds.
KEYED = sql.SQL("""
    SELECT coalesce(e.key, t.key), coalesce(CAST(e.amount AS text), 'no transfer'),
        coalesce(CAST(t.amount AS text), 'no transfer')
    FROM ({rows}) e
        FULL JOIN (
            SELECT t.key, sum(greatest(l.amount, 0)) AS amount
            FROM ledger_transfers t LEFT JOIN ledger_entries l ON l.transfer_id = t.id
            WHERE t.kind IN ({kinds}) GROUP BY t.key
        ) t ON t.key = e.key
    WHERE e.amount IS DISTINCT FROM t.amount
    {also} ORDER BY 1
""")


def _held_for(code: str, what: str, rows: LiteralString) -> TextualSelect:
    """``rows``: currencies and amounts as ``due``, with nothing that the account ``has``."""
    return check(HELD_FOR.format(code=code, what=what, rows=sql.SQL(rows)).as_string())


def _posted(table: str, status: str, missing: str, *kinds: str) -> TextualSelect:
    among = sql.SQL(", ").join(kinds)
    query = POSTED.format(table=sql.Identifier(table), state=status, kinds=among, missing=missing)
    return check(query.as_string())


def _keyed(rows: LiteralString, *kinds: str, also: LiteralString = "") -> TextualSelect:
    """``rows``: keys and amounts; ``also``: what else is wrong."""
    among = sql.SQL(", ").join(kinds)
    return check(KEYED.format(rows=sql.SQL(rows), kinds=among, also=sql.SQL(also)).as_string())


CHECKS: Mapping[str, TextualSelect] = {
    "escrow": _held_for(
        "escrow",
        "of prices that are held",
        "SELECT currency, price AS due, 0 AS has FROM escrows WHERE status = 'HELD'",
    ),
    # What the account of gifts of each wallet holds, and what its gifts have left.
    "gifts": check("""
        SELECT CAST(coalesce(a.wallet_id, g.wallet_id) AS text), concat(coalesce(g.sum, 0), ' left of gifts'),
            concat(coalesce(a.balance, 0), ' in the account')
        FROM (SELECT wallet_id, balance FROM ledger_accounts WHERE code = 'fan_promo') a
            FULL JOIN (
                SELECT wallet_id, sum(remaining) AS sum FROM promo_grants GROUP BY wallet_id
            ) g ON g.wallet_id = a.wallet_id
        WHERE coalesce(a.balance, 0) <> coalesce(g.sum, 0) ORDER BY 1
    """),
    # Of closed wallets.
    "unclaimed": _held_for(
        "unclaimed",
        "that nobody has claimed",
        "SELECT currency, amount AS due, 0 AS has FROM unclaimed_balances WHERE claimed_at IS NULL",
    ),
    # Money that came to a wallet after it was closed.
    "closed": check("""
        SELECT CAST(id AS text), 'nothing in a wallet that is closed', CAST(balance AS text)
        FROM wallets WHERE closed_at IS NOT NULL AND balance > 0 ORDER BY id
    """),
    # Each price has the transfers of its status, and no other.
    "price": check("""
        SELECT coalesce(CAST(s.id AS text), h.about_id), coalesce(s.expected, 'a price'),
            concat_ws(', ', h.kind, r.kind, CASE WHEN h.kind IS NULL AND r.kind IS NULL THEN 'none' END)
        FROM (
            SELECT id, CAST(id AS text) AS about_id, CASE status
                WHEN 'HELD' THEN 'hold' WHEN 'RELEASED' THEN 'hold, release' ELSE 'hold, unhold' END AS expected
            FROM escrows
        ) s
            FULL JOIN (SELECT about_id, kind FROM ledger_transfers WHERE kind = 'hold') h ON h.about_id = s.about_id
            LEFT JOIN (
                SELECT about_id, kind FROM ledger_transfers WHERE kind IN ('release', 'unhold')
            ) r ON r.about_id = coalesce(s.about_id, h.about_id)
        WHERE s.expected IS DISTINCT FROM concat_ws(', ', h.kind, r.kind) ORDER BY 1
    """),
    "adjustment": _posted("adjustments", "APPROVED", "an adjustment that was approved", "adjust", "writeoff"),
    "load": _posted("payments", "PAID", "a payment that was paid", "load"),
    # What waits to be paid out, and what is on its way, with the accounts of both.
    "payouts": check("""
        SELECT concat(code, ' ', currency), concat(sum(due), ' of payouts'), concat(sum(has), ' in the account')
        FROM (
            SELECT CASE status WHEN 'PROCESSING' THEN 'payout_transit' ELSE 'payout_reserved' END AS code,
                currency, amount AS due, 0 AS has
            FROM payouts WHERE status IN ('PENDING', 'APPROVED', 'PROCESSING')
            UNION ALL
            SELECT a.code, a.currency, 0, e.amount
            FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
            WHERE a.code IN ('payout_reserved', 'payout_transit') AND a.wallet_id IS NULL
        ) both_of_them
        GROUP BY code, currency HAVING sum(due) <> sum(has) ORDER BY code, currency
    """),
    # Each payout has the transfers of its status: of each attempt that is over, and of the one that stands.
    "payout": check("""
        SELECT coalesce(e.key, t.key), CASE WHEN e.key IS NULL THEN 'no transfer' ELSE 'a transfer' END,
            CASE WHEN t.key IS NULL THEN 'no transfer' ELSE 'a transfer' END
        FROM (
            SELECT concat(kind, ':', p.id, ':', n) AS key
            FROM payouts p
                CROSS JOIN LATERAL generate_series(1, p.attempt) n
                LEFT JOIN payout_attempts a ON a.payout_id = p.id AND a.number = n
                CROSS JOIN LATERAL unnest(string_to_array(CASE
                    WHEN n < p.attempt THEN 'payout payout-send payout-failed'
                    WHEN p.status IN ('PENDING', 'APPROVED') THEN 'payout'
                    WHEN p.status IN ('CANCELLED', 'REJECTED') THEN 'payout payout-undo'
                    WHEN p.status = 'PROCESSING' THEN 'payout payout-send'
                    WHEN p.status = 'PROCESSED' THEN 'payout payout-send payout-done'
                    WHEN a.state = 'RETURNED' THEN 'payout payout-send payout-done payout-returned'
                    ELSE 'payout payout-send payout-failed' END, ' ')) kind
        ) e
            FULL JOIN (
                SELECT key FROM ledger_transfers WHERE kind IN (
                    'payout', 'payout-undo', 'payout-send', 'payout-done', 'payout-failed', 'payout-returned'
                )
            ) t ON t.key = e.key
        WHERE e.key IS NULL OR t.key IS NULL ORDER BY 1
    """),
    # What failed here, and its provider says that it paid: the money is with the creator twice.
    "contradicted": check("""
        SELECT concat(payout_id, chr(58), number), concat(state, ' as here'),
            concat('PAID at the provider, seen ', contradicted_at)
        FROM payout_attempts WHERE contradicted_at IS NOT NULL ORDER BY payout_id, number
    """),
    # What is taken back is what was left: nothing, or a part.
    "reward": _keyed(
        """
        SELECT concat('reward:', id) AS key, CAST(amount * 100 AS bigint) AS amount
        FROM referral_rewards WHERE state IN ('PAID', 'CLAWED_BACK')
        UNION ALL
        SELECT t.key, least(CAST(r.amount * 100 AS bigint), (
            SELECT sum(l.amount) FROM ledger_entries l WHERE l.transfer_id = t.id AND l.amount > 0
        ))
        FROM referral_rewards r JOIN ledger_transfers t ON t.key = concat('reward-back:', r.id)
        WHERE r.state = 'CLAWED_BACK'
        """,
        "reward",
        "reward-back",
    ),
    # Of a load it is a gift, of a message a part of the price.
    "coupon": _keyed(
        """
        SELECT concat('coupon:', id) AS key, discount AS amount
        FROM coupon_usages WHERE applies_to = 'LOAD' AND status = 'USED' AND discount > 0
        """,
        "coupon",
        also="""
        UNION ALL
        SELECT CAST(u.id AS text), 'a price that it pays', 'none'
        FROM coupon_usages u WHERE u.applies_to = 'MESSAGE' AND u.status = 'USED' AND NOT EXISTS (
            SELECT FROM escrows e WHERE e.coupon_usage_id = u.id AND e.status <> 'REFUNDED'
        )
        UNION ALL
        SELECT CAST(u.id AS text), 'USED', u.status
        FROM escrows e JOIN coupon_usages u ON u.id = e.coupon_usage_id
        WHERE e.status <> 'REFUNDED' AND u.status <> 'USED'
        """,
    ),
    # A fee is asked for by who took the money.
    "dispute": _keyed(
        """
        SELECT concat('dispute:', id) AS key, amount FROM disputes WHERE taken_at IS NOT NULL
        UNION ALL
        SELECT concat('dispute-won:', id), amount FROM disputes WHERE returned_at IS NOT NULL
        """,
        "dispute",
        "dispute-won",
        also="""
        UNION ALL
        SELECT t.key, 'no transfer', 'a transfer'
        FROM ledger_transfers t
            LEFT JOIN disputes d ON CAST(d.id AS text) = t.about_id AND d.taken_at IS NOT NULL
            LEFT JOIN strays s ON CAST(s.id AS text) = t.about_id
        WHERE t.kind = 'dispute-fee' AND d.id IS NULL AND s.id IS NULL
        """,
    ),
    "stray": _keyed(
        """
        SELECT concat(kind, ':', provider, ':', ref, CASE WHEN n > 0 THEN concat(':', n) END) AS key, amount
        FROM strays CROSS JOIN LATERAL generate_series(0, came_back) n
            CROSS JOIN LATERAL unnest(ARRAY['stray', 'stray-back', 'stray-credit']) kind
        WHERE CASE kind
            WHEN 'stray' THEN true
            WHEN 'stray-credit' THEN n = came_back AND wallet_id IS NOT NULL
            ELSE n < came_back OR (state = 'RETURNED' AND wallet_id IS NULL) END
        """,
        "stray",
        "stray-back",
        "stray-credit",
    ),
    # Of payments, and of money that fits nothing.
    "load_fee": check("""
        SELECT coalesce(e.id, t.about_id), CASE WHEN e.id IS NULL THEN 'no fee' ELSE 'a fee' END,
            CASE WHEN t.about_id IS NULL THEN 'no transfer' ELSE 'a transfer' END
        FROM (
            SELECT CAST(id AS text) AS id FROM payments WHERE fee > 0
            UNION ALL
            SELECT CAST(id AS text) FROM strays WHERE fee > 0
        ) e
            FULL JOIN (SELECT about_id FROM ledger_transfers WHERE kind = 'load-fee') t ON t.about_id = e.id
        WHERE e.id IS NULL OR t.about_id IS NULL ORDER BY 1
    """),
    # Of those that staff asked for.
    "refund_transit": _held_for(
        "refund_transit",
        "of refunds that are open",
        """
        SELECT p.currency, r.amount AS due, 0 AS has
        FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE r.status = 'OPEN' AND r.requested_by IS NOT NULL
        """,
    ),
    # Each refund has the transfers of its status, and no other. One that failed may have been made before.
    "refund": check("""
        SELECT coalesce(s.id, t.about_id), coalesce(array_to_string(s.expected, ' or '), 'a refund'),
            coalesce(t.kinds, 'none')
        FROM (
            SELECT CAST(id AS text) AS id, CAST(id AS text) AS about_id, CASE status
                WHEN 'OPEN' THEN ARRAY['refund'] WHEN 'DONE' THEN ARRAY['refund, refund-done']
                ELSE ARRAY['refund, refund-failed', 'refund, refund-done, refund-failed'] END AS expected
            FROM refunds WHERE requested_by IS NOT NULL
            UNION ALL
            SELECT CAST(id AS text), concat(provider, chr(58), ref), CASE status
                WHEN 'OPEN' THEN ARRAY['none'] WHEN 'DONE' THEN ARRAY['refund-outside']
                ELSE ARRAY['none', 'refund-outside, refund-outside-undone'] END
            FROM refunds WHERE requested_by IS NULL
            UNION ALL
            SELECT CAST(id AS text), concat(provider, chr(58), ref, CASE WHEN n > 0 THEN concat(chr(58), n) END),
                CASE WHEN n < undone THEN ARRAY['refund-outside, refund-outside-undone']
                ELSE ARRAY['refund-outside'] END
            FROM strays CROSS JOIN LATERAL generate_series(0, undone) n
            WHERE wallet_id IS NOT NULL AND (n < undone OR state = 'RETURNED')
        ) s
            FULL JOIN (
                SELECT about_id, string_agg(kind, ', ' ORDER BY kind COLLATE "C") AS kinds FROM ledger_transfers
                WHERE kind IN ('refund', 'refund-done', 'refund-failed', 'refund-outside', 'refund-outside-undone')
                GROUP BY about_id
            ) t ON t.about_id = s.about_id
        WHERE s.expected IS NULL OR coalesce(t.kinds, 'none') <> ALL (s.expected) ORDER BY 1
    """),
    # What lies in suspense: money that fits nothing, less what corrections by staff gave of it.
    "suspense": check("""
        SELECT code, concat(sum(held), ' that fits nothing'), concat(sum(has), ' in the account')
        FROM (
            SELECT concat('suspense', chr(58), provider) AS code, amount AS held, 0 AS has
            FROM strays WHERE state IN ('HELD', 'RETURNING')
            UNION ALL
            SELECT contra, -amount, 0 FROM adjustments WHERE status = 'APPROVED' AND starts_with(contra, 'suspense')
            UNION ALL
            SELECT a.code, 0, e.amount
            FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
            WHERE starts_with(a.code, 'suspense') AND a.wallet_id IS NULL
        ) all_of_them
        GROUP BY code HAVING sum(held) <> sum(has) ORDER BY code
    """),
    "refund_overdue": check("""
        SELECT CAST(id AS text), concat('DONE or FAILED within ', CAST(:days AS integer), ' days'), 'OPEN'
        FROM refunds WHERE status = 'OPEN' AND requested_by IS NOT NULL AND created_at < now() - :old
        ORDER BY created_at, id
    """).bindparams(bindparam("old", REFUND_OVERDUE, type_=Interval), bindparam("days", REFUND_OVERDUE.days)),
    "suspense_overdue": check("""
        SELECT CAST(id AS text), concat('CREDITED or RETURNED within ', CAST(:days AS integer), ' days'), state
        FROM strays WHERE state IN ('HELD', 'RETURNING') AND created_at < now() - :old
        UNION ALL
        SELECT CAST(id AS text), 'all of it at the provider, or none',
            concat(state, ', ', away, ' of ', amount, ' is not there')
        FROM strays WHERE away > 0 AND away < amount AND NOT (
            state IN ('HELD', 'RETURNING') AND created_at < now() - :old
        )
        ORDER BY 1
    """).bindparams(bindparam("old", SUSPENSE_OVERDUE, type_=Interval), bindparam("days", SUSPENSE_OVERDUE.days)),
    "overdue": check("""
        SELECT CAST(id AS text), concat('settled by ', deadline), 'HELD'
        FROM escrows WHERE status = 'HELD' AND deadline < now() - :late
        UNION ALL
        SELECT CAST(p.id AS text), concat('settled by ', a.created_at + :longest), 'PROCESSING'
        FROM payouts p JOIN payout_attempts a ON a.payout_id = p.id AND a.number = p.attempt
        WHERE p.status = 'PROCESSING' AND a.created_at < now() - :longest
        UNION ALL
        SELECT CAST(id AS text), concat('paid or ended by ', expires_at, ' at ', provider), 'OPEN'
        FROM payments WHERE status = 'OPEN' AND expires_at < now() - :ended
        UNION ALL
        SELECT CAST(id AS text), concat('known here by ', received_at + :unknown, ', as ', provider, ' tells'), state
        FROM provider_events
        WHERE state = 'UNMATCHED' AND family IN ('payment', 'payout') AND received_at < now() - :unknown
        ORDER BY 2, 1
    """).bindparams(
        bindparam("late", OVERDUE, type_=Interval),
        bindparam("longest", LONGEST_UNDER_WAY, type_=Interval),
        bindparam("ended", SESSION_OVERDUE, type_=Interval),
        bindparam("unknown", UNMATCHED_OVERDUE, type_=Interval),
    ),
}  # fmt: skip

_names = ("check", "what", "expected", "found")
_given = (
    func.unnest(*(bindparam(name, type_=ARRAY(Text)) for name in _names), bindparam("severe", type_=ARRAY(Boolean)))
    .table_valued(*(column(name, Text) for name in _names), column("severe", Boolean), name="given")
    .render_derived()
)
_now = cast(bindparam("now"), DateTime(timezone=True))
_the_same = and_(*(getattr(Row, name) == _given.c[name] for name in _names), Row.closed_at.is_not(None))
STILL_THERE = update(Row).where(_the_same).values(last_seen=_now)
_new = pg_insert(Row).from_select(
    ["id", *_names, "severe", "first_seen", "last_seen"],
    select(func.gen_random_uuid(), *(_given.c[name] for name in _names), _given.c.severe, _now, _now).where(
        ~exists().where(_the_same)
    ),
)
SEEN = _new.on_conflict_do_update(
    index_elements=["check", "what"],
    index_where=Row.closed_at.is_(None),
    set_={name: getattr(_new.excluded, name) for name in ("expected", "found", "last_seen")},
)
SEVERE = select(exists().where(Row.closed_at.is_(None), Row.severe))
OPEN = select(Row.check, func.count()).where(Row.closed_at.is_(None)).group_by(Row.check).order_by(Row.check)
LAST = select(func.max(LedgerReconciliation.started_at)).where(LedgerReconciliation.findings == 0)


class Reconciliations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def findings(self) -> AsyncIterator[Finding]:
        """Where the ledger and the rows that it is about do not agree, or something waits too long."""
        async for finding in findings_of(self._connection, CHECKS):
            yield finding

    async def note(self, findings: Collection[Finding], now: datetime) -> None:
        """What was seen. What somebody has closed, and is as it was then, stays closed."""
        values: dict[str, Any] = {name: [getattr(each, name) for each in findings] for name in _names}
        values |= {"severe": [is_severe(each.check) for each in findings], "now": now}
        await self._connection.execute(STILL_THERE, **values)
        await self._connection.execute(SEEN, **values)

    async def add(self, **columns: Any) -> None:
        await self._connection.execute(insert(LedgerReconciliation).values(**columns))

    async def is_severe(self) -> bool:
        """Whether a finding is open that says that money is wrong."""
        return bool(await self._connection.scalar(SEVERE))

    async def open(self) -> Mapping[str, int]:
        """How many findings are open, by their checks; those above are told with none, too."""
        return dict.fromkeys([*CHECKS, *MOVEMENTS], 0) | dict(await self._connection.rows(OPEN))

    async def last_clean(self) -> datetime | None:
        """When a reconciliation began that found nothing."""
        return await self._connection.scalar(LAST)

    async def runs(self, keys: Sequence[Any] | None, rows: int) -> Sequence[LedgerReconciliation]:
        """The newest first."""
        return await self._connection.scalars(RUNS.page(select(LedgerReconciliation), keys, rows))

    async def page(
        self, keys: Sequence[Any] | None, rows: int, *, is_open: bool | None = None, check: str | None = None
    ) -> Sequence[LedgerFinding]:
        """The newest first."""
        found = select(Row)
        if is_open is not None:
            found = found.where(Row.closed_at.is_(None) if is_open else Row.closed_at.is_not(None))
        if check is not None:
            found = found.where(Row.check == check)
        return await self._connection.scalars(NEWEST.page(found, keys, rows))

    async def find(self, finding_id: UUID) -> LedgerFinding | None:
        return await self._connection.scalar(select(Row).where(Row.id == finding_id))

    async def close(self, finding_id: UUID, by: UUID, now: datetime, because: str) -> LedgerFinding | None:
        """None where it was closed before."""
        standing = update(Row).where(Row.id == finding_id, Row.closed_at.is_(None))
        closed = standing.values(closed_at=now, closed_by=by, closed_because=because).returning(Row)
        return await self._connection.scalar(closed)
