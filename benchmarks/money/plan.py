"""What a drill of money is like."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """``faults``: the share of calls to vendors that goes wrong. ``late``: how long a vendor is silent, in seconds.

    ``pause``: what a client waits on average. ``hurry``: what waits when it is over is due at once, as if time had
    passed.
    """

    seconds: float = 600.0
    clients: int = 64
    seed: int = 1
    restarts: int = 5
    servers: int = 2
    workers: int = 3
    kill_every: float = 2.0
    faults: float = 0.2
    late: float = 12.0
    pause: float = 2.0
    hurry: bool = False
