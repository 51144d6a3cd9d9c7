"""What is installed is what was locked, each package by its hash, on the image that was meant."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?: ; [^\\]+)?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)\n"
)
LOCKS = {"production": (), "tracing": ("tracing",), "dev": ("bench", "dev")}


@cache
def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    found = {m["name"]: (m["version"], m["hashes"].count("--hash")) for m in PIN.finditer(text)}
    assert "".join(m[0] for m in PIN.finditer(text)) == text, "the lock holds lines that are no pins"
    return found


def asked_for(extras: tuple[str, ...]) -> list[Requirement]:
    """The ranges of pyproject.toml, with those of extras that an extra names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    offered = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    for extra in extras:
        wanted += offered[extra]
    requirements = [Requirement(text) for text in wanted]
    own = [requirement for requirement in requirements if requirement.name == "biore"]
    inner = [Requirement(text) for requirement in own for extra in requirement.extras for text in offered[extra]]
    return [requirement for requirement in requirements if requirement.name != "biore"] + inner


@pytest.mark.parametrize("lock", LOCKS)
class TestLock:
    def test_every_package_has_hashes(self, lock: str) -> None:
        assert locked(lock)
        assert [name for name, (_, hashes) in locked(lock).items() if hashes == 0] == []

    def test_it_fits_what_the_project_asks_for(self, lock: str) -> None:
        """Where it does not, `make lock` was forgotten."""
        pins = locked(lock)
        for requirement in asked_for(LOCKS[lock]):
            name = requirement.name.lower().replace("_", "-")
            assert name in pins, f"{requirement} is not in requirements/{lock}.txt: run `make lock`"
            assert requirement.specifier.contains(pins[name][0]), f"{requirement}, but {pins[name][0]} is locked"

    def test_what_was_tested_is_what_ships(self, lock: str) -> None:
        tested = locked("dev")
        assert {name: pin for name, pin in locked(lock).items() if tested.get(name) != pin} == {}


def test_images_are_named_by_digest() -> None:
    images = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    assert [image for image in images if not re.fullmatch(r"[\w.:/-]+@sha256:[0-9a-f]{64}", image)] == []
