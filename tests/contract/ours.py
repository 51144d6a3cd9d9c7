"""BIO.RE's own stack with recorders in place of handlers."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from connexion.apps.asynchronous import AsyncApi, AsyncASGIApp
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.clock import utc_now
from persistence.auth.sessions import Found, LiveSessions
from persistence.engine.pool import Fetch
from runtime.web.app import Application
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.errors import send_answer
from services.tokens import InvalidToken
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


class _Remembering(LiveSessions):
    """Asks of each session once, or most of the time would go into the same question to the database."""

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime]) -> None:
        super().__init__(fetch, clock)
        self._known: dict[UUID, Found] = {}

    async def find(self, session_id: UUID, user_id: UUID) -> Found:
        if session_id not in self._known:
            self._known[session_id] = await super().find(session_id, user_id)
        return self._known[session_id]


class RecordingApplication(Application):
    """All of the server but the handlers."""

    innermost = _RecordingApp
    sessions = _Remembering

    async def knows(self, token: str) -> bool:
        """Whether the token is one of a live session."""
        try:
            claims = await self.tokens.read_access(token)
        except InvalidToken:
            return False
        sessions = LiveSessions(self.parts.database.sessions.fetch, utc_now)
        return (await sessions.find(claims.session_id, claims.user_id)).live
