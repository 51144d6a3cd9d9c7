"""What a process knows of its providers, told to the database for all to see; what others found, heeded."""

import os
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import structlog

from domain.clock import utc_now
from persistence.engine.database import Database
from providers.breaker import State
from providers.observing import Circuit, Place, Tally, TallyKey, Watch

TELL_EVERY = timedelta(seconds=10)
MICROS = 1_000_000

log = structlog.get_logger(__name__)


class ProviderStates:
    """Of one process. ``keep_up`` is called at the pace at which it follows the config; ``role``: api or worker."""

    def __init__(self, database: Database, watch: Watch, role: str, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._watch = watch
        self._clock = clock
        self.process = uuid4()
        self._own = {"process": self.process, "host": socket.gethostname(), "pid": os.getpid(), "role": role}
        self._told: Mapping[Place, State] = {}
        self._told_at = datetime.min.replace(tzinfo=clock().tzinfo)
        self._passed: Mapping[Place, datetime] | None = None

    async def keep_up(self) -> None:
        """Close the breakers of what passed a probe elsewhere; tell when something changed, or it is time again.

        While that cannot be, what was counted waits.
        """
        try:
            await self._heed_probes()
            states = {place: circuit.breaker.state for place, circuit in self._watch.circuits.items()}
            if states != self._told or self._clock() - self._told_at >= TELL_EVERY:
                await self._tell()
                self._told, self._told_at = states, self._clock()
        except psycopg.Error as error:
            log.warning("providers.untold", reason=type(error).__name__)

    async def _heed_probes(self) -> None:
        async with self._database.reading() as db:
            passed = await db.providers.probes()
        known, self._passed = self._passed, passed
        if known is None:  # what was found before this process began
            return
        for place, at in passed.items():
            if known.get(place) != at and place in self._watch.circuits:
                self._watch.close(*place)

    async def _tell(self) -> None:
        tallies = self._watch.taken()
        try:
            async with self._database.unit() as db:
                await db.providers.tell_states(self._rows())
                await db.providers.add_outcomes([_outcome(key, tally) for key, tally in tallies.items()])
        except BaseException:
            self._watch.give_back(tallies)
            raise

    def _rows(self) -> list[dict[str, Any]]:
        now = self._clock()
        return [self._own | _state(place, circuit, now) for place, circuit in self._watch.circuits.items()]


def _state(place: Place, circuit: Circuit, now: datetime) -> dict[str, Any]:
    breaker = circuit.breaker
    closed = breaker.state is State.CLOSED
    return {
        "family": place[0],
        "provider": place[1],
        "state": breaker.state.value,
        "opened_at": None if closed else now - timedelta(seconds=breaker.open_seconds),
        "failed_at": circuit.failed_at,
        "fault": circuit.fault,
    }


def _outcome(key: TallyKey, tally: Tally) -> dict[str, Any]:
    hour, family, provider, outcome = key
    return {
        "hour": hour,
        "family": family,
        "provider": provider,
        "outcome": outcome,
        "calls": tally.calls,
        "micros": round(tally.seconds * MICROS),
        "slowest_micros": round(tally.slowest * MICROS),
        "last_at": tally.last_at,
        "fault": tally.fault,
    }
