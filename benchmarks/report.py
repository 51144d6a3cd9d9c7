"""What was measured, and whether it is what was to be reached: one table, for people and for programs."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Literal

COLUMNS = ("benchmark", "subject", "metric", "value", "ratio", "spread", "target", "verdict")
TIMES = "\u00d7"
VERDICTS = {True: "met", False: "not met", None: ""}


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a row's ``ratio``, else of its ``value``."""

    kind: Literal[">=", "<="]
    bound: float
    of: Literal["ratio", "value"]

    def holds(self, row: "Row") -> bool:
        seen = row.ratio if self.of == "ratio" else row.value
        if seen is None:
            raise ValueError(f"{row.benchmark}, {row.subject}: there is no {self.of} to judge")
        return seen >= self.bound if self.kind == ">=" else seen <= self.bound


def ratio_at_least(bound: float) -> Target:
    return Target(">=", bound, "ratio")


def ratio_at_most(bound: float) -> Target:
    return Target("<=", bound, "ratio")


def at_least(bound: float) -> Target:
    return Target(">=", bound, "value")


def at_most(bound: float) -> Target:
    return Target("<=", bound, "value")


@dataclass(frozen=True, slots=True)
class Row:
    """``ratio`` is to what ``to`` names. ``spread``: by which part the largest round exceeds the smallest.

    Of what the spread is told: of the ratio where there is one, else of the value. ``met`` is None without a target.
    """

    benchmark: str
    subject: str
    metric: str
    value: float
    unit: str = ""
    ratio: float | None = None
    to: str = ""
    spread: float | None = None
    target: str = ""
    met: bool | None = None

    def judged(self, target: Target | None) -> "Row":
        if target is None:
            return self
        unit = TIMES if target.of == "ratio" else self.unit
        return replace(self, target=f"{target.kind} {target.bound:g} {unit}".strip(), met=target.holds(self))


def row(
    benchmark: str, subject: str, metric: str, values: Sequence[float], unit: str = "", target: Target | None = None
) -> Row:
    """The median over the rounds."""
    return Row(benchmark, subject, metric, median(values), unit, spread=spread(values)).judged(target)


def compared(
    base: Row,
    values: Sequence[float],
    to: str,
    others: Sequence[float],
    target: Target | None = None,
) -> Row:
    """``base`` with the median of the ratios of each round, so that a slow moment of the machine hits both sides."""
    ratios = [value / other for value, other in zip(values, others, strict=True)]
    return replace(base, ratio=median(ratios), to=to, spread=spread(ratios), target="", met=None).judged(target)


def spread(values: Sequence[float]) -> float | None:
    """max / min - 1; None for a single round."""
    if len(values) < 2:
        return None
    return max(values) / min(values) - 1 if min(values) > 0 else float("inf")


@dataclass(frozen=True)
class Report:
    """``header``: machine and versions. ``failed``: parts that could not be measured, and why."""

    header: Mapping[str, str]
    rows: Sequence[Row]
    failed: Mapping[str, str]

    @property
    def good(self) -> bool:
        return not self.failed and all(row.met is not False for row in self.rows)

    def markdown(self) -> str:
        lines = [f"- {name}: {value}" for name, value in self.header.items()]
        lines += ["", "| " + " | ".join(COLUMNS) + " |", "|---|---|---|---:|---:|---:|---|---|"]
        lines += ["| " + " | ".join(cells(row)) + " |" for row in self.rows]
        lines += [f"\n**{part} was not measured**: {why}" for part, why in self.failed.items()]
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        rows = [asdict(row) | {"verdict": VERDICTS[row.met]} for row in self.rows]
        found = {"header": dict(self.header), "rows": rows, "failed": dict(self.failed)}
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"

    def write(self, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(self.markdown())
        (folder / f"{name}.json").write_text(self.as_json())


def cells(row: Row) -> Iterable[str]:
    yield row.benchmark
    yield row.subject
    yield row.metric
    yield f"{number(row.value)} {row.unit}".strip()
    yield "" if row.ratio is None else f"{row.ratio:.3g} {TIMES} {row.to}"
    yield "" if row.spread is None else f"{row.spread:.0%}"
    yield row.target
    yield VERDICTS[row.met]


def number(value: float) -> str:
    """Three digits, or all of an integer's where it has more."""
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"


def machine() -> dict[str, str]:
    """The machine as far as it matters for how fast things are."""
    described = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in described if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}",
        "code": revision(),
    }


def revision() -> str:
    """The commit that was measured, and whether files differ from it."""
    command = ("git", "describe", "--always", "--dirty")
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
