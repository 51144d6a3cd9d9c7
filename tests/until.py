"""Waits for what comes by itself. Apart from what imports the server, which takes a process a second."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 30.0


def until(look: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """What ``look`` sees as soon as it is true. Raises AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still waiting: {what}")
        time.sleep(0.05)
    return seen
