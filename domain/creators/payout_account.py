"""The account at a payout provider that a creator is paid out to: what the provider says, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from domain.config_keys import UrlKey
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.money.payouts import AccountState
    from domain.wire import creators as wire

RETURN_URL = UrlKey(
    "payout.account_return_url",
    "https://bio.re/creator/payouts",
    "page to which creators come back from the provider of their payout account",
)
REFRESH_URL = UrlKey(
    "payout.account_refresh_url",
    "https://bio.re/creator/payouts/refresh",
    "page to which the provider of a payout account sends creators whose link is over",
)
LEASE = timedelta(seconds=60)
"""For how long one call alone asks the provider for an account."""
LIVE_SECONDS = 3
SIGN_IN_LIFE = timedelta(minutes=15)
"""For how long somebody may take to sign in at the provider."""
STATE_BYTES = 32
ASKED_FOR = timedelta(hours=24)
"""For how long the provider is asked again for an account: it may not know the key any longer."""
LOOK_AGAIN, LOOK_AT_ACTIVE = timedelta(hours=1), timedelta(days=1)
"""After which an account is looked at without having been told of."""


@dataclass(frozen=True, slots=True)
class AccountLook:
    """How an account is, as of the moment before that was asked for."""

    state: AccountState
    at: datetime


def require_may_connect(profile: Any, newest: Any, provider: str | None) -> None:
    """Raises ApiError creator.payout_account.kyc_required or disabled.

    ``newest``: the account that was opened last, if any; one that ``provider`` disabled is the last one there.
    """
    if profile.kyc_status != "APPROVED":
        raise ApiError("creator.payout_account.kyc_required")
    if newest is not None and newest.status == "DISABLED" and newest.provider == provider:
        raise ApiError("creator.payout_account.disabled")


def state_hash(state: str) -> bytes:
    """As a state is kept. It is random, and needs no key."""
    return sha256(state.encode()).digest()


def require_own(account: Any, ref: str, other: Any) -> None:
    """Raises ApiError creator.payout_account.other_account.

    ``other``: the account of anybody that has the ``ref`` already. Another one than was signed in with before is none
    to which payouts would follow.
    """
    has_one = account.ref != str(account.id)
    if (other is not None and other.id != account.id) or (has_one and account.ref != ref):
        raise ApiError("creator.payout_account.other_account")


def settled(found: AccountLook) -> Mapping[str, Any]:
    """The columns of an account that follow from a look at it. One that the provider disabled is closed."""
    state, closed = found.state, found.state.status == "DISABLED"
    return {
        "status": state.status,
        "charges_enabled": state.charges_enabled and not closed,
        "payouts_enabled": state.payouts_enabled and not closed,
        "details_submitted": state.details_submitted,
        "looked_at": found.at,
        "closed_at": found.at if closed else None,
    }


def is_moved(account: Any, found: AccountLook) -> bool:
    """Whether money goes to another bank account than it did, as far as the provider says where it goes."""
    was, now = account.destination, found.state.destination
    return was is not None and now is not None and was != now


def shadow(ref: str, columns: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the creator's profile shows of it."""
    return {
        "payout_account_id": ref,
        "payout_account_status": columns["status"],
        "payout_charges_enabled": columns["charges_enabled"],
        "payout_payouts_enabled": columns["payouts_enabled"],
    }


def stored_view(profile: Any) -> wire.PayoutAccount:
    """As the profile has it, where the provider could not be asked."""
    return {
        "payoutAccountId": profile.payout_account_id,
        "payoutAccountStatus": profile.payout_account_status,
        "chargesEnabled": profile.payout_charges_enabled,
        "payoutsEnabled": profile.payout_payouts_enabled,
        "detailsSubmitted": False,
    }


def live_view(found: AccountLook) -> wire.PayoutAccount:
    columns = settled(found)
    return {
        "payoutAccountId": found.state.ref,
        "payoutAccountStatus": found.state.status,
        "chargesEnabled": columns["charges_enabled"],
        "payoutsEnabled": columns["payouts_enabled"],
        "detailsSubmitted": found.state.details_submitted,
    }
