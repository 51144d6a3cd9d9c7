"""The page at which the sandbox verifies identities: of development and staging, and for nobody's real identity."""

from datetime import date
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from domain.errors import ApiError
from providers.kyc.sandbox import PAGE, SandboxCase, SandboxKyc
from providers.ports import ProviderUnavailable
from runtime.web.call import SCOPE_KEY
from runtime.web.pages import BUILDING_STYLE, CONTENT_POLICY, HEADERS
from runtime.web.validation import read_bounded

TEMPLATE = Template((Path(__file__).parent / "sandbox.html").read_text(encoding="utf-8"))
MOST_BYTES = 4096
MOST_FIELDS = 10
POLICY = CONTENT_POLICY.replace("form-action 'none'", "form-action 'self'")
OWN = HEADERS | {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
METHODS = {"GET", "POST"}
LOST = "<p>The notice was not taken by the webhook. The status is found within the hour all the same.</p>"


class SandboxPage:
    def __init__(self, sandbox: SandboxKyc) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method not in METHODS:
            scope[SCOPE_KEY].answer_headers.append((b"allow", b"GET, POST"))
            raise ApiError("route.method_not_allowed")
        ref = scope["path"].removeprefix(PAGE)
        case = await self._sandbox.case(ref)
        if case is None:
            raise ApiError("route.not_found")
        answer = await (self._show(case) if request.method == "GET" else self._press(request, ref, case))
        await answer(scope, receive, send)

    async def _show(self, case: SandboxCase, notice: str = "") -> Response:
        status = f"{case.status} for good" if case.final else case.status
        values = {
            "status": status,
            "action": escape(PAGE + case.ref),
            "document": escape(case.document or ""),
            "until": case.document_until.isoformat() if case.document_until else "",
        }
        return HTMLResponse(TEMPLATE.substitute(values, style=BUILDING_STYLE, notice=notice), headers=OWN)

    async def _press(self, request: Request, ref: str, case: SandboxCase) -> Response:
        """Raises ApiError request.too_large, or route.not_found for a button that there is not."""
        body = await read_bounded(request.scope[SCOPE_KEY].headers, request.receive, MOST_BYTES)
        try:
            form = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
        except ValueError:
            raise ApiError("route.not_found") from None
        verdict, document, until = (form.get(name, [""])[0] for name in ("verdict", "document", "until"))
        try:
            pressed = await self._sandbox.press(ref, verdict, document.replace("\0", ""), _day(until))
        except ProviderUnavailable:
            return await self._show(await self._sandbox.case(ref) or case, LOST)
        if not pressed:
            raise ApiError("route.not_found")
        return RedirectResponse(PAGE + ref, 303, OWN)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
