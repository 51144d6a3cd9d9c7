"""The wallet of a person, as its owner sees it: what is in it, and what changed that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from domain.config_keys import Config, IntKey, NumbersKey
from domain.money.amounts import USD, Money
from domain.presenting import presented
from domain.wire import common
from domain.wire import wallet as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.answers.pages import Page
    from domain.money.ledger import Activity

LARGEST = 500
MIN_LOAD = IntKey("wallet.min_load", 5, "the least that a load may be, in whole US dollars", 1, LARGEST)
MAX_LOAD = IntKey("wallet.max_load", LARGEST, "the most that a load may be, in whole US dollars", 1, 10_000)
LOAD_PACKAGES = NumbersKey(
    "wallet.load_packages",
    ["5", "10", "25"],
    "amounts that are offered for a load, in whole US dollars; those that no load may have are left out",
    minimum=1,
    maximum=10_000,
)


def packages_view(config: Config) -> wire.LoadPackages:
    least, most = config[MIN_LOAD], config[MAX_LOAD]
    offered = sorted(int(each) for each in config[LOAD_PACKAGES])
    return {"packages": [each for each in offered if least <= each <= most], "min": least, "max": most, "currency": USD}


def balance_view(wallet: Any) -> wire.WalletBalance:
    """``wallet``: None before the first money, which makes it."""
    if wallet is None:
        return {"balance": str(Money(0)), "frozen": False}
    told: wire.WalletBalance = {"balance": str(Money(wallet.balance)), "frozen": wallet.frozen_for is not None}
    if wallet.owed:
        told["owed"] = str(Money(wallet.owed))
    return told


def activity_type(asked: str | None) -> Activity | None:
    """What a list is cut to; None for what is no type, which cuts nothing."""
    return next((each for each in get_args(common.WalletActivityType) if each == asked), None)


def activity_view(rows: Sequence[Any], page: Page, total: int) -> wire.WalletActivities:
    return {"items": [_line(row) for row in rows], **page.numbers(total)}


def described(about: str, type_: str) -> str:
    """The key of the text for a change."""
    return f"wallet.activity.{about.lower()}.{type_.lower()}"


def _line(row: Any) -> wire.WalletActivity:
    return presented(
        wire.WalletActivity,
        row,
        id=str(row.transfer_id),
        walletId=str(row.wallet_id),
        amount=str(Money(row.amount)),
        balanceBefore=str(Money(row.balance_before)),
        balanceAfter=str(Money(row.balance_after)),
        referenceType=row.about,
        referenceId=row.about_id,
        description=described(row.about, row.type),
    )
