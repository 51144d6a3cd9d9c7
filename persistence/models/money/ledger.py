"""Wallets, and the ledger. What the database itself refuses stands in the migration: triggers are no part of models."""

from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from domain.money.amounts import MOST
from domain.money.ledger import FROZEN_FOR, Activity, Normal, WalletType
from persistence.models.base import Base, Created, Identified, one_of

ZERO = text("0")
OURS = text("wallet_id IS NULL")


class TransactionId(UserDefinedType[int]):
    """Which transaction of the database wrote a row, in the order in which they began."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class Wallet(Created, Base):
    """What a person sees: one of each type and currency, made by the first money. Its row is the lock of its accounts.

    ``id`` is made from the other names. ``balance`` is what its page shows, and ``shown`` how many lines that page has.
    No index names these two, so that a posting touches none.
    """

    __tablename__ = "wallets"
    __table_args__ = (
        one_of("type", get_args(WalletType)),
        one_of("frozen_for", FROZEN_FOR),
        CheckConstraint("balance >= 0", name="balance"),
        CheckConstraint("(frozen_at IS NULL) = (frozen_for IS NULL)", name="frozen"),
        Index("uq_wallets_owner", "user_id", "type", "currency", unique=True),
        Index("ix_wallets_newest", "created_at", "id"),
        Index("ix_wallets_ended", "id", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_wallets_frozen", "created_at", "id", postgresql_where=text("frozen_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    type: Mapped[str]
    currency: Mapped[str]
    balance: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    shown: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    frozen_at: Mapped[datetime | None]
    frozen_for: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class WalletFreeze(Base):
    """One of the reasons for which a wallet is frozen: it is as long as there is one, and shows the first itself.

    ``statement_id``: what its owner was told of it, where staff froze it.
    """

    __tablename__ = "wallet_freezes"
    __table_args__ = (one_of("frozen_for", FROZEN_FOR),)

    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"), primary_key=True)
    frozen_for: Mapped[str] = mapped_column(primary_key=True)
    frozen_at: Mapped[datetime]
    statement_id: Mapped[UUID | None]


class LedgerAccount(Created, Base):
    """Guarded accounts belong to a wallet, and have a balance with a floor and a version. All others are tallied."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        one_of("normal", get_args(Normal)),
        CheckConstraint("(wallet_id IS NULL) = (balance IS NULL)", name="guarded"),
        CheckConstraint("(wallet_id IS NULL) = (version IS NULL)", name="versioned"),
        CheckConstraint("CASE normal WHEN 'CREDIT' THEN balance >= 0 ELSE balance <= 0 END", name="floor"),
        Index("uq_ledger_accounts_of_wallet", "wallet_id", "code", unique=True),
        Index("uq_ledger_accounts_of_platform", "code", "currency", unique=True, postgresql_where=OURS),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet_id: Mapped[UUID | None] = mapped_column(ForeignKey("wallets.id"))
    code: Mapped[str]
    currency: Mapped[str]
    normal: Mapped[str]
    balance: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int | None] = mapped_column(BigInteger)


class LedgerTransfer(Identified, Created, Base):
    """``key``: made from the thing it is about. ``resolves``: the key of what it settles, which nothing else may."""

    __tablename__ = "ledger_transfers"
    __table_args__ = (
        Index("uq_ledger_transfers_key", "key", unique=True),
        Index("uq_ledger_transfers_resolves", "resolves", unique=True),
        Index("ix_ledger_transfers_about", "about_id", "about"),
        Index("ix_ledger_transfers_xid", "created_xid"),
    )

    key: Mapped[str]
    fingerprint: Mapped[bytes]
    kind: Mapped[str]
    currency: Mapped[str]
    about: Mapped[str]
    about_id: Mapped[str]
    resolves: Mapped[str | None] = mapped_column(ForeignKey("ledger_transfers.key"))
    actor_id: Mapped[UUID | None]
    created_xid: Mapped[int] = mapped_column(TransactionId, server_default=func.pg_current_xact_id())


class LedgerEntry(Base):
    """One leg. Without a foreign key to its account, whose row all would have to lock; a trigger looks at it."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(f"amount <> 0 AND abs(amount) <= {MOST}", name="amount"),
        CheckConstraint("(balance_after IS NULL) = (account_version IS NULL)", name="guarded"),
        Index(
            "uq_ledger_entries_version",
            "account_id",
            "account_version",
            unique=True,
            postgresql_where=text("account_version IS NOT NULL"),
        ),
        Index("uq_ledger_entries_of_account", "account_id", "transfer_id", unique=True),
        Index("ix_ledger_entries_tally", "account_id", "created_xid", postgresql_include=["amount"]),
    )

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transfers.id"), primary_key=True)
    leg: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int | None] = mapped_column(BigInteger)
    account_version: Mapped[int | None] = mapped_column(BigInteger)
    created_xid: Mapped[int] = mapped_column(TransactionId, server_default=func.pg_current_xact_id())


class LedgerCheckpoint(Base):
    """What a tallied account had before all transactions from ``upto`` on: its balance is this and what came since.

    ``entries``: how many there were before ``counted``. Both are None until they were counted.
    """

    __tablename__ = "ledger_checkpoints"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.id"), primary_key=True)
    upto: Mapped[int] = mapped_column(TransactionId)
    balance: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int | None] = mapped_column(TransactionId)
    entries: Mapped[int | None] = mapped_column(BigInteger)


class WalletActivity(Created, Base):
    """A line of the wallet's page, written with the entries. ``amount`` is without sign, which ``type`` tells."""

    __tablename__ = "wallet_activity"
    __table_args__ = (
        one_of("type", get_args(Activity)),
        CheckConstraint(
            "balance_after = CASE type WHEN 'CREDIT' THEN balance_before + amount ELSE balance_before - amount END",
            name="adds_up",
        ),
        CheckConstraint("amount > 0 OR amount = 0 AND type = 'CHARGEBACK'", name="amount"),
        Index("uq_wallet_activity_transfer", "wallet_id", "transfer_id", unique=True),
        Index("ix_wallet_activity_type", "wallet_id", "type", "seq"),
    )

    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transfers.id"))
    type: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_before: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    about: Mapped[str]
    about_id: Mapped[str]
