"""Signing keys of platforms: fetched once an hour, and in between only for a key that nobody has seen."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from providers.oauth.vendor import Vendor
from providers.ports import ProviderUnavailable

LIFE_SECONDS = 3600.0
# Anybody can make up a key id: however many come, the platform is asked this rarely.
UNKNOWN_SECONDS = 10.0
MIN_RSA_BITS = 2048
# The algorithm is the key's, never the token's choice.
ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
CURVE = "P-256"

Keys = Mapping[str, jwt.PyJWK]


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: Keys
    at: float


class KeySets:
    """``clock`` gives monotonic seconds."""

    def __init__(self, vendor: Vendor, clock: Callable[[], float] = time.monotonic) -> None:
        self._vendor = vendor
        self._clock = clock
        self._known: dict[str, _Fetched] = {}
        self._flights: dict[str, asyncio.Task[Keys]] = {}
        self._asked_again: dict[str, float] = {}

    async def find(self, uri: str, key_id: str) -> jwt.PyJWK | None:
        """The key, or None when the platform has no such key. Raises ProviderUnavailable."""
        known = self._known.get(uri)
        if known is None or self._clock() - known.at >= LIFE_SECONDS:
            return (await self.fetch(uri)).get(key_id)
        if key_id not in known.keys and self._may_ask_again(uri):
            return (await self.fetch(uri)).get(key_id)
        return known.keys.get(key_id)

    def _may_ask_again(self, uri: str) -> bool:
        now = self._clock()
        if uri in self._flights:  # whoever comes meanwhile waits for the same answer
            return True
        if now - self._asked_again.get(uri, -UNKNOWN_SECONDS) < UNKNOWN_SECONDS:
            return False
        self._asked_again[uri] = now
        return True

    async def fetch(self, uri: str) -> Keys:
        """All that may verify, as they are now. Raises ProviderUnavailable."""
        flight = self._flights.get(uri) or self._start(uri)
        # A caller who leaves must not take the answer away from the others.
        return await asyncio.shield(flight)

    def _start(self, uri: str) -> asyncio.Task[Keys]:
        flight = self._flights[uri] = asyncio.create_task(self._load(uri))
        flight.add_done_callback(lambda _: self._flights.pop(uri))
        return flight

    async def _load(self, uri: str) -> Keys:
        answer = await self._vendor.get(uri)
        entries = answer.get("keys")
        if not isinstance(entries, list):
            raise ProviderUnavailable("the platform's keys are not a list")
        keys = {entry["kid"]: key for entry in entries if (key := _usable(entry)) is not None}
        self._known[uri] = _Fetched(keys, self._clock())
        return keys


def _usable(entry: Any) -> jwt.PyJWK | None:
    """The key, when it is one to verify signatures with in a way that we take."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
        return None
    algorithm = ALGORITHMS.get(str(entry.get("kty")))
    if algorithm is None or entry.get("alg", algorithm) != algorithm or entry.get("crv", CURVE) != CURVE:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    too_short = isinstance(key.key, RSAPublicKey) and key.key.key_size < MIN_RSA_BITS
    return None if too_short else key
