"""What the processes of a server count, and how they tell it to Prometheus. docs/metrics.md says what each means.

One row of floats holds both the number of events and how long they took, so that a request is counted with two
additions. Labels are of few values, whatever strangers send: operations, statuses, topics, providers of ours.
"""

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from domain.creators.visits import Uncounted
from persistence.engine.pool import Pool
from runtime.observe.shared_counters import OWNER, SEEN, Counted, Key, Row, SharedCounters, counted

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LIMITS = [*(str(bound) for bound in BOUNDS), "+Inf"]
NO_OPERATION = "none"
PUBLISH_SECONDS = 1.0
# A process that was killed takes nothing back. What one says of its present counts while it keeps saying it.
PRESENT_SECONDS = 5.0
SECONDS, FIRST_BUCKET = 0, 1
ROW_SIZE = FIRST_BUCKET + len(LIMITS)

Gauges = dict[str, float]


@dataclass(frozen=True, slots=True)
class Timed:
    """Events with a duration: a counter by all labels, and a histogram by all but the last."""

    counter: str
    histogram: str
    what: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """``whole`` makes one number of those of several processes with one role."""

    name: str
    what: str
    whole: Callable[[Iterable[float]], float] = sum


REQUESTS = Timed("biore_requests", "biore_request_seconds", "HTTP requests", ("operation", "status"))
JOBS = Timed("biore_jobs", "biore_job_seconds", "Runs of jobs of the outbox", ("topic", "outcome"))
PROVIDERS = Timed(
    "biore_provider_attempts", "biore_provider_seconds", "Calls of providers", ("family", "provider", "outcome")
)
WEBHOOKS = Timed("biore_webhooks", "biore_webhook_seconds", "Notices of providers", ("family", "provider", "outcome"))
TIMED = (REQUESTS, JOBS, PROVIDERS, WEBHOOKS)
REFUSED = "biore_bcrypt_refused"
UNCOUNTED = "biore_visits_uncounted"
GAUGES = (
    Gauge("biore_database_pool_size", "Connections to the database that may be open"),
    Gauge("biore_database_pool_in_use", "Connections that are lent to a request or job"),
    Gauge("biore_database_pool_waiting", "Requests and jobs that wait for a connection"),
    Gauge("biore_bcrypt_running", "Passwords that are being hashed"),
    Gauge("biore_bcrypt_waiting", "Passwords that wait to be hashed"),
    Gauge("biore_ratelimit_degraded", "1 while a process has no Redis and keeps to its share of limits", max),
)


class Metrics:
    """What one process counts. ``folder`` is shared with the other processes of the server."""

    def __init__(self, role: str, folder: Path | None = None) -> None:
        self.counters = SharedCounters(folder, role)
        self._requests: dict[tuple[str | None, int], Row] = {}
        self._others: dict[Key, Row] = {}
        self._sources: list[Callable[[], Gauges]] = []
        self._refused = self.counters.row((REFUSED,), 1)
        self._owner = self.counters.row(OWNER, 2)

    def observe(self, operation_id: str | None, status: int, seconds: float) -> None:
        """A request is answered. All of them come through here."""
        row = self._requests.get((operation_id, status)) or self._request_row(operation_id, status)
        row[SECONDS] += seconds
        row[bisect_left(BOUNDS, seconds) + FIRST_BUCKET] += 1

    def _request_row(self, operation_id: str | None, status: int) -> Row:
        key = (REQUESTS.counter, operation_id or NO_OPERATION, str(status))
        row = self._requests[operation_id, status] = self.counters.row(key, ROW_SIZE)
        return row

    def job(self, topic: str, outcome: str, seconds: float) -> None:
        self._count((JOBS.counter, topic, outcome), seconds)

    def attempt(self, family: str, provider: str, outcome: str, seconds: float) -> None:
        self._count((PROVIDERS.counter, family, provider, outcome), seconds)

    def webhook(self, family: str, provider: str, outcome: str, seconds: float) -> None:
        self._count((WEBHOOKS.counter, family, provider, outcome), seconds)

    def refused(self) -> None:
        """A password was turned away, because too many were waiting."""
        self._refused[0] += 1

    def uncounted(self, reason: str) -> None:
        """A visit of a page was not counted."""
        self.counters.row((UNCOUNTED, reason), 1)[0] += 1

    def _count(self, key: Key, seconds: float) -> None:
        row = self._others.get(key)
        if row is None:
            row = self._others[key] = self.counters.row(key, ROW_SIZE)
        row[SECONDS] += seconds
        row[bisect_left(BOUNDS, seconds) + FIRST_BUCKET] += 1

    def watch(self, source: Callable[[], Gauges]) -> None:
        """Ask ``source`` for the present state of its part whenever gauges are published."""
        self._sources.append(source)

    def publish(self) -> None:
        """Let the other processes see this one's gauges, and that it lives."""
        for source in self._sources:
            for name, value in source().items():
                self.counters.row((name,), 1)[0] = value
        self._owner[SEEN] = time.monotonic()

    def close(self) -> None:
        self.counters.close()


