"""Figures of the platform that everybody may see."""

from typing import Any

from domain.clock import timestamp
from domain.presenting import presented
from domain.wire import platform as wire

EDITION = "platform"


def stats_view(row: Any) -> wire.PlatformStats:
    whole, cents = divmod(row.total_earned_cents, 100)
    told = {"totalEarned": f"{whole}.{cents:02}", "cachedAt": timestamp(row.counted_at)}
    return presented(wire.PlatformStats, row, **told)
