"""How the platform does, as staff is told it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.handlers.support import insert, somebody
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, hired, member


@pytest.fixture
def operator(server: Server) -> Hired:
    return member(server, "OPERATOR")


class TestGet:
    def figures(self, api: Api, caller: Hired) -> dict[str, Any]:
        response = api.call("admin.overview.get", headers=caller.headers)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()["data"]
        return found

    def test_counts_today_and_thirty_days(self, api: Api, server: Server, tables: Tables, operator: Hired) -> None:
        before = self.figures(api, operator)
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for moment in (midnight, midnight - timedelta(seconds=1), now - timedelta(days=29), now - timedelta(days=31)):
            somebody(server, created_at=moment)
            for action in ("auth.login.success", "auth.2fa.login.success", "auth.oauth.login.success", "auth.logout"):
                insert(tables, "audit_logs", action=action, result="success", created_at=moment)
        after = self.figures(api, operator)
        for name, each in (("signUps", 1), ("signIns", 3)):
            assert after[name]["today"] == {"count": before[name]["today"]["count"] + each, "exact": True}
            assert after[name]["last30Days"]["count"] == before[name]["last30Days"]["count"] + 3 * each

    def test_counts_what_waits_for_people(self, api: Api, server: Server, tables: Tables, operator: Hired) -> None:
        now = datetime.now(UTC)
        insert(tables, "outbox", topic="x", payload={}, dead_at=now)
        insert(tables, "outbox", topic="x", payload={}, dead_at=now, discarded_at=now)
        insert(tables, "outbox", topic="x", payload={})
        insert(tables, "outbox", topic="x", payload={}, available_at=now + timedelta(hours=1))
        found = self.figures(api, operator)
        assert (found["deadJobs"]["count"], found["dueJobs"]["count"]) == (1, 1)
        assert (found["openCases"]["count"], found["openAppeals"]["count"]) == (0, 0)

    def test_is_for_few(self, api: Api, server: Server) -> None:
        for name in ("admin.overview.get", "admin.health.get"):
            assert code_of(api.call(name, headers=hired(server, "SUPPORT"))) == "admin.permission_denied"
