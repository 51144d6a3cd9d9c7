"""What there is too much of for each commit: a commit tries some of it, others than the one before.

``--sample-seed`` repeats a run, ``--whole`` leaves nothing out (`make differential`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")
OPTION = "--sample-seed"


@dataclass(frozen=True)
class Sampling:
    seed: int
    whole: bool

    def of(self, name: str, everything: Sequence[T], count: int) -> list[T]:
        """So many of them in their order; ``name`` tells apart what is drawn from."""
        if self.whole or count >= len(everything):
            return list(everything)
        drawn = Random(f"{self.seed} {name}").sample(range(len(everything)), count)
        return [everything[at] for at in sorted(drawn)]

    def __str__(self) -> str:
        return "everything" if self.whole else f"a sample: {OPTION}={self.seed} repeats it"
