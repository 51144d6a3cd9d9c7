"""The books are read again from the beginning: whether they are right, and for programs of others.

All of it sees one moment, writes nothing, and comes in batches.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
    text,
)
from sqlalchemy.sql.selectable import TextualSelect

from domain.money.books import AccountBalance, Finding, Leg, WrittenTransfer
from domain.money.ledger import FORMS, LEAST_LEGS, Account, WalletName, are_made_from_names, fingerprint_of
from persistence.engine.connection import Connection
from persistence.models import LedgerEntry, LedgerTransfer, Wallet
from persistence.money.checks import BATCH, check, findings_of

SHOWN = [code for code, form in FORMS.items() if form.shown]
CHECKS: Mapping[str, TextualSelect] = {
    # All entries of a currency.
    "sum": check("""
        SELECT t.currency, '0', CAST(sum(e.amount) AS text)
        FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer_id
        GROUP BY t.currency HAVING sum(e.amount) <> 0 ORDER BY t.currency
    """),
    "resolves": check("""
        SELECT t.key, concat('a transfer ', t.resolves), 'none'
        FROM ledger_transfers t LEFT JOIN ledger_transfers o ON o.key = t.resolves
        WHERE t.resolves IS NOT NULL AND o.id IS NULL ORDER BY t.id
    """),
    "entry": check("""
        SELECT concat(e.transfer_id, ' leg ', e.leg),
            'a transfer and an account of one currency, with a balance if guarded',
            concat_ws(', ',
                CASE WHEN t.id IS NULL THEN 'no transfer' END,
                CASE WHEN a.id IS NULL THEN concat('no account ', e.account_id) END,
                CASE WHEN a.currency <> t.currency THEN concat(a.currency, ' in a transfer of ', t.currency) END,
                CASE WHEN (a.wallet_id IS NULL) <> (e.account_version IS NULL) THEN 'a balance where there is none' END)
        FROM ledger_entries e
            LEFT JOIN ledger_transfers t ON t.id = e.transfer_id
            LEFT JOIN ledger_accounts a ON a.id = e.account_id
        WHERE t.id IS NULL OR a.id IS NULL OR a.currency <> t.currency
            OR (a.wallet_id IS NULL) <> (e.account_version IS NULL)
        ORDER BY e.transfer_id, e.leg
    """),
    # What a guarded account has, and how often it moved.
    "balance": check("""
        SELECT concat(a.code, ' ', a.id), concat(coalesce(e.sum, 0), ' after ', coalesce(e.count, 0), ' entries'),
            concat(a.balance, ' after ', a.version)
        FROM ledger_accounts a
            LEFT JOIN (
                SELECT account_id, sum(amount) AS sum, count(*) AS count FROM ledger_entries GROUP BY account_id
            ) e ON e.account_id = a.id
        WHERE a.wallet_id IS NOT NULL AND (a.balance <> coalesce(e.sum, 0) OR a.version <> coalesce(e.count, 0))
        ORDER BY a.id
    """),
    "floor": check("""
        SELECT concat(a.code, ' ', a.id), CASE a.normal WHEN 'CREDIT' THEN '0 or more' ELSE '0 or less' END,
            CAST(a.balance AS text)
        FROM ledger_accounts a
        WHERE CASE a.normal WHEN 'CREDIT' THEN a.balance < 0 ELSE a.balance > 0 END ORDER BY a.id
    """),
    "chain": check("""
        SELECT concat(account_id, ' entry ', account_version), concat(former, ' before entry ', n),
            concat(before, ' before entry ', account_version)
        FROM (
            SELECT account_id, account_version, row_number() OVER chain AS n, balance_after - amount AS before,
                lag(balance_after, 1, CAST(0 AS bigint)) OVER chain AS former
            FROM ledger_entries WHERE account_version IS NOT NULL
            WINDOW chain AS (PARTITION BY account_id ORDER BY account_version)
        ) links
        WHERE n <> account_version OR former <> before ORDER BY account_id, account_version
    """),
    # What an account of ours had, as noted.
    "checkpoint": check("""
        SELECT concat(a.code, ' ', a.id), concat(coalesce(sum(e.amount), 0), ' before transaction ', c.upto),
            CAST(c.balance AS text)
        FROM ledger_checkpoints c
            JOIN ledger_accounts a ON a.id = c.account_id
            LEFT JOIN ledger_entries e ON e.account_id = a.id AND e.created_xid < c.upto
        WHERE c.upto <= pg_snapshot_xmin(pg_current_snapshot())
        GROUP BY a.id, c.account_id HAVING c.balance <> coalesce(sum(e.amount), 0) ORDER BY a.id
    """),
    # What a wallet's page says.
    "wallet": check("""
        SELECT CAST(w.id AS text), concat(coalesce(a.sum, 0), ' in its accounts'),
            concat(w.balance, ' shown, ', coalesce(l.balance_after, 0), ' in line ', w.shown)
        FROM wallets w
            LEFT JOIN (
                SELECT wallet_id, sum(balance) AS sum FROM ledger_accounts WHERE code = ANY(:shown) GROUP BY wallet_id
            ) a ON a.wallet_id = w.id
            LEFT JOIN wallet_activity l ON l.wallet_id = w.id AND l.seq = w.shown
        WHERE w.balance <> coalesce(a.sum, 0) OR w.balance <> coalesce(l.balance_after, 0) ORDER BY w.id
    """).bindparams(bindparam("shown", SHOWN, type_=ARRAY(Text))),
    "page": check("""
        SELECT concat(wallet_id, ' line ', seq),
            concat(former, ' before line ', n, ' of ', coalesce(CAST(shown AS text), 'a wallet')),
            concat(balance_before, ' before line ', seq)
        FROM (
            SELECT l.wallet_id, l.seq, l.balance_before, row_number() OVER page AS n, w.shown,
                lag(l.balance_after, 1, CAST(0 AS bigint)) OVER page AS former
            FROM wallet_activity l LEFT JOIN wallets w ON w.id = l.wallet_id
            WINDOW page AS (PARTITION BY l.wallet_id ORDER BY l.seq)
        ) lines
        WHERE n <> seq OR former <> balance_before OR shown IS NULL OR seq > shown ORDER BY wallet_id, seq
    """),
    "line": check("""
        SELECT concat(coalesce(m.wallet_id, l.wallet_id), ' ', coalesce(m.transfer_id, l.transfer_id)),
            coalesce(CAST(m.sum AS text), 'none'), coalesce(concat(l.type, ' ', l.amount), 'none')
        FROM (
            SELECT a.wallet_id, e.transfer_id, sum(e.amount) AS sum
            FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
            WHERE a.code = ANY(:shown) GROUP BY a.wallet_id, e.transfer_id HAVING sum(e.amount) <> 0
        ) m FULL JOIN wallet_activity l ON l.wallet_id = m.wallet_id AND l.transfer_id = m.transfer_id
        WHERE coalesce(m.sum, 0) <> coalesce(CASE l.type WHEN 'CREDIT' THEN l.amount ELSE -l.amount END, 0)
            OR (l.seq IS NULL) AND m.sum <> 0
        ORDER BY 1
    """).bindparams(bindparam("shown", SHOWN, type_=ARRAY(Text))),
}  # fmt: skip

BALANCED = f"legs that sum to 0, {LEAST_LEGS} at least"
# Rows come in batches, but all of them: they are not looked for as if the first would do.
WHOLE = text("SET LOCAL cursor_tuple_fraction = 1")
# Millions of rows are sorted and grouped, by one connection in an hour.
MEMORY = text("SET LOCAL work_mem = '64MB'")
OWNERS = text("""
    SELECT a.id, a.wallet_id, a.code, a.currency, a.normal, w.user_id, w.type
    FROM ledger_accounts a LEFT JOIN wallets w ON w.id = a.wallet_id ORDER BY a.id
