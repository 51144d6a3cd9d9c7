"""Runs what a guide tells its readers to paste, as it stands, and looks at what comes out."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.guides.blocks import OUTPUT, RUN, Block

ANYTHING = "…"
BOUNDARY = "\x1e"
SECONDS = 120.0


@dataclass
class Paste:
    """``shown``: what the guide says that it prints; None where it shows nothing."""

    block: Block
    shown: Block | None = None
    printed: str = field(default="", init=False)


def pastes(blocks: Sequence[Block]) -> list[Paste]:
    """Raises AssertionError for an output that nothing runs for."""
    found: list[Paste] = []
    before: Block | None = None
    for block in blocks:
        if block.role == RUN:
            found.append(Paste(block))
        elif block.role == OUTPUT:
            assert before is not None, block.text
            assert before.role == RUN, block.text
            found[-1].shown = block
        before = block
    return found


def run(steps: Sequence[Paste], folder: Path, environment: dict[str, str]) -> None:
    """All of them in one shell, that ends at the first that fails; each learns what it printed.

    Raises AssertionError with what was said last.
    """
    script = "".join(_script(steps))
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    printed = done.stdout.split(BOUNDARY)
    for step, text in zip(steps, printed, strict=False):
        step.printed = text
    assert done.returncode == 0, f"block {len(printed)} ended with {done.returncode}: {printed[-1]}\n{done.stderr}"
    assert done.stderr == "", done.stderr


def _script(steps: Sequence[Paste]) -> Iterator[str]:
    for step in steps:
        yield step.block.text if step.block.language == "sh" else _piped(step.block.text)
        yield f"printf '{BOUNDARY}'\n"


def _piped(program: str) -> str:
    return f"python3 - <<'{BOUNDARY}'\n{program}{BOUNDARY}\n"


def is_shown(printed: str, shown: Block) -> bool:
    if shown.language == "json":
        return matches(json.loads(printed), json.loads(shown.text))
    lines = [line.rstrip() for line in printed.strip().splitlines()]
    return bool(_pattern(shown.text).fullmatch("\n".join(lines) + "\n"))


def _pattern(text: str) -> re.Pattern[str]:
    """A line of nothing but ``…`` stands for any number of lines."""
    lines = (
        r"(?:.*\n)*?" if line == ANYTHING else re.escape(line).replace(ANYTHING, ".*?") + r"\n"
        for line in text.strip().splitlines()
    )
    return re.compile("".join(lines))


def matches(value: Any, shown: Any) -> bool:
    """Whether a JSON value is as shown; ``…`` stands for any value, within a text for any characters."""
    if isinstance(shown, dict) and isinstance(value, dict):
        return shown.keys() == value.keys() and all(matches(value[key], shown[key]) for key in shown)
    if isinstance(shown, list) and isinstance(value, list):
        return len(shown) == len(value) and all(map(matches, value, shown))
    if isinstance(shown, str) and ANYTHING in shown:
        wanted = re.escape(shown).replace(ANYTHING, ".*")
        return shown == ANYTHING or (isinstance(value, str) and bool(re.fullmatch(wanted, value, re.DOTALL)))
    return type(value) is type(shown) and bool(value == shown)
