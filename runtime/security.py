"""Who calls: the access token is read, and its session looked up, at every call."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.security import NO_VALUE

from domain.errors import ApiError
from persistence.database import Database
from runtime.call import SCOPE_KEY, Principal
from runtime.door import Headers
from runtime.tokens import InvalidToken, Tokens

# RFC 6750, 2.1
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<token>[A-Za-z0-9._~+/-]+=*)")


class BearerSecurity:
    """For Connexion's ``security_map``: answers for every operation whose security names ``bearerAuth``."""

    def __init__(self, tokens: Tokens, database: Database, clock: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._database = database
        self._clock = clock

    def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[ConnexionRequest], Any]:
        return self._verify

    async def _verify(self, request: ConnexionRequest) -> dict[str, Any]:
        call = request.scope[SCOPE_KEY]
        call.operation_id = request.scope["extensions"][ROUTING_CONTEXT]["operation_id"]  # refusals are logged under it
        authorization = Headers(request.scope["headers"]).only("authorization")
        match = BEARER.fullmatch(authorization or "")
        if match is None:
            raise ApiError("auth.unauthenticated")
        call.principal = principal = await self._principal(match["token"])
        return {"sub": str(principal.user_id)}

    async def _principal(self, token: str) -> Principal:
        try:
            claims = await self._tokens.read_access(token)
        except InvalidToken:
            raise ApiError("auth.unauthenticated") from None
        async with self._database.reading() as db:
            live, user = await db.sessions.find_live(claims.session_id, claims.user_id, self._clock())
        if not live or (user is not None and user.status == "DELETED"):
            raise ApiError("auth.unauthenticated")
        return Principal(claims.user_id, claims.session_id, user)


class DevTokenSecurity:
    """``devToken`` is optional in the contract; whether the environment asks for it is the scope guard's to say."""

    def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[ConnexionRequest], Any]:
        return lambda _request: NO_VALUE