""").columns(
    column("id", Uuid), column("wallet_id", Uuid), column("code", Text), column("currency", Text),
    column("normal", Text), column("user_id", Uuid), column("type", Text),
)  # fmt: skip
# What an id of an account or a wallet is made from, and the id: many lines in one row.
NAMES = text("""
    SELECT string_agg(line, chr(10)) AS lines
    FROM (
        SELECT id, concat('account', chr(58), coalesce(CAST(wallet_id AS text), 'platform'), chr(58), code, chr(58),
            currency, ' ', encode(uuid_send(id), 'hex')) AS line
        FROM ledger_accounts
        UNION ALL
        SELECT id, concat('wallet', chr(58), user_id, chr(58), type, chr(58), currency, ' ',
            encode(uuid_send(id), 'hex'))
        FROM wallets
    ) named
    GROUP BY substr(CAST(id AS text), 1, 2)
""").columns(column("lines", Text))
KINDS: Any = text("""
    SELECT DISTINCT a.code, a.normal, a.wallet_id IS NULL AS ours, w.type
    FROM ledger_accounts a LEFT JOIN wallets w ON w.id = a.wallet_id
""").columns(column("code", Text), column("normal", Text), column("ours", Boolean), column("type", Text))
# Transfers without legs that sum to zero, and those of which the database itself does not find the fingerprint: what
# JSON escapes, it may write in another way. Both are seen in one reading, and only what was found is read once more.
SIGNED = text("""
    SELECT t.key, t.fingerprint, t.kind, t.about, t.about_id, t.resolves,
        count(e.leg) AS legs, CAST(coalesce(sum(e.amount), 0) AS bigint) AS sum,
        coalesce(array_agg(e.account_id) FILTER (WHERE e.leg IS NOT NULL), '{}') AS account_ids,
        coalesce(array_agg(e.amount) FILTER (WHERE e.leg IS NOT NULL), '{}') AS amounts
    FROM (
        SELECT t.id
        FROM ledger_transfers t LEFT JOIN ledger_entries e ON e.transfer_id = t.id
        GROUP BY t.id
        HAVING count(e.leg) < 2 OR sum(e.amount) <> 0 OR t.fingerprint <> sha256(convert_to(concat(
            '[', to_json(t.kind), ',', to_json(t.about), ',', to_json(t.about_id), ',',
            coalesce(CAST(to_json(t.resolves) AS text), 'null'), ',[',
            string_agg(concat('["', e.account_id, '",', e.amount, ']'), ',' ORDER BY e.account_id), ']]'), 'UTF8'))
    ) suspect
        JOIN ledger_transfers t ON t.id = suspect.id
        LEFT JOIN ledger_entries e ON e.transfer_id = t.id
    GROUP BY t.id
    ORDER BY t.id
