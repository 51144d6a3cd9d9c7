"""What several processes count together: sums, and nothing that goes back when one of them is killed."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.biore import START_SECONDS, Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, post, statuses
from tests.providers.servers import closed_port
from tests.redis_server import RedisServer

CALLS = 60
LOGOUTS = {"operation": "auth.logout", "status": "200"}
STARTED = "process_start_time_seconds"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(url: str) -> Samples:
    """Everything that one scrape tells, on a connection of its own, which reaches any of the processes."""
    answer = httpx.get(url, timeout=10, trust_env=False).raise_for_status()
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def total(found: Samples, name: str, **labels: str) -> float:
    return sum(value for (key, given), value in found.items() if key == name and labels.items() <= given)


def went_back(before: Samples, after: Samples) -> list[str]:
    """Counters of the server; those of a process begin anew with it."""
    counters = [
        key for key in before if key[0].startswith("biore_") and key[0].endswith(("_total", "_count", "_bucket"))
    ]
    return [key[0] for key in counters if after.get(key, 0) < before[key]]


@dataclass
class Node:
    """Two API processes and a worker with a port of its own, which all count in one folder."""

    biore: Deployment
    port: int

    def __post_init__(self) -> None:
        self.start_worker()
        self.biore.serve("--workers", "2", "--no-worker")

    def start_worker(self) -> None:
        self.worker = self.biore.start("worker", "--metrics-port", str(self.port))

    @property
    def worker_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"

    @property
    def url(self) -> str:
        return f"{self.biore.origin}/metrics"

    def scrape(self) -> Samples:
        return samples(self.url)

    def complete(self) -> Samples:
        """A scrape with all three processes in it, else nothing."""
        found = self.scrape()
        there = [total(found, "biore_processes", role=role) for role in ("api", "worker")]
        return found if there == [2, 1] else {}


@pytest.fixture(scope="module")
def node(deploy: DeploymentMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        yield Node(deploy(redis_url=redis.url, metrics_dir=str(tmp_path_factory.mktemp("m"))), closed_port())


class TestTogether:
    def test_a_scrape_has_the_sums_of_all_processes(self, node: Node) -> None:
        origin = until(node.complete, "three processes", START_SECONDS)
        assert statuses(all_at_once(node.biore, [post("auth/logout")] * CALLS, width=10)) == {200: CALLS}
        with node.biore.client() as visitor:
            visitor.sign_up("ada@example.com")
        until(lambda: jobs_done(node.scrape()), "the end of the job")
        for url in (node.url, node.worker_url):
            found = samples(url)
            assert (
                total(found, "biore_requests_total", **LOGOUTS)
                == total(origin, "biore_requests_total", **LOGOUTS) + CALLS
            )
            assert total(found, "biore_provider_attempts_total", family="email", provider="mailbox", outcome="ok") == 1
            assert total(found, "biore_database_pool_size", role="api") == 20

    def test_a_process_that_is_killed_takes_nothing_back(self, node: Node) -> None:
        before = until(node.complete, "three processes", START_SECONDS)
        node.worker.kill()
        assert went_back(before, node.scrape()) == []
        node.start_worker()
        until(lambda: one_is_new(before, node.complete()), "another in its place", START_SECONDS)
        with node.biore.client() as visitor:
            visitor.sign_up("grace@example.com")
        until(lambda: jobs_done(node.scrape()) > jobs_done(before), "the end of its job")
        for url in (node.url, node.worker_url):
            after = samples(url)
            assert went_back(before, after) == []
            assert {dict(labels)["process"] for name, labels in after if name == STARTED} == {
                "api-0",
                "api-1",
                "worker-0",
            }


def jobs_done(found: Samples) -> float:
    return total(found, "biore_jobs_total", topic="email.verify_address", outcome="done")


def one_is_new(before: Samples, after: Samples) -> bool:
    return len([key for key, value in after.items() if key[0] == STARTED and before[key] != value]) == 1
