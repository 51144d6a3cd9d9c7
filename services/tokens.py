"""Access tokens: short-lived JWTs (RFC 9068 type) whose session is checked at every call."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol
from uuid import UUID, uuid4

import jwt
from jwt.utils import base64url_decode

from domain.auth import ACCESS_TOKEN_TTL_SECONDS, RefreshToken, read_refresh_token, write_refresh_token
from domain.config_keys import Config
from domain.keys import Purpose
from domain.wire.auth import AccessToken
from services.keyring import Keyring

ALGORITHM = "HS256"
TYPE = "at+jwt"
CLAIMS = ["exp", "iat", "sub", "sid", "jti"]
KEPT_TOKENS = 16_384
KEPT_HEADERS = 64  # tokens of one key share theirs
LONGEST = 1024  # ours have a third of it; nothing longer is decoded or kept
# PyJWT lets errors of json, base64 and types through; whatever a stranger's text raises, the token is no good.
BROKEN = (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)


class InvalidToken(Exception):
    """Malformed, expired, of another type, or signed by another key or algorithm."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: UUID
    session_id: UUID


class Keys(Protocol):
    """As ``services.signing_keys.SigningKeys``."""

    @property
    def current(self) -> tuple[str, bytes]: ...

    async def find(self, kid: str) -> bytes | None: ...


class Tokens:
    """``keys`` sign access tokens; refresh tokens are the keyring's."""

    def __init__(self, keyring: Keyring, keys: Keys, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._keys = keys
        self._config = config
        self._clock = clock

    def access(self, user_id: UUID, session_id: UUID) -> AccessToken:
        """The ``accessToken`` and its life in seconds."""
        seconds = self._config[ACCESS_TOKEN_TTL_SECONDS]
        now = self._clock()
        claims = {
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + timedelta(seconds=seconds),
        }
        kid, key = self._keys.current
        headers = {"typ": TYPE, "kid": kid}
        return {"accessToken": jwt.encode(claims, key, ALGORITHM, headers=headers), "expiresIn": seconds}

    async def read_access(self, token: str) -> AccessClaims:
        """Raises InvalidToken."""
        if len(token) > LONGEST:
            raise InvalidToken
        key = await self._keys.find(_key_id(token.partition(".")[0]))
        if key is None:
            raise InvalidToken
        claims, end = _verified(token, key)
        if end <= self._clock().timestamp():
            raise InvalidToken
        return claims

    def refresh(self, session_id: UUID, counter: int) -> str:
        return write_refresh_token(RefreshToken(session_id, counter), self._keyring.key(Purpose.REFRESH_TOKEN))

    def read_refresh(self, text: str) -> RefreshToken | None:
        return read_refresh_token(text, self._keyring.keys(Purpose.REFRESH_TOKEN))


# Whoever calls once mostly calls again, and verifying the same text under the same key again tells nothing new. What
# may change meanwhile, whether the key is accepted, the token's end and its session, is asked at every call. Failures
# are not kept: no stranger's text pushes a good token out.
@lru_cache(KEPT_TOKENS)
def _verified(token: str, key: bytes) -> tuple[AccessClaims, float]:
    """What the token says, and when it ends, in seconds since 1970. Raises InvalidToken."""
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": CLAIMS})
        return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"])), float(claims["exp"])
    except BROKEN as error:
        raise InvalidToken from error


@lru_cache(KEPT_HEADERS)
def _key_id(header: str) -> str:
    """Of an access token by the looks of its header; nothing is proved yet. Raises InvalidToken."""
    try:
        fields = json.loads(base64url_decode(header))
        if fields["typ"] != TYPE:
            raise InvalidToken
        return str(fields["kid"])
    except BROKEN as error:
        raise InvalidToken from error
