"""What a job may ask for, by the name of its parameter. Types only: nothing of this is imported at run time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from domain.config_keys import Config
from domain.jobs import Job
from domain.keys import DigestsOf
from persistence.repositories import Repositories
from persistence.uow import UnitOfWork
from providers.registry import StorageFamily as Storage
from runtime.archive import Archives
from runtime.changes import Changes
from runtime.inspector import Inspector
from runtime.mailer import Mailer
from runtime.texter import Texter

Clock: TypeAlias = Callable[[], datetime]
DeviceOf: TypeAlias = Callable[[str | None], str | None]

__all__ = [
    "Archives",
    "Changes",
    "Clock",
    "Config",
    "DeviceOf",
    "DigestsOf",
    "Inspector",
    "Job",
    "Mailer",
    "Repositories",
    "Storage",
    "Texter",
    "UnitOfWork",
]
