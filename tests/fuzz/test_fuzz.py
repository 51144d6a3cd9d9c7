"""The contract against the running server: every check, every phase, every operation, the same cases in each run."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from tests.fuzz.campaign import Target, run, target
from tests.fuzz.walk import WAYS, walk
from tests.sampling import Sampling

DETERMINISTIC = ("--generation-deterministic", "--no-color", "--max-examples")
# Of each operation and phase. `make differential` takes the whole, `make fuzz` more than that, from a random seed.
WHOLE, SAMPLE = 25, 8
# What the server itself noted of one account that went the way.
TRAILS = {
    "second factor": ("auth.verify_email", "auth.login", "auth.2fa.enable", "auth.2fa.login"),
    "sessions": ("auth.verify_email", "auth.login", "auth.login", "auth.sessions.revoke"),
    "forgotten password": ("auth.reset_password",),
}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("f")) as fuzzed:
        yield fuzzed


@pytest.mark.parametrize("way", WAYS)
def test_the_links_lead_to_the_end_of_the_way(way: str, fuzzed: Target) -> None:
    assert any(walk(fuzzed.biore, fuzzed.access_token, way, scenarios=8, derandomize=True))
    assert any(_holds(TRAILS[way], trail) for trail in _trails(fuzzed))


def test_no_finding(fuzzed: Target, sampling: Sampling) -> None:
    assert run(fuzzed, (*DETERMINISTIC, str(WHOLE if sampling.whole else SAMPLE))) == 0


def _trails(fuzzed: Target) -> list[list[str]]:
    """The successes of each account, in their order."""
    trails = defaultdict(list)
    with fuzzed.biore.tables() as tables:
        for row in tables.rows("SELECT actor_id, action FROM audit_logs WHERE result = 'success' ORDER BY created_at"):
            trails[row["actor_id"]].append(row["action"])
    return list(trails.values())


def _holds(part: Sequence[str], trail: Sequence[str]) -> bool:
    left = iter(trail)
    return all(f"{action}.success" in left for action in part)
