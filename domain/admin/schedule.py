"""Recurring jobs, as staff sees them."""

from __future__ import annotations

from typing import Any

from domain.admin import not_found
from domain.clock import timestamp
from domain.config_keys import Config
from domain.schedule import RECURRING, Recurring
from domain.wire import admin as wire


def recurring(topic: str) -> Recurring:
    """Raises ApiError admin.not_found."""
    for job in RECURRING:
        if job.topic == topic:
            return job
    raise not_found("recurring job")


def recurring_view(job: Recurring, row: Any | None, config: Config) -> wire.RecurringJob:
    """``row`` is there once a worker ran."""
    return {
        "topic": job.topic,
        "meaning": job.meaning,
        "seconds": config[job.pace],
        "nextAt": None if row is None else timestamp(row.next_due),
        "lastAt": None if row is None else timestamp(row.last_due),
    }
