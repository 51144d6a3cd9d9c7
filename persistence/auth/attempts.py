"""Attempts to sign in, counted by keyed hashes of who tries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Interval,
    LargeBinary,
    any_,
    bindparam,
    case,
    cast,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert

from persistence.engine.connection import Connection
from persistence.models import LoginAttempt

FORGOTTEN_AFTER = timedelta(days=1)
MOST_DOUBLINGS = 20

SUBJECTS = LoginAttempt.subject == any_(bindparam("subjects", type_=ARRAY(LargeBinary)))
HELD = select(LoginAttempt.subject).where(SUBJECTS).order_by(LoginAttempt.subject).with_for_update()
FORGET = (
    delete(LoginAttempt).where(SUBJECTS).returning(LoginAttempt.subject, LoginAttempt.failures, LoginAttempt.updated_at)
)
MOST_FAILURES = select(func.max(LoginAttempt.failures)).where(SUBJECTS)
LOCKED_UNTIL = select(LoginAttempt.locked_until).where(LoginAttempt.subject == bindparam("subject"))

_now, _threshold, _base, _maximum = (
    bindparam("now", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=Integer) for name in ("threshold", "base", "maximum")),
)
_forgotten = LoginAttempt.updated_at < bindparam("forgotten_before")
_failures = case((_forgotten, 1), else_=LoginAttempt.failures + 1)
_doublings = func.least(_failures - _threshold, MOST_DOUBLINGS)
_seconds = func.least(_maximum, _base * cast(func.power(2, _doublings), Integer))
_lock = _now + cast(func.make_interval(0, 0, 0, 0, 0, 0, _seconds), Interval)
COUNT = (
    pg_insert(LoginAttempt)
    .values(subject=bindparam("subject"), failures=1, updated_at=_now)
    .on_conflict_do_update(
        index_elements=[LoginAttempt.subject],
        set_={
            "failures": _failures,
            "locked_until": case((_failures >= _threshold, _lock), else_=None),
            "updated_at": _now,
        },
        where=or_(LoginAttempt.locked_until.is_(None), LoginAttempt.locked_until <= _now, _forgotten),
    )
    .returning(LoginAttempt.failures)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """``number`` of the attempt in its row, or the seconds for which the subject is locked."""

    number: int
    locked_for: float | None = None


class LoginAttempts:
    """Counts before the password is looked at, so that parallel guesses cannot slip past the threshold."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold(self, subjects: Sequence[bytes]) -> None:
        """To be called before several are counted or forgotten, so that none who does so waits for the other."""
        await self._connection.execute(HELD, subjects=list(subjects))

    async def count(
        self,
        subject: bytes,
        now: datetime,
        threshold: int,
        base: int,
        maximum: int,
        unlocked_at: datetime | None = None,
    ) -> Counted:
        """Count one attempt, unless the subject is locked. What was counted before ``unlocked_at`` is forgotten.

        From the ``threshold``-th attempt in a row the subject locks, for ``base`` seconds doubling up to ``maximum``;
        a success forgets it all. A day without attempts does so too.
        """
        forgotten_before = now - FORGOTTEN_AFTER
        number = await self._connection.scalar(
            COUNT,
            subject=subject,
            now=now,
            forgotten_before=max(forgotten_before, unlocked_at or forgotten_before),
            threshold=threshold,
            base=base,
            maximum=maximum,
        )
        if number is not None:
            return Counted(number)
        locked_until = await self._connection.scalar(LOCKED_UNTIL, subject=subject)
        return Counted(0, max(1.0, (locked_until - now).total_seconds()) if locked_until else 1.0)

    async def count_all(
        self, subjects: Iterable[bytes], now: datetime, threshold: int, base: int, maximum: int
    ) -> Counted:
        """Count one attempt of what has a subject under each known secret: the longest of their locks holds."""
        counts = [await self.count(subject, now, threshold, base, maximum) for subject in sorted(subjects)]
        locks = [counted.locked_for for counted in counts if counted.locked_for is not None]
        return Counted(max(counted.number for counted in counts), max(locks, default=None))

    async def forget_all(self, subjects: Sequence[bytes], now: datetime) -> dict[bytes, int]:
        """How many failures each subject had in its last day, the attempt under way included."""
        await self.hold(subjects)
        rows = await self._connection.rows(FORGET, subjects=list(subjects))
        return {subject: failures for subject, failures, at in rows if at > now - FORGOTTEN_AFTER}

    async def most_failures(self, subjects: Sequence[bytes]) -> int:
        """Of what has a subject under each known secret, one of which may have come into use just now."""
        return await self._connection.scalar(MOST_FAILURES, subjects=list(subjects)) or 0

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(LoginAttempt).where(LoginAttempt.updated_at < before))
