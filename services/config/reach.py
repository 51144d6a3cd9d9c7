"""Whether this process can use its database, logged when that changes and not again while it stays."""

import time
from collections.abc import Callable

import psycopg
import structlog

from persistence.engine.reach import cause_of, is_away, lacks_tables

log = structlog.get_logger(__name__)


class Reach:
    """``place`` is host and port. While it is ``quiet`` nothing is logged: another process tells the same."""

    def __init__(self, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.quiet = False
        self._place = place
        self._clock = clock
        self._lost: str | None = None
        self._since = 0.0

    def lost(self, error: psycopg.Error) -> bool:
        """Whether the error says that the database is away, or waits for its migrations."""
        kind = "database.unreachable" if is_away(error) else "database.not_migrated" if lacks_tables(error) else None
        if kind is None:
            return False
        if self._lost is None:
            self._since = self._clock()
        if kind != self._lost:
            self._lost = kind
            if not self.quiet:
                log.warning(kind, at=self._place, cause=cause_of(error))
        return True

    def found(self) -> None:
        """It was used just now, without an error."""
        if self._lost is not None and not self.quiet:
            log.info("database.reachable", at=self._place, after_seconds=round(self._clock() - self._since, 1))
        self._lost = None
