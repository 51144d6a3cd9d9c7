"""The audit log, for the test of side effects."""

from collections.abc import Mapping
from uuid import UUID

from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Tables

FILTERS = {
    "actor": str(UUID(int=7)),
    "target": "7",
    "action": "auth.",
    "result": "success",
    "correlationId": "c",
    "createdFrom": "2026-01-01T00:00:00Z",
    "createdTo": "2999-01-01T00:00:00Z",
}


def _entry(tables: Tables) -> Mapping[str, str]:
    return {"id": str(insert(tables, "audit_logs", action="auth.login.success", result="success"))}


SCENARIOS: dict[str, Scenario] = {
    "admin.audit.list": as_staff("admin.audit.list", role="AUDITOR", params=FILTERS),
    "admin.audit.get": as_staff("admin.audit.get", role="AUDITOR", prepare=_entry),
    "admin.audit.export": as_staff("admin.audit.export", role="AUDITOR"),
    "admin.audit.export_csv": as_staff("admin.audit.export_csv", role="AUDITOR"),
    "admin.audit.verify": as_staff("admin.audit.verify", role="AUDITOR"),
}
CONDITIONAL: Conditional = {}
