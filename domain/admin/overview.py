"""What staff sees first: how the platform does today and did in the last 30 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.clock import timestamp
from domain.wire import admin as wire

COUNTED_TO = 100_000
MONTH = timedelta(days=30)
# Each of them begins one session.
SIGN_INS = ("auth.login.success", "auth.2fa.login.success", "auth.oauth.login.success")


class Figures(NamedTuple):
    """Each no more than one beyond ``COUNTED_TO``."""

    sign_ups_today: int
    sign_ups_month: int
    sign_ins_today: int
    sign_ins_month: int
    open_cases: int
    open_appeals: int
    dead_jobs: int
    due_jobs: int


def spans(now: datetime) -> tuple[datetime, datetime]:
    """Since midnight, UTC, and for 30 days."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0), now - MONTH


def overview_view(figures: Figures, now: datetime) -> wire.Overview:
    return {
        "at": timestamp(now),
        "signUps": {"today": _count(figures.sign_ups_today), "last30Days": _count(figures.sign_ups_month)},
        "signIns": {"today": _count(figures.sign_ins_today), "last30Days": _count(figures.sign_ins_month)},
        "openCases": _count(figures.open_cases),
        "openAppeals": _count(figures.open_appeals),
        "deadJobs": _count(figures.dead_jobs),
        "dueJobs": _count(figures.due_jobs),
    }


def _count(found: int) -> wire.Count:
    return {"count": min(found, COUNTED_TO), "exact": found <= COUNTED_TO}
