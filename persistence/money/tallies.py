"""What accounts of ours have: the last checkpoint, and all entries since.

A checkpoint ends before the oldest transaction that is under way: ids and times would miss one that began earlier and
committed later. One from another server, whose transactions have other numbers, counts for nothing: its end is ahead.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from domain.clock import uuid7
from domain.money.ledger import Account
from persistence.engine.connection import Connection
from persistence.models import LedgerAccount, LedgerCheckpoint, LedgerEntry, LedgerTransfer, Payout, PayoutAttempt

MOST_BALANCES = 1000
BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)  # long before there was any
CLOCKS_DIFFER = timedelta(hours=1)
"""By no more than this, from server to database; and no transaction takes as long."""
# Transactions before this one have all ended.
_OLDEST = func.pg_snapshot_xmin(func.pg_current_snapshot())
_FIRST: Any = literal_column("CAST('0' AS xid8)")
_Entry = LedgerEntry


class _Tallied:
    """What an account has, as expressions, and ``rows`` from which they are read, one for each row of ``accounts``.

    ``noted``: only what a checkpoint may note, which is what came before the oldest transaction that is under way.
    """

    def __init__(self, accounts: FromClause, account_id: Any, *, noted: bool = False) -> None:
        until = [_Entry.created_xid < _OLDEST] if noted else []

        def since(begin: Any) -> list[ColumnElement[bool]]:
            return [_Entry.account_id == account_id, _Entry.created_xid >= func.coalesce(begin, _FIRST), *until]

        balances, counts = aliased(LedgerCheckpoint), aliased(LedgerCheckpoint)
        later = select(func.sum(_Entry.amount).label("sum")).where(*since(balances.upto)).lateral("later")
        counted = select(func.count().label("count")).select_from(_Entry)
        further = counted.where(*since(counts.counted)).lateral("further")
        self.balance = cast(func.coalesce(balances.balance, 0) + func.coalesce(later.c.sum, 0), BigInteger)
        self.entries = func.coalesce(counts.entries, 0) + further.c.count
        self.rows_of_balance = accounts.outerjoin(
            balances, and_(balances.account_id == account_id, balances.upto <= _OLDEST)
        ).outerjoin(later, true())
        self.rows = self.rows_of_balance.outerjoin(
            counts, and_(counts.account_id == account_id, counts.counted <= _OLDEST)
        ).join(further, true())


_Account = LedgerAccount
_accounts = _Account.__table__
_given = select(cast(bindparam("account_id"), Uuid).label("id")).subquery("given")
_one, _each = _Tallied(_given, _given.c.id), _Tallied(_accounts, _Account.id)
_ours = _Account.wallet_id.is_(None)
BALANCE = select(_one.balance.label("balance")).select_from(_one.rows_of_balance)
TALLY = select(_one.balance.label("balance"), _one.entries.label("entries")).select_from(_one.rows)
# The accounts at which money lies, or is owed to us, at providers: there are few of them.
TREASURY = (
    select(_Account.code, (-_each.balance).label("balance"))
    .select_from(_each.rows_of_balance)
    .where(_ours, func.split_part(_Account.code, ":", 1).in_(["clearing", "rail", "bank"]))
    .order_by(_Account.code)
)
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
NEEDED = (
    select(
        Payout.provider,
        cast(_sum, BigInteger).label("needed"),
        cast(func.coalesce(_sum.filter(_refused), 0), BigInteger).label("short"),
    )
    .where(Payout.status == literal_column("'APPROVED'"))
    .group_by(Payout.provider)
    .order_by(Payout.provider)
)
# Accounts of wallets say what they have. An account of ours is one of its kind.
_kind = (_Account.code, _Account.currency, _Account.normal)
_now = union_all(
    select(
        *_kind,
        func.count().label("accounts"),
        cast(func.sum(_Account.version), BigInteger).label("entries"),
        cast(func.sum(_Account.balance), BigInteger).label("balance"),
    )
    .where(_Account.wallet_id.is_not(None), _Account.version > 0)
    .group_by(*_kind),
    select(*_kind, literal_column("1"), _each.entries, _each.balance)
    .select_from(_each.rows)
    .where(_ours, _each.entries > 0),
).subquery("now")
KINDS = select(_now).order_by(_now.c.code, _now.c.currency, _now.c.normal).limit(MOST_BALANCES)
# What came after is taken from what is there: the more recent the moment, the less is read. Ids of transfers begin with
# the time at which they were made, by the clock of a server.
_later = (
    select(
        *_kind,
        func.count().filter(_Entry.account_version == 1).label("begun"),
        func.count().label("entries"),
        cast(func.sum(_Entry.amount), BigInteger).label("balance"),
    )
    .select_from(LedgerTransfer)
    .join(_Entry, _Entry.transfer_id == LedgerTransfer.id)
    .join(_Account, _Account.id == _Entry.account_id)
    .where(LedgerTransfer.id > bindparam("made_after"), LedgerTransfer.created_at > bindparam("at"))
    .group_by(*_kind)
    .subquery("later")
)
KINDS_AT = (
    select(
        _now.c.code,
        _now.c.currency,
        _now.c.normal,
        (_now.c.accounts - func.coalesce(_later.c.begun, 0)).label("accounts"),
        (_now.c.entries - func.coalesce(_later.c.entries, 0)).label("entries"),
        (_now.c.balance - func.coalesce(_later.c.balance, 0)).label("balance"),
    )
    .select_from(
        _now.outerjoin(
            _later,
            and_(_later.c.code == _now.c.code, _later.c.currency == _now.c.currency, _later.c.normal == _now.c.normal),
        )
    )
    .where(_now.c.entries > func.coalesce(_later.c.entries, 0))
    .order_by(_now.c.code, _now.c.currency, _now.c.normal)
    .limit(MOST_BALANCES)
)
_noted = _Tallied(_accounts, _Account.id, noted=True)
_note = insert(LedgerCheckpoint).from_select(
    ["account_id", "upto", "balance", "counted", "entries"],
    select(_Account.id, _OLDEST, _noted.balance, _OLDEST, _noted.entries).select_from(_noted.rows).where(_ours),
)
# Two at once are both right, each as of its own moment.
NOTED = _note.on_conflict_do_update(
    index_elements=["account_id"],
    set_={name: _note.excluded[name] for name in ("upto", "balance", "counted", "entries")},
)


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
