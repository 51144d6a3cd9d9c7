"""Passwords: hashed in a bounded pool, so that the event loop never waits and a flood gets a 503, not a time-out."""

import base64
import hashlib
import hmac
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import bcrypt

from domain.auth.passwords import SALT_ROUNDS
from domain.config_keys import Config
from persistence.engine.database import Database
from services.turns import DEADLINE_SECONDS, Caller, Turns

NICENESS = 10
LOOK_SECONDS = 60
# Not a secret: it only keeps our digests apart from those of others. A secret here would tie every password to it.
CONTEXT = b"biore.password.v1"
OURSELVES = Caller()


@dataclass(frozen=True, slots=True)
class Match:
    """``outdated``: the hash is of another cost than new ones, or of the password as it was sent, not composed."""

    right: bool
    outdated: bool = False


class Hasher:
    """bcrypt over base64(HMAC-SHA256(password)), because bcrypt itself ends at byte 72.

    ``refused`` is told of each password that is turned away. ``dearest`` is the highest cost of a stored hash, as far
    as it is known; ``performed`` counts the turns, ``spent`` the rounds of bcrypt (2^cost for each hash).
    """

    def __init__(
        self,
        config: Config,
        threads: int | None = None,
        refused: Callable[[], None] = lambda: None,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._config = config
        # bcrypt releases the interpreter lock, so threads are enough.
        self._turns = Turns(threads or os.cpu_count() or 1, "bcrypt", _give_way, refused, deadline)
        self.dearest = 0
        self.performed = self.spent = 0

    async def hash(self, password: str, caller: Caller = OURSELVES) -> str:
        """Raises ApiError service.unavailable when too much work comes before, CallerLeft when nobody waits."""
        cost = self._config[SALT_ROUNDS]
        hashed = await self._turns.run(caller, 1 << cost, partial(_hash, password, cost))
        self._count(1 << cost)
        return hashed

    async def match(
        self, password: str, password_hash: str | None, as_sent: str | None = None, caller: Caller = OURSELVES
    ) -> Match:
        """Whether the password is the hashed one. Raises as ``hash``.

        Every failure takes the same work, of the dearest hash that there is: no hash (an unknown account), one of a
        cheaper time and one of today. ``as_sent``: the password before it was composed, where that is another text;
        older hashes are of that one.
        """
        forms = (password,) if as_sent is None else (password, as_sent)
        standard = max(self._config[SALT_ROUNDS], self.dearest)
        compared = password_hash or _stand_in(standard)
        most = len(forms) << max(standard, cost_of(compared))
        found, spent = await self._turns.run(caller, most, partial(_match, forms, compared, standard))
        self._count(spent)
        if found is None or password_hash is None:
            return Match(False)
        return Match(True, outdated=found != password or cost_of(compared) != self._config[SALT_ROUNDS])

    def _count(self, rounds: int) -> None:
        self.performed += 1
        self.spent += rounds

    @property
    def running(self) -> int:
        return self._turns.running

    @property
    def waiting(self) -> int:
        return self._turns.waiting

    def close(self) -> None:
        self._turns.close()


class StoredHashes:
    """Tells the hasher what the dearest of them costs."""

    def __init__(self, hasher: Hasher, database: Database, config: Config) -> None:
        self._hasher = hasher
        self._database = database
        self._config = config
        self._cost, self._next_look = 0, 0.0

    async def refresh(self) -> None:
        """Once a minute, and when new hashes get another cost."""
        cost, now = self._config[SALT_ROUNDS], time.monotonic()
        if cost == self._cost and now < self._next_look:
            return
        async with self._database.reading() as db:
            self._hasher.dearest = await db.users.dearest_hash()
        self._cost, self._next_look = cost, now + LOOK_SECONDS


def _give_way() -> None:
    """A hash takes a core for a quarter of a second; whoever waits for the event loop must not wait for that too."""
    if sys.platform == "linux":  # where threads have a niceness of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _digest(password: str) -> bytes:
    return base64.b64encode(hmac.digest(CONTEXT, password.encode(), hashlib.sha256))


def _hash(password: str, cost: int) -> str:
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def _match(forms: tuple[str, ...], password_hash: str, standard: int) -> tuple[str | None, int]:
    """Which of the forms is the hashed one, and the rounds spent: 2^standard for each form that is not it."""
    spent, cost = 0, cost_of(password_hash)
    for form in forms:
        spent += 1 << cost
        if bcrypt.checkpw(_digest(form), password_hash.encode()):
            return form, spent
    for form in forms:
        for lacking in range(cost, standard):  # 2^a + 2^a + 2^(a+1) + … + 2^(b-1) = 2^b
            spent += 1 << lacking
            bcrypt.checkpw(_digest(form), _stand_in(lacking).encode())
    return None, spent


def cost_of(password_hash: str) -> int:
    return int(password_hash[4:6])


@lru_cache(maxsize=16)
def _stand_in(cost: int) -> str:
    """A well-formed hash that no password has, made without hashing."""
    return f"$2b${cost:02d}${'.' * 22}{'.' * 31}"
