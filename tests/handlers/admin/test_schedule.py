"""Jobs that recur, as staff sees them and makes them due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.worker.scheduler import Scheduler
from tests.contract.admin_jobs_scenarios import REASON
from tests.handlers.support import audited, insert
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def operator(server: Server) -> Hired:
    return member(server, "OPERATOR")


def tick(server: Server) -> list[str]:
    return server.on_loop(Scheduler(server.app.parts.database, server.app.config).tick())


class TestList:
    def test_tells_pace_and_times(self, api: Api, server: Server, operator: Hired) -> None:
        server.configure(**{"schedule.gdpr.erase_due.seconds": 77})
        listed = api.call("admin.schedule.list", headers=operator.headers).json()["data"]["items"]
        assert [item["topic"] for item in listed] == sorted(item["topic"] for item in listed)
        told = {item["topic"]: item for item in listed}["gdpr.erase_due"]
        assert (told["seconds"], told["nextAt"], told["lastAt"]) == (77, None, None)
        tick(server)
        listed = api.call("admin.schedule.list", headers=operator.headers).json()["data"]["items"]
        assert all(item["nextAt"] for item in listed)
        tick(server)
        again = api.call("admin.schedule.list", headers=operator.headers).json()["data"]["items"]
        assert [item["lastAt"] for item in again] == [item["nextAt"] for item in listed]


class TestRun:
    def run(self, api: Api, caller: Hired, topic: str) -> Any:
        return api.call(
            "admin.schedule.run", {"reason": REASON}, path=f"/admin/schedule/{topic}/run", headers=caller.headers
        )

    def test_one_that_is_run_is_added_as_at_its_time(
        self, api: Api, server: Server, tables: Tables, operator: Hired
    ) -> None:
        for _ in range(2):
            tick(server)
        server.work_off()
        assert "gdpr.erase_due" not in tick(server)
        told = self.run(api, operator, "gdpr.erase_due").json()["data"]
        assert datetime.fromisoformat(told["nextAt"]) <= datetime.now(UTC)
        assert tick(server) == ["gdpr.erase_due"]
        waiting = "SELECT id FROM outbox WHERE topic = 'gdpr.erase_due' AND done_at IS NULL"
        assert len(tables.rows(waiting)) == 1
        self.run(api, operator, "gdpr.erase_due")
        tick(server)
        assert len(tables.rows(waiting)) == 1
        (row, _) = audited(tables, "admin.schedule.run")
        assert (row["target_id"], row["reason"], row["actor_id"]) == ("gdpr.erase_due", REASON, operator.id)

    def test_its_last_job_tries_at_once(self, api: Api, server: Server, tables: Tables, operator: Hired) -> None:
        job_id = insert(tables, "outbox", topic="gdpr.erase_due", payload={}, available_at=LATER)
        self.run(api, operator, "gdpr.erase_due")
        tick(server)
        server.work_off()
        assert tables.one("SELECT done_at IS NOT NULL AS done FROM outbox WHERE id = %s", job_id) == {"done": True}
        assert len(tables.rows("SELECT id FROM outbox WHERE topic = 'gdpr.erase_due'")) == 1

    def test_none_of_this_name(self, api: Api, operator: Hired) -> None:
        assert code_of(self.run(api, operator, "gdpr.erase")) == "admin.not_found"
