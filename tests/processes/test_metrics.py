"""What several processes count together: sums, and nothing that goes back when one of them is killed."""

from collections.abc import Iterator

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.harness import Tables
from tests.processes.biore import START_SECONDS, Deployment, Process, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, post, statuses
from tests.providers.servers import closed_port
from tests.redis_server import RedisServer

CALLS = 60
TOKEN = "a-token-of-the-processes-0123456789-abcdef"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(url: str, **headers: str) -> Samples:
    """Everything that one scrape tells, on a connection of its own, which reaches any of the processes."""
    answer = httpx.get(url, headers=headers, timeout=10, trust_env=False).raise_for_status()
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


@pytest.fixture(scope="module")
def crowd(deploy: DeploymentMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, Process]]:
    """Two API processes and the worker beside them."""
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        biore = deploy(redis_url=redis.url)
        yield biore, biore.serve("--workers", "2")


def sums_agree(biore: Deployment) -> Samples | None:
    """A scrape with all three processes in it, once they live."""
    found = samples(f"{biore.origin}/metrics")
    there = (total(found, "biore_processes", role="api"), total(found, "biore_processes", role="worker"))
    return found if there == (2, 1) else None


def victims(server: Process) -> list[psutil.Process]:
    """One of the API processes, and the worker."""
    lines = [(child, " ".join(child.cmdline())) for child in psutil.Process(server.pid).children()]
    (worker,) = (child for child, line in lines if " worker " in line)
    one, _ = (child for child, line in lines if "spawn_main" in line)
    return [one, worker]


class TestTogether:
    def test_a_scrape_has_the_sums_of_all_and_no_death_takes_anything_back(
        self, crowd: tuple[Deployment, Process]
    ) -> None:
        biore, server = crowd
        origin = until(lambda: sums_agree(biore), "three processes", START_SECONDS) or {}
        assert statuses(all_at_once(biore, [post("auth/logout")] * CALLS, width=10)) == {200: CALLS}
        with biore.client() as visitor:
            visitor.sign_up("ada@example.com")
        found = samples(f"{biore.origin}/metrics")
        logouts = {"operation": "auth.logout", "status": "200"}
        assert (
            total(found, "biore_requests_total", **logouts) - total(origin, "biore_requests_total", **logouts) == CALLS
        )
        assert total(found, "biore_provider_attempts_total", family="email", provider="mailbox", outcome="ok") == 1
        until(lambda: total(samples(f"{biore.origin}/metrics"), "biore_jobs_total", outcome="done"), "the job's end")
        assert total(found, "biore_database_pool_size", role="api") == 20

        before = samples(f"{biore.origin}/metrics")
        for process in victims(server):
            process.kill()
        until(lambda: replaced(biore, before), "the killed ones replaced", START_SECONDS)
        assert statuses(all_at_once(biore, [post("auth/logout")] * CALLS, width=10)) == {200: CALLS}
        after = samples(f"{biore.origin}/metrics")
        assert went_back(before, after) == []
        assert (
            total(after, "biore_requests_total", **logouts) == total(before, "biore_requests_total", **logouts) + CALLS
        )
        files = sorted(path.name for path in (biore.data_dir / "metrics").glob("*/*"))
        assert files == ["api-0", "api-1", "worker-0"]


def replaced(biore: Deployment, before: Samples) -> bool:
    try:
        found = sums_agree(biore) or {}
    except httpx.TransportError:  # the connection was one of the killed process
        return False
    started = {key: value for key, value in found.items() if key[0] == "process_start_time_seconds"}
    return len([key for key, value in started.items() if before[key] != value]) == 2


class TestAlone:
    def test_a_worker_has_a_port_of_its_own(self, deploy: DeploymentMaker) -> None:
        biore, port = deploy(), closed_port()
        worker = biore.start("worker", "--metrics-port", str(port), env="production", metrics_token=TOKEN)
        url = f"http://127.0.0.1:{port}/metrics"
        until(lambda: answers(url), "the worker's port")
        with biore.tables() as tables:
            tables.run("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'no.such_job', '{}')")
            until(lambda: dead_letters(tables), "a dead letter")
        found = until(lambda: with_job(url), "the job's end")
        assert total(found, "biore_outbox_jobs", state="dead") == 1
        assert total(found, "biore_processes", role="worker") == total(found, "biore_database_up") == 1
        refused = httpx.get(url, trust_env=False)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert httpx.get(url.replace("/metrics", "/"), trust_env=False).status_code == 404
        second = biore.start("worker", "--metrics-port", str(port))
        assert (second.wait(), second.output.count("\n")) == (2, 1)
        assert f"127.0.0.1 port {port}" in second.output
        worker.terminate()
        assert worker.wait() == 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 401
    except httpx.TransportError:
        return False


def dead_letters(tables: Tables) -> bool:
    return bool(tables.rows("SELECT 1 FROM outbox WHERE dead_at IS NOT NULL"))


def with_job(url: str) -> Samples:
    found = samples(url, Authorization=f"Bearer {TOKEN}")
    return found if total(found, "biore_jobs_total", topic="unknown", outcome="dead") == 1 else {}
