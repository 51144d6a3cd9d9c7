"""Notices of providers, outside the contract's JSON: their bytes are signed, and their form is the providers'.

``x-biore-webhooks`` in the contract tells of it. What came is stored together with the job that looks at it, and not
before that is anybody told that it was taken.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.errors import ApiError
from domain.topics import ApplyEvent
from domain.webhooks import Notice, RawNotice
from persistence.engine.database import Database
from persistence.repositories import Repositories
from providers.ports import NoticeSource, NoticeUnreadable, ProviderRejected
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.validation import read_bounded
from services.config.live import LiveConfig
from services.webhooks import Webhooks

TAKEN = orjson.dumps({"success": True, "data": None})

Limit = Callable[[Call], Awaitable[None]]
Observe = Callable[[str, str, str, float], None]
"""Family, provider, outcome, seconds. Names of ours only: what nobody knows is not counted by its name."""

log = structlog.get_logger(__name__)


class Intake:
    """``below`` is the path before the family's name, ``most_bytes`` what a body may have."""

    def __init__(
        self,
        below: str,
        most_bytes: int,
        webhooks: Webhooks,
        database: Database,
        config: LiveConfig,
        clock: Callable[[], datetime],
        limit: Limit,
        observe: Observe,
    ) -> None:
        self._below = below
        self._most_bytes = most_bytes
        self._webhooks = webhooks
        self._database = database
        self._config = config
        self._clock = clock
        self._limit = limit
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, call = Request(scope, receive), scope[SCOPE_KEY]
        if request.method != "POST":
            call.answer_headers.append((b"allow", b"POST"))
            raise ApiError("route.method_not_allowed")
        await self._limit(call)
        began = time.perf_counter()
        family, provider, source = self._source(scope["path"])
        notice = await self._notice(request, call)
        outcome = "failed"
        try:
            outcome = await self._taken(family, source, notice, call)
        except ProviderRejected as refusal:
            outcome = "refused"
            log.info("webhook.refused", family=family, provider=provider, reason=str(refusal))
            raise ApiError("webhook.signature_invalid") from None
        finally:
            self._observe(family, provider, outcome, time.perf_counter() - began)
        headers = {"Cache-Control": "no-store"}
        await Response(TAKEN, media_type="application/json", headers=headers)(scope, receive, send)

    def _source(self, path: str) -> tuple[str, str, NoticeSource]:
        """Raises ApiError route.not_found, also for one whose notices nobody could tell from anybody's."""
        if not self._config.known:  # the secrets are not read yet
            raise ApiError("service.unavailable", retry_after=1)
        family, _, provider = path.removeprefix(self._below).partition("/")
        source = self._webhooks.source(family, provider)
        if source is None:
            raise ApiError("route.not_found")
        return family, provider, source

    async def _notice(self, request: Request, call: Call) -> RawNotice:
        """Raises ApiError request.too_large, before more is read than may come."""
        body = await read_bounded(call.headers, request.receive, self._most_bytes)
        headers = {name: tuple(request.headers.getlist(name)) for name in request.headers}
        return RawNotice(headers, body, request.scope["query_string"].decode("latin-1"))

    async def _taken(self, family: str, source: NoticeSource, notice: RawNotice, call: Call) -> str:
        """What was stored of it: ``taken``, ``repeated`` for nothing new, ``unreadable`` to be looked at by people.

        Raises ProviderRejected for what the provider did not sign.
        """
        try:
            told = source.read(notice)
        except NoticeUnreadable as fault:
            log.warning("webhook.unreadable", family=family, provider=source.name, reason=str(fault))
            await self._park(family, source.name, notice, call)
            return "unreadable"
        if not told:
            return "repeated"
        payload, new = self._webhooks.sealed(notice.body), False
        async with self._database.unit(call.trace) as db:
            for one in told:
                new = await self._store(db, family, source.name, one, payload) or new
        return "taken" if new else "repeated"

    async def _store(self, db: Repositories, family: str, provider: str, notice: Notice, payload: bytes) -> bool:
        if notice.external_id is None and not await self._is_ours(db, family, provider, notice):
            return False
        event_id = await db.provider_events.take(family, provider, notice, payload, self._clock())
        if event_id is None:
            return False
        await db.outbox.add(ApplyEvent(event_id))
        return True

    async def _is_ours(self, db: Repositories, family: str, provider: str, ping: Notice) -> bool:
        """A bare ping may be anybody's. About what we never asked for it leaves nothing behind."""
        found = self._webhooks.family(family)
        return found is not None and ping.object_ref is not None and await found.knows(db, provider, ping.object_ref)

    async def _park(self, family: str, provider: str, notice: RawNotice, call: Call) -> None:
        known_by = f"unreadable:{hashlib.sha256(notice.body).hexdigest()}"
        payload = self._webhooks.sealed(notice.body)
        async with self._database.unit(call.trace) as db:
            await db.provider_events.park(family, provider, known_by, payload, self._clock())
