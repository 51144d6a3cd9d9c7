"""Who wants mails from a creator: an address counts once its owner pressed the button of the mailed page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.mails import Allowance
from domain.presenting import presented
from domain.wire import creators as wire

TOKEN_DAYS = IntKey("bio.subscribe_token_days", 7, "days for which the link that confirms a subscription works", 1, 90)
MAILS_PER_ADDRESS = IntKey(
    "bio.subscribe_mails_per_address",
    3,
    "mails per hour to an address, over all pages, that ask to confirm a subscription",
    1,
    1000,
)
MAILS_PER_ADDRESS_AND_DAY = IntKey(
    "bio.subscribe_mails_per_address_per_day",
    6,
    "mails per day to an address, over all pages, that ask to confirm a subscription",
    1,
    1000,
)
UNSUBSCRIBED_DAYS = IntKey(
    "bio.unsubscribed_retention_days", 365, "days for which ended subscriptions are stored", 1, 3650
)
UNCONFIRMED_KEPT = timedelta(days=7)
SUPPRESSED_FOR = timedelta(days=30)
HOUR = timedelta(hours=1)


def require_taking(takes: bool | None) -> None:
    """``takes``: whether a page takes subscriptions; None for a page that nobody can open, of which nothing is told."""
    if takes is None:
        raise ApiError("creator.bio.not_found")
    if not takes:
        raise ApiError("creator.subscribe.not_enabled")


def require_unsubscribed(subscriber: Any) -> None:
    if subscriber.confirmed_at is not None and subscriber.unsubscribed_at is None:
        raise ApiError("creator.subscribe.already_subscribed")


def link_life(config: Config) -> timedelta:
    return timedelta(days=config[TOKEN_DAYS])


def hourly(config: Config) -> Allowance:
    """Whoever enters somebody's address on many pages fills no mailbox."""
    return Allowance(timedelta(0), config[MAILS_PER_ADDRESS], span=HOUR)


def daily(config: Config) -> Allowance:
    """Nor does who comes back every hour."""
    return Allowance(timedelta(0), config[MAILS_PER_ADDRESS_AND_DAY])


def subscriber_view(row: Any) -> wire.Subscriber:
    return presented(wire.Subscriber, row, bioPageId=str(row.page_id), confirmed=True, source="bio_page")
