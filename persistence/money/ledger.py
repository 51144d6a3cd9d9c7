"""Transfers are posted here, and nowhere else.

Lock order, everywhere: the user's row (if at all), business rows (several of a kind by id), wallets by id, accounts.
The accounts of a wallet are written only while the wallet is held, so their own order is free.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_bytes
from typing import NamedTuple
from uuid import UUID

from psycopg.errors import CheckViolation, UniqueViolation
from sqlalchemy import (
    ARRAY,
    BigInteger,
    SmallInteger,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from domain.clock import uuid7
from domain.money.flows import Balances
from domain.money.ledger import AlreadyResolved, InsufficientBalance, LedgerError, Transfer, TransferDiffers, WalletName
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import LedgerAccount, LedgerEntry, LedgerTransfer, Wallet, WalletActivity

FLOORS = {"ck_ledger_accounts_floor", "ck_wallets_balance"}
RESOLVED = "uq_ledger_transfers_resolves"

# A statement that has waited for a lock sees what was there before: the lock and what is read under it are two.
_own = (Wallet.id, Wallet.balance, Wallet.frozen_for, Wallet.closed_at)
# Of one wallet there is a statement by itself: the database would plan one with an array anew each time.
HELD = select(*_own).where(Wallet.id == bindparam("id", type_=Uuid)).with_for_update(key_share=True)
ALL_HELD = (
    select(*_own)
    .where(Wallet.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(Wallet.id)
    .with_for_update(key_share=True)
)
THERE = select(Wallet.id).where(Wallet.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
BALANCES = select(LedgerAccount.code, LedgerAccount.balance).where(LedgerAccount.wallet_id == bindparam("wallet_id"))

_new = (
    insert(Wallet)
    .values(
        id=bindparam("id"), user_id=bindparam("user_id"), type=bindparam("type"), currency=bindparam("wallet_currency")
    )
    .on_conflict_do_nothing()
    .returning(*_own, Wallet.currency)
    .cte("new")
)
_accounts = (
    func.unnest(
        bindparam("account_ids", type_=ARRAY(Uuid)),
        bindparam("codes", type_=ARRAY(Text)),
        bindparam("normals", type_=ARRAY(Text)),
    )
    .table_valued(column("id", Uuid), column("code", Text), column("normal", Text), name="given")
    .render_derived()
)
_opened = (
    insert(LedgerAccount)
    .from_select(
        ["id", "wallet_id", "code", "currency", "normal", "balance", "version"],
        select(
            _accounts.c.id, _new.c.id, _accounts.c.code, _new.c.currency, _accounts.c.normal, literal(0), literal(0)
        ).select_from(_accounts.join(_new, literal(True))),
    )
    .cte("opened")
)
MADE = select(*(_new.c[column.key] for column in _own)).add_cte(_opened)
POSTED = (
    insertion(
        LedgerTransfer, "id", "key", "fingerprint", "kind", "currency", "about", "about_id", "resolves", "actor_id"
    )
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(LedgerTransfer.id)
)
FORMER = select(LedgerTransfer.id, LedgerTransfer.fingerprint).where(LedgerTransfer.key == bindparam("key"))

_legs = (
    func.unnest(
        bindparam("account_ids", type_=ARRAY(Uuid)),
        bindparam("codes", type_=ARRAY(Text)),
        bindparam("normals", type_=ARRAY(Text)),
        bindparam("amounts", type_=ARRAY(BigInteger)),
    )
    .table_valued(
        column("id", Uuid), column("code", Text), column("normal", Text), column("amount", BigInteger),
        with_ordinality="leg", name="given",
    )
    .render_derived()
)  # fmt: skip
_transfer = cast(bindparam("transfer_id"), Uuid)
_wallet = cast(bindparam("wallet_id"), Uuid)
_there = aliased(LedgerAccount)
_platform = (  # an account of ours is there from its first entry on
    insert(LedgerAccount)
    .from_select(
        ["id", "code", "currency", "normal"],
        select(_legs.c.id, _legs.c.code, cast(bindparam("of_currency"), Text), _legs.c.normal).where(
            _legs.c.id != func.all(cast(bindparam("guarded"), ARRAY(Uuid))),
            ~exists().where(_there.id == _legs.c.id),
        ),
    )
    .on_conflict_do_nothing()
    .cte("platform")
)
_moved = (
    update(LedgerAccount)
    .where(LedgerAccount.id == _legs.c.id, LedgerAccount.wallet_id == _wallet)
    .values(balance=LedgerAccount.balance + _legs.c.amount, version=LedgerAccount.version + 1)
    .returning(LedgerAccount.id, LedgerAccount.balance, LedgerAccount.version)
    .cte("moved")
)
_entries = (
    insert(LedgerEntry)
    .from_select(
        ["transfer_id", "leg", "account_id", "amount", "balance_after", "account_version"],
        select(
            _transfer, cast(_legs.c.leg, SmallInteger), _legs.c.id, _legs.c.amount, _moved.c.balance, _moved.c.version
        ).select_from(_legs.outerjoin(_moved, _moved.c.id == _legs.c.id)),
    )
    .cte("entries")
)
_by = cast(bindparam("by"), BigInteger)
_type = cast(bindparam("type"), Text)
_page = (
    update(Wallet)
    .where(Wallet.id == _wallet, _type.is_not(None))
    .values(balance=Wallet.balance + _by, shown=Wallet.shown + 1)
    .returning(Wallet.id, Wallet.shown, Wallet.balance)
    .cte("page")
)
_line = (
    insert(WalletActivity)
    .from_select(
        ["wallet_id", "seq", "transfer_id", "type", "amount", "balance_before", "balance_after", "about", "about_id"],
        select(
            _page.c.id, _page.c.shown, _transfer, _type, func.abs(_by), _page.c.balance - _by, _page.c.balance,
            cast(bindparam("shown_about"), Text), cast(bindparam("shown_about_id"), Text),
        ),
    )
    .cte("line")
)  # fmt: skip
MOVED = select(_moved.c.id, _moved.c.balance).add_cte(_platform, _entries, _line)


class HeldWallet(NamedTuple):
    """``balance``: what its page shows."""

    id: UUID
    balance: int
    frozen_for: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Posted:
    """``new``: it was not posted before."""

    id: UUID
    new: bool


class Ledger:
    """Of one unit of work: what it holds, it holds until the unit ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: set[UUID] = set()

    async def hold(self, *wallets: WalletName) -> Mapping[UUID, HeldWallet]:
        """The wallets by their ids, made where there were none. Nobody else posts to them until the unit ends.

        Whether one is frozen or closed, and what a limit allows, is judged after this, never before.
        """
        names = {wallet.id: wallet for wallet in wallets}
        if len(names) > 1:
            # All are there before one is held: who holds one and makes another waits for who made that and wants this.
            there = await self._connection.scalars(THERE, ids=list(names))
            for wallet_id in sorted(names.keys() - set(there)):
                await self._make(names[wallet_id])
        found = await self._rows(names)
        for wallet_id in names.keys() - found.keys():
            made = await self._make(names[wallet_id])
            found |= await self._rows([wallet_id]) if made is None else {wallet_id: made}
        if names.keys() != found.keys():
            raise LedgerError("a wallet of that owner has another id than is made from its name")
        self._held |= names.keys()
        return found

    async def balances(self, wallet: WalletName) -> Balances:
        """What its accounts hold: true until the unit ends where the wallet is held."""
        rows = await self._connection.rows(BALANCES, wallet_id=wallet.id)
        has = {code: balance or 0 for code, balance in rows}
        return Balances(has.get("fan", 0), has.get("fan_promo", 0), has.get("creator", 0), -has.get("debt", 0))

    async def post(self, transfer: Transfer) -> Posted:
        """Post it, or find that it was posted. Its wallet is held until the unit ends.

        Raises InsufficientBalance, AlreadyResolved and TransferDiffers, after each of which the unit can only end.
        """
        if transfer.wallet is not None and transfer.wallet.id not in self._held:
            await self.hold(transfer.wallet)
        made = uuid7(datetime.now(UTC), token_bytes(10))
        try:
            new = await self._connection.scalar(
                POSTED, id=made, key=transfer.key, fingerprint=transfer.fingerprint, kind=transfer.kind,
                currency=transfer.currency, about=transfer.about, about_id=transfer.about_id,
                resolves=transfer.resolves, actor_id=transfer.actor,
            )  # fmt: skip
        except UniqueViolation as refused:
            if refused.diag.constraint_name != RESOLVED:
                raise
            raise AlreadyResolved(f"{transfer.key}: {transfer.resolves} has been resolved") from refused
        if new is None:
            return await self._former(transfer)
        try:
            await self._move(made, transfer)
        except CheckViolation as refused:
            if refused.diag.constraint_name not in FLOORS:
                raise
            raise InsufficientBalance(transfer.key) from refused
        return Posted(made, new=True)

    async def _rows(self, ids: Collection[UUID]) -> dict[UUID, HeldWallet]:
        if len(ids) == 1:
            rows = await self._connection.rows(HELD, id=next(iter(ids)))
        else:
            rows = await self._connection.rows(ALL_HELD, ids=sorted(ids))
        return {row.id: HeldWallet(*row) for row in rows}

    async def _make(self, wallet: WalletName) -> HeldWallet | None:
        """None where somebody else has made it meanwhile."""
        accounts = wallet.accounts
        row = await self._connection.row(
            MADE, id=wallet.id, user_id=wallet.user_id, type=wallet.type, wallet_currency=wallet.currency,
            account_ids=[each.id for each in accounts], codes=[each.code for each in accounts],
            normals=[each.form.normal for each in accounts],
        )  # fmt: skip
        return None if row is None else HeldWallet(*row)

    async def _former(self, transfer: Transfer) -> Posted:
        former = await self._connection.one(FORMER, key=transfer.key)
        if former.fingerprint != transfer.fingerprint:
            raise TransferDiffers(f"{transfer.key} was posted with other legs, or about another thing")
        return Posted(former.id, new=False)

    async def _move(self, transfer_id: UUID, transfer: Transfer) -> None:
        shown, accounts = transfer.shown, list(transfer.legs)
        await self._connection.execute(
            MOVED, transfer_id=transfer_id, wallet_id=transfer.wallet and transfer.wallet.id,
            of_currency=transfer.currency, account_ids=[each.id for each in accounts],
            codes=[each.code for each in accounts], normals=[each.form.normal for each in accounts],
            amounts=list(transfer.legs.values()), guarded=[each.id for each in accounts if each.wallet_id],
            by=transfer.moved, type=shown and shown.type, shown_about=shown and shown.about,
            shown_about_id=shown and shown.about_id,
        )  # fmt: skip
