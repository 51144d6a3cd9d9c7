"""What docs/creators.md tells people to paste does what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from contract.loader import ROOT
from tests.processes.biore import Deployment
from tests.processes.conftest import QUIET
from tests.processes.test_documents import LAST, SECONDS, block_of

DOCUMENT = ROOT / "docs" / "creators.md"
WALK = "## A walk, by curl"
STEPS = 12
# What the steps print, as whole lines.
SEEN = {
    1: ["BRONZE"],
    2: ["Notes on engines."],
    3: ["Player: YOUTUBE", '{"videoId": "dQw4w9WgXcQ"}', "creator.links.invalid_url"],
    4: ["My video"],
    5: ["4.50"],
    6: ["ada…"],
    7: ["A message costs: 4.50", "Notes on engines.", "dQw4w9WgXcQ", "x-frame-options: ALLOWALL"],
    8: ["true", "true"],
    9: ["Please check your email to confirm subscription", "Subscribers before that: 0", "Grace Hopper"],
    10: ["Subscribers: 0"],
    11: ["On vacation: true", "Messages: false", "Found: []"],
    12: ["Messages: true", "ada…"],
}


class TestWalk:
    def test_each_step_holds(
        self, embedded_dir: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """As after ``make run``: the commands find the database by the folder in which the block was pasted."""
        temporary = tmp_path_factory.mktemp("walk")
        (tmp_path / ".venv").symlink_to(sys.prefix)
        (tmp_path / ".biore").symlink_to(embedded_dir)
        with Deployment(embedded_dir, demo="on") as running:
            running.serve()
            running.configure(QUIET | {"ratelimit.enabled": True})
            environment = running.environment | {"API": f"{running.origin}/api/v1", "TMPDIR": str(temporary)}
            del environment["BIORE_DATA_DIR"]
            done = subprocess.run(
                ["bash", "-c", block_of(DOCUMENT, WALK)],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
            assert done.stderr == ""
            assert done.stdout.endswith(f"{LAST}\n")
            told = [step.splitlines() for step in re.split(r"^== \d+\.", done.stdout, flags=re.MULTILINE)]
            assert len(told) == STEPS + 1
            for step, lines in SEEN.items():
                assert [line for line in told[step] if line in lines] == lines
            assert list(temporary.iterdir()) == []
