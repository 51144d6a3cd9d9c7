"""Providers at run time: versions of what is chosen, breakers of all processes, outcomes by the hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from persistence.engine.connection import Connection
from persistence.engine.statements import kept
from persistence.models import ProviderFamily, ProviderOutcome, ProviderProbe, ProviderState

LIVE = timedelta(seconds=60)
MOST_FAULTS = 200

VERSIONS = kept(select(ProviderFamily.family, ProviderFamily.version))
PROBES = kept(select(ProviderProbe.family, ProviderProbe.provider, ProviderProbe.passed_at))

_columns = ("hour", "family", "provider", "outcome", "calls", "micros", "slowest_micros", "last_at", "fault")
_more = pg_insert(ProviderOutcome).values({name: bindparam(name) for name in _columns})
OUTCOME = (ProviderOutcome.hour, ProviderOutcome.family, ProviderOutcome.provider, ProviderOutcome.outcome)
COUNT = _more.on_conflict_do_update(
    index_elements=OUTCOME,
    set_={
        "calls": ProviderOutcome.calls + _more.excluded.calls,
        "micros": ProviderOutcome.micros + _more.excluded.micros,
        "slowest_micros": func.greatest(ProviderOutcome.slowest_micros, _more.excluded.slowest_micros),
        "last_at": func.greatest(ProviderOutcome.last_at, _more.excluded.last_at),
        "fault": func.coalesce(_more.excluded.fault, ProviderOutcome.fault),
    },
)

_named = ("process", "family", "provider", "host", "pid", "role", "state", "opened_at", "failed_at", "fault")
_told = pg_insert(ProviderState).values({name: bindparam(name) for name in _named} | {"seen_at": func.now()})
TELL = _told.on_conflict_do_update(
    index_elements=(ProviderState.process, ProviderState.family, ProviderState.provider),
    set_={name: getattr(_told.excluded, name) for name in ("state", "opened_at", "failed_at", "fault", "seen_at")},
)


class ProviderRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def versions(self) -> Mapping[str, int]:
        """Of each family that was ever changed; the others have 0."""
        return {row.family: row.version for row in await self._connection.rows(VERSIONS)}

    async def version(self, family: str) -> int:
        found = select(ProviderFamily.version).where(ProviderFamily.family == family)
        return await self._connection.scalar(found) or 0

    async def move(self, family: str, expected: int) -> bool:
        """The next version, and the family held still until the transaction ends; False where it has another one."""
        row = ProviderFamily
        if expected == 0:
            first: Any = pg_insert(row).values(family=family, version=1).on_conflict_do_nothing()
            return await self._connection.scalar(first.returning(row.version)) is not None
        next_one = update(row).where(row.family == family, row.version == expected)
        changed = next_one.values(version=row.version + 1, updated_at=func.now()).returning(row.version)
        return await self._connection.scalar(changed) is not None

    async def touch(self, family: str) -> None:
        """The next version, whichever it has: somebody changes a key of the family by itself."""
        row = pg_insert(ProviderFamily).values(family=family, version=1)
        changed = {"version": ProviderFamily.version + 1, "updated_at": func.now()}
        await self._connection.execute(row.on_conflict_do_update(index_elements=[ProviderFamily.family], set_=changed))

    async def pass_probe(self, family: str, provider: str, now: datetime) -> None:
        row = pg_insert(ProviderProbe).values(family=family, provider=provider, passed_at=now)
        keys = [ProviderProbe.family, ProviderProbe.provider]
        changed = {"passed_at": row.excluded.passed_at}
        await self._connection.execute(row.on_conflict_do_update(index_elements=keys, set_=changed))

    async def probes(self) -> Mapping[tuple[str, str], datetime]:
        """When each provider last passed one."""
        return {(row.family, row.provider): row.passed_at for row in await self._connection.rows(PROBES)}

    async def tell_states(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """What one process knows, in place of what it told before. Its clock may be wrong; the database's is taken."""
        for row in rows:
            await self._connection.execute(TELL, **row)

    async def states(self, family: str | None = None) -> Sequence[Any]:
        """Of the processes that live."""
        row = ProviderState
        live = select(row).where(row.seen_at > func.now() - LIVE)
        if family is not None:
            live = live.where(row.family == family)
        return await self._connection.scalars(live.order_by(row.role, row.host, row.pid, row.process))

    async def add_outcomes(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """To those that are there, in one order everywhere, so that no two processes wait for each other."""
        for row in sorted(rows, key=lambda row: tuple(row[key.key] for key in OUTCOME)):
            await self._connection.execute(COUNT, **row)

    async def outcomes(self, since: datetime, family: str | None = None) -> Sequence[Any]:
        """Rows of family, provider, outcome, calls, micros, slowest_micros."""
        row = ProviderOutcome
        sums = [cast(func.sum(column), BigInteger).label(column.key) for column in (row.calls, row.micros)]
        slowest = func.max(row.slowest_micros).label("slowest_micros")
        query = select(row.family, row.provider, row.outcome, *sums, slowest)
        query = query.where(row.hour >= since)
        if family is not None:
            query = query.where(row.family == family)
        return await self._connection.rows(query.group_by(row.family, row.provider, row.outcome))

    async def faults(self, since: datetime, family: str | None = None) -> Sequence[Any]:
        """Rows of family, provider, outcome, fault, last_at: the last of each hour and outcome, the newest first."""
        row = ProviderOutcome
        query = select(row.family, row.provider, row.outcome, row.fault, row.last_at)
        query = query.where(row.fault.is_not(None), row.last_at >= since)
        if family is not None:
            query = query.where(row.family == family)
        return await self._connection.rows(query.order_by(row.last_at.desc()).limit(MOST_FAULTS))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(ProviderState).where(ProviderState.seen_at < before))
        await self._connection.execute(delete(ProviderOutcome).where(ProviderOutcome.hour < before))
