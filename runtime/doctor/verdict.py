"""What a check says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "FAIL"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "FAIL")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``what`` was found, and for anything but ``ok`` the ``remedy``. Neither holds a secret or a mail address."""

    level: Level
    what: str
    remedy: str = ""


def ok(what: str) -> Verdict:
    return Verdict("ok", what)


def warn(what: str, remedy: str) -> Verdict:
    return Verdict("warn", what, remedy)


def fail(what: str, remedy: str) -> Verdict:
    return Verdict("FAIL", what, remedy)


def together(verdicts: Iterable[Verdict], fine: str = "") -> Verdict:
    """One verdict as bad as the worst of them; beside what is wrong, what is fine goes without saying."""
    told = list(verdicts)
    wrong = [verdict for verdict in told if verdict.level != "ok"]
    if not wrong:
        return ok(fine or "; ".join(verdict.what for verdict in told))
    level = max((verdict.level for verdict in wrong), key=LEVELS.index)
    remedies = dict.fromkeys(verdict.remedy for verdict in wrong)
    return Verdict(level, "; ".join(verdict.what for verdict in wrong), "; ".join(remedies))
