"""Passwords: hashed in a bounded pool, so that the event loop never waits and a flood gets a 503, not a time-out."""

import asyncio
import base64
import hashlib
import hmac
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import bcrypt

from domain.config_keys import Config
from domain.errors import ApiError

T = TypeVar("T")

MAX_WAITING = 256
NICENESS = 10
# Not a secret: it only keeps our digests apart from those of others. A secret here would tie every password to it.
CONTEXT = b"biore.password.v1"


class Hasher:
    """bcrypt over base64(HMAC-SHA256(password)), because bcrypt itself ends at byte 72.

    ``refused`` is told of each password that is turned away.
    """

    def __init__(
        self,
        config: Config,
        threads: int | None = None,
        max_waiting: int = MAX_WAITING,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._threads = threads or os.cpu_count() or 1
        # bcrypt releases the interpreter lock, so threads are enough.
        self._pool = ThreadPoolExecutor(self._threads, "bcrypt", initializer=_give_way)
        self._max_waiting = max_waiting
        self._refused = refused
        self._waiting = 0
        self.performed = 0

    async def hash(self, password: str) -> str:
        """Raises ApiError service.unavailable when too many are waiting."""
        return await self._run(_hash, password, self._config["auth.salt_rounds"])

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one. No hash (an unknown account) takes the same work and is False."""
        stand_in = _stand_in(self._config["auth.salt_rounds"])
        matched = await self._run(_matches, password, password_hash or stand_in)
        return matched and password_hash is not None

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        if self._waiting >= self._max_waiting:
            self._refused()
            raise ApiError("service.unavailable", retry_after=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        finally:
            self._waiting -= 1
            self.performed += 1

    @property
    def running(self) -> int:
        return min(self._waiting, self._threads)

    @property
    def waiting(self) -> int:
        return self._waiting - self.running

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _give_way() -> None:
    """A hash takes a core for a quarter of a second; whoever waits for the event loop must not wait for that too."""
    if sys.platform == "linux":  # where threads have a niceness of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _digest(password: str) -> bytes:
    return base64.b64encode(hmac.digest(CONTEXT, password.encode(), hashlib.sha256))


def _hash(password: str, rounds: int) -> str:
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(rounds)).decode()


def _matches(password: str, password_hash: str) -> bool:
    return bcrypt.checkpw(_digest(password), password_hash.encode())


@lru_cache(maxsize=16)
def _stand_in(rounds: int) -> str:
    """A well-formed hash that no password has, made without hashing."""
    return f"$2b${rounds:02d}${'.' * 22}{'.' * 31}"
