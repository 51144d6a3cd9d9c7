"""What was proven of the code samples. Evidence is made from it."""

from typing import Literal

How = Literal["executed", "compiled", "parsed"]
STRENGTH: tuple[How, ...] = ("parsed", "compiled", "executed")

SAMPLES: dict[tuple[str, str], How] = {}
"""(operationId, language) -> the strongest of what was proven in this process."""


def record_sample(operation_id: str, language: str, how: How) -> None:
    """``executed``: a real process ran it against a server and it succeeded; ``compiled``: a compiler took it."""
    known = SAMPLES.get((operation_id, language), "parsed")
    SAMPLES[operation_id, language] = max(known, how, key=STRENGTH.index)
