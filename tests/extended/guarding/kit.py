"""Our contract with the operations of this folder, and the whole stack on it."""

import shutil
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from contract.loader import OPENAPI, Contract, load
from domain.switches import SWITCHES, enabled_key, kill_switch_key
from tests.extended.guarding import handlers

HERE = Path(__file__).resolve().parent / "openapi"
MODULE = "samples"
TAG = f"tags:\n  - name: {MODULE}\n    description: Operations of tests.\n"
PATHS = ("switched", "enabled")
THROWN = kill_switch_key("SAMPLE", "the sample")
ENABLED = enabled_key("samples.switched_enabled", "the sample")
SWITCHED = SWITCHES | {key.name: key for key in (THROWN, ENABLED)}
OFF = {THROWN.name: True, ENABLED.name: False}
ON = {THROWN.name: False, ENABLED.name: True}


def write(folder: Path) -> Path:
    """A copy of our contract as ``folder``, with the operations of this folder."""
    shutil.copytree(OPENAPI, folder, ignore=shutil.ignore_patterns("dist"))
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    root = folder / "biore.yaml"
    paths = "".join(f"  /{MODULE}/{path}:\n    $ref: paths/{MODULE}.yaml#/{named(path)}\n" for path in PATHS)
    root.write_text(root.read_text().replace("tags:\n", TAG, 1) + paths)
    return folder


def named(path: str) -> str:
    """The name of a path in its file."""
    return path.partition("/")[0]


def edited(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """Such a copy in which the first ``old`` of one file is ``new``."""
    folder = write(tmp_path / "openapi")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@cache
def sampled() -> Contract:
    """The contract, once for all tests, with its handlers in place."""
    provide_handlers()
    with TemporaryDirectory() as folder:
        return load(write(Path(folder) / "openapi"), switches=SWITCHED)


def provide_handlers() -> None:
    """Make ``handlers.samples`` importable, where the handlers of this contract are looked for."""
    sys.modules[f"handlers.{MODULE}"] = handlers
