"""Who calls: the access token is read, and its session looked up, at every call."""

import re
from collections.abc import Callable
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.middleware.security import SecurityAPI, SecurityMiddleware, SecurityOperation
from connexion.operations import AbstractOperation
from connexion.security import NO_VALUE
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.policy import BEARER_ASKED, BEARER_OFFERED
from domain.errors import ApiError
from domain.users import Principal
from persistence.auth.sessions import LiveSessions
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.linking import ByOperation
from services.tokens import InvalidToken, Tokens

# RFC 6750, 2.1
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<token>[A-Za-z0-9._~+/-]+=*)")


class Bearer:
    """Answers for every operation whose security names ``bearerAuth``."""

    def __init__(self, tokens: Tokens, sessions: LiveSessions) -> None:
        self._tokens = tokens
        self._sessions = sessions

    async def principal(self, call: Call) -> Principal:
        """Who shows the token. Raises ApiError auth.unauthenticated without a good one."""
        match = BEARER.fullmatch(call.headers.only("authorization") or "")
        if match is None:
            raise ApiError("auth.unauthenticated")
        try:
            claims = await self._tokens.read_access(match["token"])
        except InvalidToken:
            raise ApiError("auth.unauthenticated") from None
        found = await self._sessions.find(claims.session_id, claims.user_id)
        if not found.live or (found.user is not None and found.user.status == "DELETED"):
            raise ApiError("auth.unauthenticated")
        return Principal(claims.user_id, claims.session_id, found.user, found.confirmed_at, found.creator_id)


class DevTokenSecurity:
    """For Connexion's ``security_map``.

    ``devToken`` is optional in the contract; whether the environment asks for it is the scope guard's to say.
    """

    def get_fn(self, _scheme: dict[str, Any], _scopes: list[str]) -> Callable[[ConnexionRequest], Any]:
        return lambda _request: NO_VALUE


class BearerOperation:
    """Replaces ``connexion.middleware.security.SecurityOperation`` where the bearer token is all that is asked for.

    Connexion's own builds a request object, and looks at the signature of the function that it calls, at every call.
    """

    def __init__(self, next_app: ASGIApp, bearer: Bearer, *, optional: bool) -> None:
        self._next = next_app
        self._bearer = bearer
        self._optional = optional

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope[SCOPE_KEY]
        try:
            call.principal = await self._bearer.principal(call)
        except ApiError:
            if not self._optional:
                raise
        await self._next(scope, receive, send)


class CompiledSecurityAPI(SecurityAPI):
    def __init__(self, *arguments: Any, bearer: Bearer, **options: Any) -> None:
        self._bearer = bearer
        super().__init__(*arguments, **options)

    def make_operation(self, operation: AbstractOperation) -> ASGIApp | SecurityOperation:
        """Whatever asks for something else than our bearer token is Connexion's own to answer."""
        if not operation.security:
            return self.next_app
        if operation.security in (BEARER_ASKED, BEARER_OFFERED):
            return BearerOperation(self.next_app, self._bearer, optional=operation.security == BEARER_OFFERED)
        return super().make_operation(operation)


class CompiledSecurity(ByOperation, SecurityMiddleware):
    api_cls = CompiledSecurityAPI
