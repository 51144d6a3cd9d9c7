"""How busy the connections to the database are."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool


@dataclass(frozen=True, slots=True)
class PoolState:
    """``size`` is the most that may be open, ``in_use`` lent now, ``waiting`` those who want one and got none yet."""

    size: int
    in_use: int
    waiting: int


def pool_state(engine: AsyncEngine) -> PoolState:
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError("the engine has a pool of another kind")
    # SQLAlchemy counts all but those who wait; they wait for its queue.
    waiting = sum(not getter.done() for getter in pool._pool._queue._getters)  # type: ignore[attr-defined]
    return PoolState(pool.size(), pool.checkedout(), waiting)
