"""Every block of a guide that says ``run`` does so against a running server, and prints what the guide shows."""

import os
from pathlib import Path

import pytest

from contract.loader import Contract
from portal import model
from portal.build import Options, build
from portal.guides import ORDER, Guide, placed, read
from portal.guides.blocks import blocks
from tests.processes.biore import Deployment
from tests.processes.conftest import DeploymentMaker
from tests.processes.guides import Paste, is_shown, pastes, run

START = "[the quick start](guide:quick-start) up to *Log out* first"
LOG_OUT = "## Log out"
PORTAL = "{origin}/llms.txt"


@pytest.fixture(scope="module")
def guides(contract: Contract) -> dict[str, Guide]:
    return {guide.slug: guide for guide in read(model.read(contract))}


@pytest.fixture
def limited(deploy: DeploymentMaker, tmp_path: Path) -> Deployment:
    """As readers run it, with its limits; each guide has a server of its own, so that none uses up another's calls."""
    biore = deploy(portal_dir=str(tmp_path / "portal"))
    biore.configure({"ratelimit.enabled": True})
    biore.serve()
    return biore


def before(guide: Guide, guides: dict[str, Guide]) -> str:
    """What it asks its readers to paste first."""
    return guides["quick-start"].body.partition(LOG_OUT)[0] if START in guide.body else ""


def steps_of(body: str, biore: Deployment, base_path: str) -> list[Paste]:
    return pastes(tuple(blocks(placed(body, biore.origin, base_path, lambda target: target.name))))


@pytest.mark.parametrize("slug", ORDER)
def test_a_guide_runs_as_it_stands(
    slug: str, guides: dict[str, Guide], contract: Contract, limited: Deployment, tmp_path: Path
) -> None:
    guide = guides[slug]
    if PORTAL in guide.body:
        build(model.read(contract), tmp_path / "portal", Options(limited.origin, locales=("en",), search=False))
    steps = steps_of(before(guide, guides) + guide.body, limited, contract.base_path)
    for _ in range(2):  # whoever pastes it once more gets the same
        run(steps, tmp_path, {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"})
        for step in steps:
            told = f"{step.block.text}\nprinted\n{step.printed}"
            assert step.shown is not None or not step.printed.strip(), f"{told}\nwhich the guide does not show"
            assert step.shown is None or is_shown(step.printed, step.shown), f"{told}\nnot\n{step.shown.text}"
