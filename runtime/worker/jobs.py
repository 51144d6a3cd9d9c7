"""The functions of ``jobs/`` by topic, with what each asks for. What one asks for in vain stops the start."""

import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contract.policy import ContractError
from domain.jobs import Job, UnknownTopic
from domain.schedule import RECURRING
from domain.topics import TOPICS, Topic
from persistence.engine.uow import UnitOfWork
from services.container import JobServices, OfJob
from services.mailer import Mailer
from services.texter import Texter

Run = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WiredJob:
    """``kind`` is what its payload is read as; jobs that recur carry nothing."""

    kind: type[Topic]
    run: Callable[[Job[Topic], UnitOfWork, Mailer, Texter], Awaitable[None]]


@cache
def find_job(topic: str) -> Run:
    """``email.verify_address`` -> ``jobs.email.verify_address``. Raises UnknownTopic."""
    if topic not in TOPICS and topic not in _recurring():
        raise UnknownTopic(f"no job for topic {topic}")
    module, _, name = topic.rpartition(".")
    try:
        found: Run = getattr(importlib.import_module(f"jobs.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise ContractError(f"{topic}: no job jobs/{module}.py:{name} ({error})") from error
    return found


def _recurring() -> frozenset[str]:
    return frozenset(job.topic for job in RECURRING)


def wired_jobs(services: JobServices) -> Mapping[str, WiredJob]:
    """Raises ContractError for a job that is not there, or asks for what nobody has."""
    topics: dict[str, type[Topic]] = {**TOPICS, **dict.fromkeys(_recurring(), Topic)}
    return {topic: WiredJob(kind, wired(topic, find_job(topic), services)) for topic, kind in topics.items()}


def wired(topic: str, run: Run, services: JobServices) -> Callable[..., Awaitable[None]]:
    names = inspect.signature(run).parameters.keys()
    own = {"job", *OfJob.__annotations__}
    unknown = sorted(name for name in names - own if not hasattr(services, name))
    if unknown:
        raise ContractError(f"{topic}: the job asks for unknown {unknown}")
    shared: dict[str, Any] = {name: getattr(services, name) for name in names - own}

    async def call(job: Job[Topic], uow: UnitOfWork, mailer: Mailer, texter: Texter) -> None:
        given = {"job": job, "uow": uow, "mailer": mailer, "texter": texter}
        await run(**shared, **{name: given[name] for name in names & own})

    return call
