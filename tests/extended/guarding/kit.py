"""Our contract with the operations of this folder, and the whole stack on it."""

import re
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from contract.loader import OPENAPI, Contract, Places, load
from contract.policy import ContractError
from contract.readable import located
from domain.switches import SWITCHES, enabled_key, kill_switch_key
from tests.contract.documented import Documented
from tests.extended.guarding import handlers
from tests.harness import CHEAP, Tables

HERE = Path(__file__).resolve().parent / "openapi"
MODULE = "samples"
TAG = f"tags:\n  - name: {MODULE}\n    description: Operations of tests.\n"
PATHS = (
    "switched", "enabled", "rooms", "rooms/{roomId}", "staff", "reports", "suspensions", "rehearsals",
    "forms", "webhooks",
)  # fmt: skip
PERMISSIONS = """permissions:
  samples.read: {meaning: Read the samples., roles: [SUPPORT, AUDITOR]}
  samples.write: {meaning: Write the samples., roles: [MODERATOR]}
"""
THROWN = kill_switch_key("SAMPLE", "the sample")
ENABLED = enabled_key("samples.switched_enabled", "the sample")
ROOMS = """CREATE TABLE IF NOT EXISTS sample_rooms (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, version integer NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sample_beds (
    room_id integer REFERENCES sample_rooms DEFERRABLE INITIALLY DEFERRED)"""
SWITCHED = SWITCHES | {key.name: key for key in (THROWN, ENABLED)}
OFF = {THROWN.name: True, ENABLED.name: False}
ON = {THROWN.name: False, ENABLED.name: True}


def write(folder: Path, *, alone: bool = False) -> Path:
    """A copy of our contract as ``folder``, with the operations of this folder; ``alone``: with no others."""
    shutil.copytree(OPENAPI, folder, ignore=shutil.ignore_patterns("dist"))
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    root = folder / "biore.yaml"
    paths = "".join(f"  /{MODULE}/{path}:\n    $ref: paths/{MODULE}.yaml#/{named(path)}\n" for path in PATHS)
    ours = root.read_text().replace("tags:\n", TAG, 1)
    root.write_text((ours.partition("\npaths:\n")[0] + "\npaths:\n" if alone else ours) + paths)
    staff = folder / "permissions.yaml"
    known = staff.read_text()
    if alone:  # no operation of ours needs any
        known = re.sub(r"(?m)^(  [a-z].*\], *)?(.*roles: \[.*\])\}$", r"\1\2, planned: true}", known)
    staff.write_text(known.replace("permissions:\n", PERMISSIONS, 1))
    return folder


def named(path: str) -> str:
    """The name of a path in its file."""
    return path.replace("/", "-").replace("{", "").replace("}", "")


def edited(tmp_path: Path, file: str, old: str, new: str, *, alone: bool = False) -> Path:
    """Such a copy in which the first ``old`` of one file is ``new``."""
    folder = write(tmp_path / "openapi", alone=alone)
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


class _Documented(Documented):
    """Knows paths that hold the number of a room, too."""

    def __call__(self, response: httpx.Response) -> None:
        request = response.request
        path = re.sub("/rooms/[0-9]+$", "/rooms/{roomId}", request.url.path)
        operation = self._operations.get((request.method, path))
        if operation is not None:
            response.read()
            self._require(response, operation)


def documented() -> Documented:
    """A response hook that holds each answer against the contract."""
    return _Documented(sampled())


def provide_handlers() -> None:
    """Make ``handlers.samples`` importable, where the handlers of this contract are looked for."""
    sys.modules[f"handlers.{MODULE}"] = handlers


def room(tables: Tables, name: str = "Blue room", version: int = 0) -> int:
    """A row of ``sample_rooms``, which is made where it is missing; its number."""
    tables.run(ROOMS)
    made = tables.one("INSERT INTO sample_rooms (name, version) VALUES (%s, %s) RETURNING id", name, version)
    return int(made["id"])


def refusal(tmp_path: Path, file: str, old: str, new: str) -> str:
    """What the loader says to an edit, with file and line."""
    provide_handlers()
    with pytest.raises(ContractError) as refused:
        load(edited(tmp_path, file, old, new, alone=True), switches=SWITCHED)
    return located(str(refused.value), Places(tmp_path / "openapi"))


STARTED: Mapping[str, Any] = {"contract": sampled(), "defaults": CHEAP | ON}
"""How ``start_server`` serves these operations."""
