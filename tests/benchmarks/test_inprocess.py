"""What the framework is measured by must be answered as it is meant, or the numbers are those of something else."""

from pathlib import Path
from uuid import uuid4

import uvloop

from benchmarks.inprocess import OURS, OURS_500, ours, perform, plans
from contract import loader as spec


def test_every_measured_call_is_answered_without_a_database(tmp_path: Path) -> None:
    uvloop.run(_perform_all(tmp_path))


async def _perform_all(folder: Path) -> None:
    app = await ours(folder, len(spec.load().policies) + 5)
    token = str(app.tokens.access(uuid4(), uuid4())["accessToken"])
    calls = {title: list(plan.values()) for title, plan in plans({OURS: token, OURS_500: token}).items()}
    assert {title: len(found) for title, found in calls.items()} == {
        "GET with bearer": 1,
        "validated POST": 1,
        "GET with parameters": 1,
        "refusals": 3,
        "500 operations": 4,
    }
    for found in calls.values():
        for _, call in found:
            assert await perform(app.asgi, call) > 0
    await app.close()
