"""Which error codes the tests got over HTTP, by operation. Tests may run in any process; what each reached counts."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, MutableMapping
from pathlib import Path

REACHED: dict[str, set[str]] = defaultdict(set)
KEEP, JUDGE = "--keep-reached", "--judge-reached"


def keep(folder: Path, reached: Mapping[str, set[str]] = REACHED) -> None:
    """For the process that judges what all of them reached."""
    told = {operation_id: sorted(codes) for operation_id, codes in reached.items()}
    (folder / f"reached.{os.getpid()}.json").write_text(json.dumps(told), encoding="utf-8")


def recall(folder: Path, reached: MutableMapping[str, set[str]] = REACHED) -> None:
    """What all processes kept there."""
    for file in folder.glob("reached.*.json"):
        for operation_id, codes in json.loads(file.read_text(encoding="utf-8")).items():
            reached[operation_id] = reached.get(operation_id, set()) | set(codes)
