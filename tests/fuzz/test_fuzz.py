"""The contract against the running server: every check, every phase, every operation, the same cases in each run."""

from pathlib import Path

from tests.fuzz.campaign import run

# 25 examples keep the run well below two minutes on two cores; `make fuzz` takes more, from a random seed.
DETERMINISTIC = ("--generation-deterministic", "--max-examples", "25", "--no-color")


def test_no_finding(work_dir: Path) -> None:
    assert run(DETERMINISTIC, work_dir) == 0
