"""How a creator takes messages, and for what price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from domain.config_keys import AmountKey, Config
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import creators as wire

FREE = "FREE"
MIN_PRICE = AmountKey("dm.min_price", "1.00", "the lowest price of a paid message", 0, 5000)
MAX_PRICE = AmountKey("dm.max_price", "500.00", "the highest price of a paid message", 0, 5000)


class Offer(NamedTuple):
    """``price`` is None where messages are free, or cost something that nobody has said yet."""

    kind: str
    price: Decimal | None
    active: bool


def offered(body: wire.UpdateMessageSettingsRequest, profile: Any, config: Config) -> Offer:
    """What is asked for. Raises ApiError creator.dm.price_required or creator.dm.price_out_of_range."""
    kind, active = body["dmType"], body.get("dmActive", profile.dm_active)
    if kind == FREE:
        return Offer(kind, None, active)
    given = body.get("dmPrice")
    if given is not None:
        return Offer(kind, _within(given, config), active)
    if active:
        raise ApiError("creator.dm.price_required")
    return Offer(kind, None if "dmPrice" in body else profile.dm_price, active)


def _within(price: Decimal, config: Config) -> Decimal:
    least, most = config[MIN_PRICE], config[MAX_PRICE]
    if not Decimal(least) <= price <= Decimal(most):
        raise ApiError("creator.dm.price_out_of_range", min=least, max=most)
    return price


def settings_view(profile: Any) -> wire.MessageSettings:
    return presented(wire.MessageSettings, profile)


def package_view(package: Any) -> wire.DmPackage:
    return presented(wire.DmPackage, package)
