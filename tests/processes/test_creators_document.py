"""What docs/creators.md tells people to paste does what it says."""

from pathlib import Path

import pytest

from contract.loader import ROOT
from tests.processes.test_documents import walked

DOCUMENT = ROOT / "docs" / "creators.md"
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
        told = walked(DOCUMENT, embedded_dir, tmp_path, tmp_path_factory.mktemp("walk"))
        assert len(told) == STEPS + 1
        for step, lines in SEEN.items():
            assert [line for line in told[step] if line in lines] == lines
