"""What is wrong with a deployment, as staff is told it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from domain.wire import admin as wire

LEVELS: Mapping[str, Literal["OK", "WARN", "FAIL"]] = {"ok": "OK", "warn": "WARN", "FAIL": "FAIL"}


class Line(Protocol):
    """Of one check."""

    @property
    def level(self) -> Literal["ok", "warn", "FAIL"]: ...
    @property
    def name(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def remedy(self) -> str: ...


def health_view(lines: Sequence[Line]) -> wire.Health:
    items: list[wire.HealthLine] = [
        {"level": LEVELS[line.level], "name": line.name, "what": line.what, "remedy": line.remedy} for line in lines
    ]
    return {"healthy": all(item["level"] != "FAIL" for item in items), "items": items}