@asynccontextmanager
async def publishing(metrics: Metrics) -> AsyncIterator[None]:
    """While the block runs, the other processes of the server see the gauges of this one."""
    task = asyncio.create_task(_publish(metrics))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        metrics.close()


async def _publish(metrics: Metrics) -> None:
    while True:
        metrics.publish()
        await asyncio.sleep(PUBLISH_SECONDS)


def pool_gauges(pool: Pool) -> Gauges:
    state = pool.state
    return {
        "biore_database_pool_size": state.size,
        "biore_database_pool_in_use": state.in_use,
        "biore_database_pool_waiting": state.waiting,
    }


class WholeServer(Collector):
    """All processes that share a folder, as one target of Prometheus; ``more`` was read for this scrape."""

    def __init__(self, metrics: Metrics, more: Iterable[Metric] = ()) -> None:
        self._metrics = metrics
        self._more = more

    def collect(self) -> Iterator[Metric]:
        everybody = counted(self._metrics.counters)
        present = [one for one in everybody if time.monotonic() - one.seen < PRESENT_SECONDS]
        for timed in TIMED:
            yield from _timed(timed, everybody)
        refused = sum(one.rows[REFUSED,][0] for one in everybody if (REFUSED,) in one.rows)
        yield CounterMetricFamily(REFUSED, "Passwords turned away, because too many were waiting", value=refused)
        yield _uncounted(everybody)
        yield from (_gauge(gauge, present) for gauge in GAUGES)
        yield _processes(present)
        yield from _standard(present)
        yield InfoMetricFamily("biore_build", "The version that runs", {"version": version("biore")})
        yield from PlatformCollector(registry=None).collect()
        yield from self._more


def _timed(timed: Timed, everybody: Iterable[Counted]) -> Iterator[Metric]:
    counter = CounterMetricFamily(timed.counter, timed.what, labels=timed.labels)
    histogram = HistogramMetricFamily(timed.histogram, f"{timed.what}: seconds", labels=timed.labels[:-1])
    rows = _summed(timed, everybody)
    by_first: dict[Key, list[float]] = defaultdict(lambda: [0.0] * ROW_SIZE)
    for labels, row in sorted(rows.items()):
        counter.add_metric(labels, sum(row[FIRST_BUCKET:]))
        _add(by_first[labels[:-1]], row)
    for labels, row in by_first.items():
        histogram.add_metric(labels, list(_cumulative(row)), row[SECONDS])
    return iter((counter, histogram))


def _uncounted(everybody: Iterable[Counted]) -> Metric:
    family = CounterMetricFamily(UNCOUNTED, "Visits of bio pages that were not counted", labels=("reason",))
    counts: dict[str, float] = dict.fromkeys(Uncounted, 0.0)
    for one in everybody:
        for key, row in one.rows.items():
            if key[0] == UNCOUNTED:
                counts[key[1]] += row[0]
    for reason, count in counts.items():
        family.add_metric((str(reason),), count)
    return family


def _summed(timed: Timed, everybody: Iterable[Counted]) -> dict[Key, list[float]]:
    rows: dict[Key, list[float]] = defaultdict(lambda: [0.0] * ROW_SIZE)
    for one in everybody:
        for key, row in one.rows.items():
            if key[0] == timed.counter:
                _add(rows[key[1:]], row)
    return rows


def _add(total: list[float], row: Iterable[float]) -> None:
    total[:] = [a + b for a, b in zip(total, row, strict=True)]


def _cumulative(row: list[float]) -> Iterator[tuple[str, float]]:
    count = 0.0
    for limit, number in zip(LIMITS, row[FIRST_BUCKET:], strict=True):
        count += number
        yield limit, count


def _gauge(gauge: Gauge, present: Iterable[Counted]) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.what, labels=("role",))
    values: dict[str, list[float]] = defaultdict(list)
    for one in present:
        if (gauge.name,) in one.rows:
            values[one.role].append(one.rows[gauge.name,][0])
    for role, found in sorted(values.items()):
        family.add_metric((role,), gauge.whole(found))
    return family


def _processes(present: Iterable[Counted]) -> Metric:
    family = GaugeMetricFamily("biore_processes", "Processes that run", labels=("role",))
    roles = [one.role for one in present]
    for role in sorted(set(roles)):
        family.add_metric((role,), roles.count(role))
    return family


def _standard(present: Iterable[Counted]) -> Iterable[Metric]:
    """The metrics that every Prometheus client has of its process, of each process."""
    families: dict[str, Metric] = {}
    for one in present:
        for metric in ProcessCollector(pid=lambda pid=one.pid: pid, registry=None).collect():  # type: ignore[misc]
            family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            for sample in metric.samples:
                family.add_sample(sample.name, {"process": one.name}, sample.value)
    return families.values()