""").columns(
    column("key", Text), column("fingerprint", LargeBinary), column("kind", Text), column("about", Text),
    column("about_id", Text), column("resolves", Text), column("legs", BigInteger), column("sum", BigInteger),
    column("account_ids", ARRAY(Uuid)), column("amounts", ARRAY(BigInteger)),
)  # fmt: skip
TRANSFERS = text("""
    SELECT t.id, t.key, t.kind, t.about, t.about_id, t.resolves, t.actor_id, t.currency, t.created_at,
        array_agg(a.wallet_id ORDER BY e.leg) AS wallet_ids, array_agg(a.code ORDER BY e.leg) AS codes,
        array_agg(e.amount ORDER BY e.leg) AS amounts
    FROM ledger_transfers t
        JOIN ledger_entries e ON e.transfer_id = t.id
        LEFT JOIN ledger_accounts a ON a.id = e.account_id
    GROUP BY t.id ORDER BY t.id
""").columns(
    column("id", Uuid), column("key", Text), column("kind", Text), column("about", Text), column("about_id", Text),
    column("resolves", Text), column("actor_id", Uuid), column("currency", Text),
    column("created_at", DateTime(timezone=True)), column("wallet_ids", ARRAY(Uuid)), column("codes", ARRAY(Text)),
    column("amounts", ARRAY(BigInteger)),
)  # fmt: skip
BALANCES = text("""
    SELECT a.code, a.wallet_id, a.currency, CAST(coalesce(sum(e.amount), 0) AS bigint) AS balance
    FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id GROUP BY a.id ORDER BY a.id
