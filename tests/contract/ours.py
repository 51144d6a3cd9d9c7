"""BIO.RE's own stack with recorders in place of handlers."""

from datetime import UTC, datetime
from typing import Any

from connexion.apps.asynchronous import AsyncApi, AsyncASGIApp
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import ApiError
from runtime.app import Application
from runtime.call import SCOPE_KEY, Call, Principal
from runtime.errors import send_answer
from runtime.security import BearerSecurity
from runtime.tokens import InvalidToken
from tests.contract.verdicts import SEEN, Seen


class _RecordingApi(AsyncApi):
    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        operation_id = operation.operation_id

        async def record(scope: Scope, _receive: Receive, send: Send) -> None:
            call: Call = scope[SCOPE_KEY]
            scope[SEEN].append(Seen(operation_id, dict(call.arguments), call.body))
            await send_answer(send, 200, [], b"")

        return record


class _RecordingApp(AsyncASGIApp):
    api_cls = _RecordingApi


class _Remembering(BearerSecurity):
    """Asks of each token once, or most of the time would go into the same question to the database."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._known: dict[str, Principal | ApiError] = {}

    async def _principal(self, token: str) -> Principal:
        if token not in self._known:
            try:
                self._known[token] = await super()._principal(token)
            except ApiError as refusal:
                self._known[token] = refusal
        known = self._known[token]
        if isinstance(known, ApiError):
            raise ApiError(known.code)
        return known


class RecordingApplication(Application):
    """All of the server but the handlers."""

    innermost = _RecordingApp
    bearer = _Remembering

    async def knows(self, token: str) -> bool:
        """Whether the token is one of a live session."""
        try:
            claims = await self.tokens.read_access(token)
        except InvalidToken:
            return False
        async with self.parts.database.reading() as db:
            live, _user = await db.sessions.find_live(claims.session_id, claims.user_id, datetime.now(UTC))
        return bool(live)
