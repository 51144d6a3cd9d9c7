"""Jobs, recurring jobs and figures, for the test of side effects."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Tables

TOPIC = "email.verify_address"
REASON = "The mail server is back."
JOB = UUID(int=1)
DIED = datetime(2026, 1, 2, tzinfo=UTC)
SPAN = {"topic": TOPIC, "from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}
RECURRING = "gdpr.erase_due"


def _dead(tables: Tables) -> Mapping[str, str]:
    insert(tables, "outbox", id=JOB, topic=TOPIC, payload={}, dead_at=DIED)
    return {"id": str(JOB)}


def _waiting(tables: Tables) -> Mapping[str, str]:
    insert(tables, "outbox", topic=RECURRING, payload={}, available_at=datetime.now(UTC) + timedelta(hours=1))
    return {"topic": RECURRING}


def listing(state: str) -> Scenario:
    return as_staff("admin.jobs.list", role="OPERATOR", prepare=_dead, params={"state": state, "topic": TOPIC})


def acting(act: str, **selection: Any) -> Scenario:
    body = {"act": act, "reason": REASON} | selection
    return as_staff("admin.jobs.act", body, role="OPERATOR", prepare=_dead)


def running(topic: str = RECURRING, **options: Any) -> Scenario:
    path = f"/admin/schedule/{topic}/run"
    return as_staff("admin.schedule.run", {"reason": REASON}, path=path, role="OPERATOR", **options)


SCENARIOS: dict[str, Scenario] = {
    "admin.jobs.list": listing("DEAD"),
    "admin.jobs.get": as_staff("admin.jobs.get", role="OPERATOR", prepare=_dead),
    "admin.jobs.act": acting("RETRY", ids=[str(UUID(int=2))]),
    "admin.overview.get": as_staff("admin.overview.get", role="OPERATOR"),
    "admin.health.get": as_staff("admin.health.get", role="OPERATOR"),
    "admin.schedule.list": as_staff("admin.schedule.list", role="OPERATOR"),
    "admin.schedule.run": running(),
}
CONDITIONAL: Conditional = {
    "admin.jobs.list": [(listing(state), set()) for state in ("DUE", "RUNNING", "SCHEDULED", "DONE", "DISCARDED")],
    "admin.jobs.act": [
        (acting("RETRY", dead=SPAN), {"outbox"}),
        (acting("DISCARD", ids=[str(JOB)]), {"outbox"}),
    ],
    "admin.schedule.run": [(running(prepare=_waiting), {"outbox"})],
}