""").columns(
    column("code", Text), column("wallet_id", Uuid), column("currency", Text), column("balance", BigInteger)
)  # fmt: skip


class Size(NamedTuple):
    transfers: int
    entries: int
    wallets: int


class Books:
    """Of a unit of work that asks for nothing else."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, moment: str | None = None) -> None:
        """From here on everything is of one moment, and nothing can be written.

        ``moment``: that of other books, which are kept open meanwhile.
        """
        await self._connection.use_snapshot(moment, read_only=True)
        await self._connection.execute(WHOLE)
        await self._connection.execute(MEMORY)

    async def size(self) -> Size:
        counted = (select(func.count()).select_from(model) for model in (LedgerTransfer, LedgerEntry, Wallet))
        return Size(*await self._connection.one(select(*(each.scalar_subquery() for each in counted))))

    async def latest(self) -> datetime | None:
        return await self._connection.scalar(select(func.max(LedgerTransfer.created_at)))

    async def moment(self) -> str:
        """What these books show is of it."""
        return await self._connection.moment()

    async def findings(self) -> AsyncIterator[Finding]:
        """All that is wrong."""
        async for found in self.wrong_sums():
            yield found
        async for found in self.wrong_names():
            yield found

    async def wrong_sums(self) -> AsyncIterator[Finding]:
        """What does not add up, or does not fit to something else."""
        async for found in findings_of(self._connection, CHECKS):
            yield found

    async def wrong_names(self) -> AsyncIterator[Finding]:
        """Accounts that are not whose their ids say, and transfers that are not what their fingerprints say."""
        if not await self._are_named():
            async for rows in self._connection.batches(OWNERS, BATCH):
                for row in rows:
                    if (finding := _owner(row)) is not None:
                        yield finding
        async for rows in self._connection.batches(SIGNED, BATCH):
            for row in rows:
                if row.legs < LEAST_LEGS or row.sum:
                    yield Finding("transfer", row.key, BALANCED, f"{row.legs} that sum to {row.sum}")
                legs = zip(row.account_ids, row.amounts, strict=True)
                said = row.kind, row.about, row.about_id, row.resolves, legs
                if row.legs and fingerprint_of(*said) != row.fingerprint:
                    yield Finding("fingerprint", row.key, "what was posted under this key", "something else")

    async def _are_named(self) -> bool:
        """Whether each account and wallet is what its id was made from, and of a known kind. Which one is not, is to be
        asked of each."""
        if not all(_is_known(*kind) for kind in await self._connection.rows(KINDS)):
            return False
        are_named = True
        async for rows in self._connection.batches(NAMES, 1):
            for (lines,) in rows:
                are_named = are_named and are_made_from_names(lines.encode().split(b"\n"))
        return are_named

    async def transfers(self) -> AsyncIterator[WrittenTransfer]:
        """The oldest first: their ids are in the order of time."""
        async for rows in self._connection.batches(TRANSFERS, BATCH):
            for row in rows:
                legs = zip(row.codes, row.wallet_ids, row.amounts, strict=True)
                yield WrittenTransfer(
                    row.id, row.key, row.kind, row.about, row.about_id, row.resolves, row.actor_id, row.currency,
                    row.created_at, tuple(Leg(*leg) for leg in legs),
                )  # fmt: skip

    async def balances(self) -> AsyncIterator[AccountBalance]:
        """Of each account, as its entries add up."""
        async for rows in self._connection.batches(BALANCES, BATCH):
            for row in rows:
                yield AccountBalance(*row)


def _is_known(code: str, normal: str, ours: bool, type_: str | None) -> bool:
    """Whether there is such an account: ``ours``, or in a wallet of that type."""
    form = FORMS.get(code.partition(":")[0])
    return form is not None and form.normal == normal and (not form.wallets if ours else type_ in form.wallets)


def _owner(row: Any) -> Finding | None:
    """An account's id is made from what it is, and from whose wallet it is in."""
    of, what = row.wallet_id or "the platform", f"{row.code} {row.id}"
    if row.wallet_id and row.type is None:
        return Finding("owner", what, f"a wallet {row.wallet_id}", "none")
    if not _is_known(row.code, row.normal, row.wallet_id is None, row.type):
        return Finding("owner", what, "an account of a known kind", f"one of {of}, {row.normal}")
    wallet_id = row.wallet_id and WalletName(row.user_id, row.type, row.currency).id
    if wallet_id != row.wallet_id:
        return Finding("owner", what, f"wallet {row.wallet_id} of whom it was made for", f"one of {row.user_id}")
    if Account(row.code, row.wallet_id, row.currency).id != row.id:
        return Finding("owner", what, "the account that was made with this id", f"one of {of}")
    return None
