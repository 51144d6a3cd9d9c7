"""Many small cases in one test: each on its own would cost more to begin and to end than to look at."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def check_each(cases: Iterable[T], check: Callable[[T], None]) -> None:
    """Checks every case, and tells of all that fail. Raises AssertionError, also where there is no case."""
    count, faults = 0, []
    for case in cases:
        count += 1
        try:
            check(case)
        except AssertionError as fault:
            faults.append(f"{case!r}: {fault}")
    assert count, "there is nothing to check"
    assert not faults, f"{len(faults)} of {count} fail:\n" + "\n".join(faults)
