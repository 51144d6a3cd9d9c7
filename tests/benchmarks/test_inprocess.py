"""What the framework is measured by must be answered as it is meant, or the numbers are those of something else."""

from pathlib import Path
from uuid import uuid4

import uvloop

from benchmarks.inprocess import OURS, OURS_500, Call, ours, perform, plans
from contract import loader as spec
from runtime.web.app import Application


def test_every_measured_call_is_answered_without_a_database(tmp_path: Path) -> None:
    app = ours(tmp_path, len(spec.load().policies) + 5)
    token = str(app.tokens.access(uuid4(), uuid4())["accessToken"])
    calls = {title: list(plan.values()) for title, plan in plans({OURS: token, OURS_500: token}).items()}
    assert {title: len(found) for title, found in calls.items()} == {
        "GET with bearer": 1,
        "validated POST": 1,
        "GET with parameters": 1,
        "refusals": 3,
        "500 operations": 4,
    }
    uvloop.run(_perform(app, [call for found in calls.values() for _, call in found]))


async def _perform(app: Application, calls: list[Call]) -> None:
    for call in calls:
        assert await perform(app.asgi, call) > 0
    await app.close()
