"""Seals the audit log after the fact, and looks whether it is what was sealed.

No request waits for it: one job takes what was committed. Two that meet are told apart by the number of the seal, and a
row that was committed late falls into a later seal.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from domain.admin.sealing import MOST_ROWS, Bad, Fault, Head, Texts, Verified, digest_of
from domain.clock import timestamp
from domain.keys import Purpose
from persistence.admin.seals import Place, Seal, Seals, Unsealed
from persistence.engine.database import Database
from services.keyring import Keyring

RECENT = timedelta(hours=1)
SEALS_AT_ONCE = 500
ROWS_AT_ONCE = 2000


class AuditSeals:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def seal_recent(self) -> int:
        """What was written in the last hour and is committed by now; how many rows that was."""
        return await self._seal_all(RECENT)

    async def seal_left(self) -> int:
        """Whatever no seal holds, however old."""
        return await self._seal_all(None)

    async def _seal_all(self, within: timedelta | None) -> int:
        """From the oldest on, each row looked at once: what is committed behind us meanwhile is for the next time."""
        sealed, place = 0, None
        while rows := await self._seal_next(within, place):
            sealed, place = sealed + len(rows), rows[-1].place
        return sealed

    async def _seal_next(self, within: timedelta | None, after: Place | None) -> list[Unsealed]:
        """One seal, in a transaction of its own. Whoever comes second to its number leaves the rest to the first."""
        async with self._database.unit() as db:
            names, last = await db.audit_seals.columns(), await db.audit_seals.last()
            rows = await db.audit_seals.unsealed(within, after, MOST_ROWS)
            if not rows:
                return []
            moment, at = await db.audit_seals.now()
            number, previous = (last.number + 1, last.digest) if last else (1, b"")
            kid = self._keyring.current
            digest = digest_of(self._key(kid) or b"", previous, number, at, names, [row.texts for row in rows])
            seal = Seal(number, len(rows), kid, digest, previous, at, moment)
            return rows if await db.audit_seals.add(seal, [row.place[1] for row in rows]) else []

    def _key(self, kid: str) -> bytes | None:
        return self._keyring.keys(Purpose.AUDIT_SEAL).get(kid)

    async def head(self) -> Head | None:
        async with self._database.reading() as db:
            last = await db.audit_seals.last()
        return last.head if last else None

    async def verify(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        head: Head | None = None,
        most: int | None = None,
    ) -> Verified:
        """Compare rows and seals, in small pieces and without a transaction.

        ``since`` and ``until``: of the seals; without them it is the whole chain. ``head`` was kept elsewhere.
        ``most``: no further piece is begun when so many rows were looked at.
        """
        run = _Run(self, head)
        async with self._database.reading() as db:
            names = await db.audit_seals.columns()
            await run.begin(db.audit_seals, since)
            async for piece in _pieces(db.audit_seals, run, until):
                rows = await db.audit_seals.rows_of(piece[0].number, piece[-1].number, _expected(piece) + 1)
                run.look_at(piece, rows, names)
                if run.bad or (most is not None and run.checked >= most):
                    break
            else:
                run.ended = True
            if run.ended and until is None:
                run.look_behind()
            last = await db.audit_seals.last()
        complete = run.ended and run.bad is None
        return Verified(run.checked, run.seals, run.bad, complete, run.until, last.head if last else None)

    def fault_of(self, seal: Seal, previous: bytes, rows: Sequence[Texts], names: Sequence[str]) -> Fault | None:
        if seal.previous != previous:
            return Fault.PREVIOUS
        if len(rows) != seal.rows:
            return Fault.ROWS
        key = self._key(seal.key_id)
        if key is None:
            return Fault.KEY
        digest = digest_of(key, previous, seal.number, seal.at, names, rows)
        return None if digest == seal.digest else Fault.DIGEST


class _Run:
    """One verification. ``number`` and ``previous`` are of the next seal, as they must be."""

    def __init__(self, seals: AuditSeals, head: Head | None) -> None:
        self._seals = seals
        self._head = head
        self.number, self.previous = 1, b""
        self.checked = self.seals = self._newest = 0
        self.bad: Bad | None = None
        self.ended = False
        self.until: str | None = None

    async def begin(self, table: Seals, since: datetime | None) -> None:
        """With the first seal from ``since`` on, which must follow the one before."""
        self._newest = await table.newest_that_holds_rows()
        first = 1 if since is None else await table.first_since(since)
        if first is None:  # nothing was sealed from then on
            last = await table.last()
            first = last.number + 1 if last else 1
        if first > 1:
            before = await table.from_number(first - 1, None, 1)
            if not before or before[0].number != first - 1:
                self.bad = Bad(first - 1, Fault.MISSING)
                return
            self.previous = before[0].digest
        self.number = first

    def look_at(self, piece: Sequence[Seal], found: Sequence[tuple[int, Texts]], names: Sequence[str]) -> None:
        rows = {number: [texts for _, texts in group] for number, group in groupby(found, key=lambda row: row[0])}
        for seal in piece:
            own = rows.get(seal.number, [])
            fault = self._fault(seal, own, names)
            if fault:
                self.bad = Bad(self.number, fault)
                return
            self.number, self.previous = seal.number + 1, seal.digest
            self.checked, self.seals, self.until = self.checked + len(own), self.seals + 1, timestamp(seal.told_at)

    def _fault(self, seal: Seal, rows: Sequence[Texts], names: Sequence[str]) -> Fault | None:
        if seal.number != self.number:
            return Fault.MISSING
        fault = self._seals.fault_of(seal, self.previous, rows, names)
        head = self._head
        if fault is None and head is not None and head.number == seal.number and head != seal.head:
            return Fault.HEAD
        return fault

    def look_behind(self) -> None:
        """There must be each seal that rows named at the beginning, and the one of the head."""
        newest = max(self._newest, self._head.number if self._head else 0)
        if self.bad is None and newest >= self.number:
            self.bad = Bad(self.number, Fault.MISSING)


async def _pieces(table: Seals, run: _Run, until: datetime | None) -> AsyncIterator[list[Seal]]:
    """Seals in their order, so many at a time that their rows fit into memory."""
    while run.bad is None:
        found = await table.from_number(run.number, until, SEALS_AT_ONCE)
        if not found:
            return
        piece = found[:1]
        for seal in found[1:]:
            if _expected(piece) + min(seal.rows, MOST_ROWS) > ROWS_AT_ONCE:
                break
            piece.append(seal)
        yield piece


def _expected(piece: Sequence[Seal]) -> int:
    """How many rows there may be; no seal holds more than ``MOST_ROWS``, whatever it says."""
    return sum(min(max(seal.rows, 0), MOST_ROWS) for seal in piece)
