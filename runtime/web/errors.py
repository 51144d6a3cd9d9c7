"""The one renderer of refusals: whatever is raised below becomes a code of the catalogue, in the caller's language."""

from asyncio import CancelledError
from collections.abc import Mapping
from errno import EMFILE, ENFILE
from math import ceil
from typing import Any

import orjson
import structlog
from connexion.exceptions import ProblemException
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.loader import MOST_VIOLATIONS
from contract.policy import MOVED_ON, Policy
from contract.texts import Texts
from domain.errors import ApiError
from persistence.engine.database import is_deadlock, is_outage
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.extensions.versions import tag
from services.turns import CallerLeft

CODE_OF_STATUS = {401: "auth.unauthenticated", 404: "route.not_found", 405: "route.method_not_allowed"}
NEEDS_RETRY_AFTER = {429, 503}
NOT_MODIFIED = 304
RETRY_SECONDS = 1
AND_MORE = {"field": "", "rule": "more"}
COOKIE = b"set-cookie"

log = structlog.get_logger(__name__)


class Refusals:
    """``strict``: a code that the operation does not document becomes internal.error, for tests and staging to see."""

    def __init__(
        self, catalogue: Mapping[str, Mapping[str, Any]], policies: Mapping[str, Policy], texts: Texts, strict: bool
    ) -> None:
        self._catalogue = catalogue
        self._policies = policies
        self._texts = texts
        self._strict = strict

    def render(self, error: BaseException, call: Call) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body of the answer."""
        call.fault = type(error).__qualname__
        refusal = self._documented(as_api_error(error), call)
        call.code = refusal.code
        status = self._status(refusal.code, call)
        return status, self._headers(status, refusal), orjson.dumps(self._envelope(refusal, call))

    def _status(self, code: str, call: Call) -> int:
        """The operation's own status for the code, else the catalogue's."""
        policy = self._policies.get(call.operation_id or "")
        own = policy.statuses if policy else {}
        return int(own.get(code) or self._catalogue[code]["status"])

    def _documented(self, refusal: ApiError, call: Call) -> ApiError:
        policy = self._policies.get(call.operation_id or "")
        if policy is None:
            return refusal
        declared = refusal.code in policy.statuses
        if declared and (refusal.retry_after is None or refusal.code in policy.passing):
            return refusal
        log.error("contract.undeclared_error", operation=policy.operation_id, code=refusal.code)
        return ApiError("internal.error") if self._strict else refusal

    def _headers(self, status: int, refusal: ApiError) -> list[tuple[bytes, bytes]]:
        headers = [(b"content-type", b"application/json")]
        if status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="BIO.RE"'))
        if refusal.retry_after is not None or status in NEEDS_RETRY_AFTER:
            headers.append((b"retry-after", str(max(1, ceil(refusal.retry_after or RETRY_SECONDS))).encode()))
        if refusal.code == MOVED_ON:
            headers += tag(int(refusal.variables["version"]))
        if status == 413:
            headers.append((b"connection", b"close"))  # or the rest would have to be read
        return headers

    def _envelope(self, refusal: ApiError, call: Call) -> dict[str, Any]:
        locale = call.client.locale
        error: dict[str, Any] = {
            "code": refusal.code,
            "message": self._texts.say(locale, "errors", refusal.code, **refusal.variables),
            "i18nKey": refusal.code,
        }
        if refusal.variables:
            error["i18nVars"] = refusal.variables
        if refusal.details is not None:
            told = refusal.details[:MOST_VIOLATIONS]
            told += [AND_MORE] if len(refusal.details) > MOST_VIOLATIONS else []
            error["details"] = [self._violation(locale, **detail) for detail in told]
        return {"success": False, "error": error | {"correlationId": call.correlation_id}}

    def _violation(self, locale: str, field: str, rule: str, limit: Any = None) -> dict[str, str]:
        return {"field": field, "rule": rule, "message": self._texts.say(locale, "validation", rule, limit=limit)}


def as_api_error(error: BaseException) -> ApiError:
    """The documented refusal that an exception of any layer amounts to. A fault of ours is logged with its trace."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, CancelledError):  # the process ends and cannot wait any longer
        return ApiError("service.unavailable")
    status = getattr(error, "status_code", None) or getattr(error, "status", None)
    if isinstance(error, (HTTPException, ProblemException)) and status in CODE_OF_STATUS:
        return ApiError(CODE_OF_STATUS[status])
    if isinstance(error, OSError) and error.errno in (EMFILE, ENFILE):
        log.warning("files.exhausted", reason=str(error))
        return ApiError("service.unavailable")
    if is_deadlock(error):
        log.error("database.deadlock", exc_info=error)
        return ApiError("service.unavailable")
    if is_outage(error):
        log.warning("database.unavailable", reason=type(error).__name__)
        return ApiError("service.unavailable")
    log.error("internal.error", exc_info=error)
    return ApiError("internal.error")


class ErrorLayer:
    """Pure ASGI: costs nothing until something raises."""

    def __init__(self, app: ASGIApp, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (ClientDisconnect, CallerLeft):  # nobody is left to be answered
            return
        except (Exception, CancelledError) as error:
            if scope["type"] != "http" or scope[SCOPE_KEY].status:  # an answer that began cannot be taken back
                raise
            call: Call = scope[SCOPE_KEY]
            call.answer_headers[:] = [
                header for header in call.answer_headers if header[0] != COOKIE
            ]  # nothing came of it
            status, headers, body = self._refusals.render(error, call)
            await send_answer(send, status, headers, body)


async def send_answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    if status != NOT_MODIFIED:  # whose length would be that of the body which is not sent (RFC 9110, 8.6)
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
