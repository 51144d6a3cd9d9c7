"""What the documents tell people to paste into a terminal does what they say, as often as it is pasted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.loader import ROOT
from tests.processes.biore import Deployment
from tests.processes.conftest import QUIET, DeploymentMaker

SECONDS = 240
BLOCK = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
WALKTHROUGH, README = ROOT / "docs" / "walkthrough.md", ROOT / "README.md"
WALK = "## A walk, by curl"
LAST = "All steps did what they say."


def block_of(document: Path, heading: str = "# ") -> str:
    """The one that is to be pasted, below a heading."""
    (block,) = BLOCK.findall(document.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0])
    return str(block)


@pytest.fixture(scope="module")
def running(deploy: DeploymentMaker) -> Deployment:
    """As ``make run`` starts it, on a database that is there already. Its limits are on."""
    biore = deploy(trusted_proxies="")
    biore.configure({"ratelimit.enabled": True})
    biore.serve()
    return biore


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A folder with nothing but the environment in it. Nothing else may be in it afterwards."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    yield tmp_path
    assert [file.name for file in tmp_path.iterdir()] == [".venv"]


def pasted(
    block: str, biore: Deployment, checkout: Path, temporary: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = (environment or biore.environment) | {"API": f"{biore.origin}/api/v1", "TMPDIR": str(temporary)}
    command = ["bash", "-c", block]
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def walked(document: Path, data_dir: Path, checkout: Path, temporary: Path) -> list[list[str]]:
    """What the walk of a document prints, by its steps, on a server as ``make run`` starts it: the commands find the
    database by the folder in which the block was pasted.
    """
    (checkout / ".venv").symlink_to(sys.prefix)
    (checkout / ".biore").symlink_to(data_dir)
    with Deployment(data_dir, demo="on") as running:
        running.serve()
        running.configure(QUIET | {"ratelimit.enabled": True})
        environment = running.environment
        del environment["BIORE_DATA_DIR"]
        done = pasted(block_of(document, WALK), running, checkout, temporary, environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stderr == ""
    assert done.stdout.endswith(f"{LAST}\n")
    assert list(temporary.iterdir()) == []
    return [step.splitlines() for step in re.split(r"^== \d+\.", done.stdout, flags=re.MULTILINE)]


class TestWalkthrough:
    def test_each_step_holds_and_it_can_be_pasted_again(
        self, running: Deployment, checkout: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        temporary = tmp_path_factory.mktemp("walk")
        for _ in range(2):
            done = pasted(block_of(WALKTHROUGH), running, checkout, temporary)
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
            assert done.stderr == ""
            assert done.stdout.endswith(f"{LAST}\n")
            assert re.findall(r"^== (\d+)\.", done.stdout, re.MULTILINE) == [str(number) for number in range(1, 14)]
            assert os.listdir(temporary) == []

    def test_each_answer_ends_its_line(self) -> None:
        for line in block_of(WALKTHROUGH).splitlines():
            shown = re.search(r"\bcurl\b", line) and not re.search(r" -o |-w '\\n'", line)
            assert not shown, line

    def test_the_first_answer_that_is_another_ends_it_with_a_message(self, running: Deployment, checkout: Path) -> None:
        wrong = block_of(WALKTHROUGH).replace("PASSWORD=Correct-Horse-7", "PASSWORD=short")
        done = pasted(wrong, running, checkout, checkout.parent)
        assert done.returncode == 1
        assert "The answer should have been 201." in done.stderr
        assert "== 2." not in done.stdout
        missing = block_of(WALKTHROUGH).replace("| field accessToken)", "| field nothing)", 1)
        done = pasted(missing, running, checkout, checkout.parent)
        assert "There is no nothing in this answer: {" in done.stderr
        assert "== 4." not in done.stdout


def test_the_first_call_of_the_readme(running: Deployment, checkout: Path) -> None:
    for _ in range(2):
        done = pasted(block_of(README, "## A first call"), running, checkout, checkout.parent)
        answer, _, mail = done.stdout.partition("\n")
        assert '"userId"' in answer
        assert f"{running.origin}/verify-email?token=" in mail
