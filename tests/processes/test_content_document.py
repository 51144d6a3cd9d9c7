"""What docs/content.md tells people to paste does what it says."""

from pathlib import Path

import pytest

from contract.loader import ROOT
from tests.processes.test_documents import walked

DOCUMENT = ROOT / "docs" / "content.md"
STEPS = 12
# What the steps print, as whole lines.
SEEN = {
    1: ['["EDITOR", "SUPPORT"]'],
    2: ["<p>Hello, world.</p>", '["script"]'],
    3: ["<p>Hello, world.</p>", "content.post.not_found"],
    4: ["asked again: 304"],
    6: ["3"],
    7: ["DONE", "DONE"],
    9: ["a***@e***.com"],
    11: ["True", "AGENT", "WAITING_USER", "It is on its way. Please look again tomorrow."],
    12: ["RESOLVED", "OPEN"],
}


class TestWalk:
    def test_each_step_holds(
        self, embedded_dir: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        told = walked(DOCUMENT, embedded_dir, tmp_path, tmp_path_factory.mktemp("walk"))
        assert len(told) == STEPS + 1
        for step, lines in SEEN.items():
            assert [line for line in told[step] if line in lines] == lines
