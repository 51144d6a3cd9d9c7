"""The keys of access tokens: which one signs, which ones are still accepted, and how they are rotated."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.auth import ACCESS_TOKEN_TTL_SECONDS
from domain.config_keys import Config
from domain.keys import Purpose
from persistence.engine.database import Database
from persistence.models import SigningKey
from services.keyring import KEY_BYTES, Keyring

DERIVED = Purpose.ACCESS_TOKEN
SEALED = Purpose.SIGNING_KEY
KID_BYTES = 8
LOOK_AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row, opened. ``key`` is None when it was sealed under a secret that is gone."""

    kid: str
    key: bytes | None
    sealed: str
    created_at: datetime
    retired_at: datetime | None

    @property
    def signs(self) -> bool:
        return self.key is not None and self.retired_at is None


class SigningKeys:
    """What one process knows of the table ``signing_keys``; ``refresh`` follows it.

    While the table is empty, the key derived from the deployment's secret signs, and those derived from its retired
    secrets are accepted too. The first rotation retires them all. A retired key signs nothing more, and is accepted
    until the tokens it may have signed are over: ``auth.access_token_ttl_seconds`` after it was retired.

    A new key signs at once on the node that learns of it first, although others may not know it yet. That is safe,
    because it is committed before anybody signs with it: a node that meets an unknown key id looks into the table
    again before it refuses (``find``), and whatever another node signed with is there by then. The other way round, a
    node that has not heard of the rotation signs with the old key for as long as its next refresh takes; such a token
    is accepted everywhere, and ends at most that much before its time. Waiting before a new key is used would only
    prolong the use of the old one, which may be rotated because it leaked.

    When no live key can be read (the secret that sealed it is gone) the derived key signs again: people must be able to
    sign in after a secret was replaced outright. One that was itself retired is refused all the same.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        config: Config,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._config = config
        self._clock = clock
        self._ticks = ticks
        self._rows: dict[str, Stored] = {}
        self._looking = asyncio.Lock()
        self._looked = float("-inf")
        self.known = False

    @property
    def current(self) -> tuple[str, bytes]:
        """Id and key that sign new tokens."""
        for row in self._rows.values():
            if row.key is not None and row.signs:
                return row.kid, row.key
        return self._keyring.current, self._keyring.key(DERIVED)

    async def find(self, kid: str) -> bytes | None:
        """The key by its id, or None when it is not accepted (any more).

        An id that is not known is looked up in the table, at most once a second and once after each refresh: ids are
        for everybody to make up, and must not buy a query each.
        """
        if not self.known:  # nothing is accepted that may have been retired
            await self._look(lambda: not self.known)
        key = self._accepted(kid)
        if key is None and kid not in self._rows:
            await self._look(lambda: self._ticks() - self._looked >= LOOK_AGAIN_SECONDS)
            key = self._accepted(kid)
        return key

    async def _look(self, needed: Callable[[], bool]) -> None:
        """Refresh if it is ``needed`` still; whoever comes meanwhile waits for the same answer."""
        async with self._looking:
            if needed():
                self._looked = self._ticks()
                await self._read()

    def _accepted(self, kid: str) -> bytes | None:
        row = self._rows.get(kid)
        if row is None:
            return self._keyring.keys(DERIVED).get(kid) if self._derived_sign(self._rows.values()) else None
        return None if self._is_over(row) else row.key

    @staticmethod
    def _derived_sign(rows: Iterable[Stored]) -> bool:
        return not any(row.signs for row in rows)

    def _is_over(self, row: Stored) -> bool:
        life = timedelta(seconds=self._config[ACCESS_TOKEN_TTL_SECONDS])
        return row.retired_at is not None and self._clock() >= row.retired_at + life

    async def refresh(self) -> None:
        async with self._looking:  # one after the other, or an answer that is late would undo a newer one
            await self._read()
            self._looked = float("-inf")

    async def _read(self) -> None:
        async with self._database.reading() as db:
            stored = await db.signing_keys.all()
        self._rows = {row.kid: self._opened(row) for row in stored}
        self.known = True

    def _opened(self, row: SigningKey) -> Stored:
        known = self._rows.get(row.kid)
        same = known is not None and known.sealed == row.sealed
        key = known.key if same and known is not None else self._unsealed(row)
        return Stored(row.kid, key, row.sealed, row.created_at, row.retired_at)

    def _unsealed(self, row: SigningKey) -> bytes | None:
        if not row.sealed:
            return self._keyring.keys(DERIVED).get(row.kid)
        try:
            return bytes.fromhex(self._keyring.unseal(SEALED, row.sealed))
        except ValueError as error:
            log.warning("signing_key.ignored", kid=row.kid, reason=str(error))
            return None

    async def rotate(self) -> str:
        """Make a key that signs from now on, and retire the one that did; the id of the new one."""
        kid, key = secrets.token_hex(KID_BYTES), secrets.token_bytes(KEY_BYTES)
        async with self._database.unit() as db:
            await db.signing_keys.hold()
            now = self._clock()
            rows = [self._opened(row) for row in await db.signing_keys.all()]
            retired = [row.kid for row in rows if row.retired_at is None]
            # Not once a made key signs: a derived one whose row was purged long ago would come back to life.
            if self._derived_sign(rows):
                derived = list(self._keyring.keys(DERIVED))
                await db.signing_keys.add_retired(derived, now)
                retired += derived
            await db.signing_keys.retire_all(now)
            await db.signing_keys.add(kid, self._keyring.seal(SEALED, key.hex()), now)
            await db.audit.record("keys.rotate", target=kid, retired=retired)
        await self.refresh()
        return kid

    def shown(self) -> list[dict[str, Any]]:
        """All keys without their material, the one that signs first."""
        rows = list(self._rows.values())
        listed = [
            {
                "kid": row.kid,
                "state": self._state(row),
                "derived": not row.sealed,
                "created_at": row.created_at.isoformat(),
                "retired_at": row.retired_at and row.retired_at.isoformat(),
            }
            for row in rows
        ]
        return [*self._shown_derived(rows), *listed]

    def _shown_derived(self, rows: list[Stored]) -> list[dict[str, Any]]:
        unlisted = [kid for kid in self._keyring.keys(DERIVED) if kid not in self._rows]
        times = {"derived": True, "created_at": None, "retired_at": None}
        states = [(kid, "signs" if kid == self._keyring.current else "accepted") for kid in unlisted]
        return [{"kid": kid, "state": state, **times} for kid, state in states if self._derived_sign(rows)]

    def _state(self, row: Stored) -> str:
        if row.key is None:
            return "unreadable"
        if self._is_over(row):
            return "over"
        return "signs" if row.kid == self.current[0] else "accepted"
