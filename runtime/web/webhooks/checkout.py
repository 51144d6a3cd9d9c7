"""The sandbox's page of a payment. A button changes the sandbox's book and sends us signed notices, as vendors do."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING, get_args
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.errors import ApiError
from domain.money.amounts import Money
from domain.money.sandbox import EVENTS, LABELS, Action, Session, actions, state_of
from providers.payment.sandbox import PAGE
from providers.ports import ProviderUnavailable
from runtime.web.call import SCOPE_KEY
from runtime.web.validation import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from providers.payment.sandbox import SandboxPayments
    from services.providers.sandbox import PaymentSandboxStorage

MOST_BYTES = 200
STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}button{font:inherit;padding:.6rem 1.2rem;margin:.3rem .3rem 0 0;border:1px solid #1b1b1f;"
    "border-radius:.4rem;background:#fff;color:inherit;cursor:pointer}button:focus-visible{outline:3px solid #0b57d0}"
    "dt{font-weight:600}a{color:#0b57d0}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
}
WORDS = {
    "OPEN": "Not paid yet", "PROCESSING": "Paid by a slow method; the money is on its way", "PAID": "Paid",
    "EXPIRED": "Expired", "FAILED": "Declined",
}  # fmt: skip
DISPUTES = {"OPEN": "disputed", "WON": "dispute won", "LOST": "dispute lost"}
REFUNDS = {"OPEN": "asked for", "DONE": "made", "FAILED": "failed"}

log = structlog.get_logger(__name__)


class CheckoutPage:
    def __init__(
        self,
        sandbox: SandboxPayments,
        storage: PaymentSandboxStorage,
        clock: Callable[[], datetime],
    ) -> None:
        self._sandbox = sandbox
        self._storage = storage
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        session = _session(scope["path"].removeprefix(PAGE))
        if request.method == "POST":
            answer = await self._pressed(request, session)
        elif request.method in {"GET", "HEAD"}:
            answer = await self._page(session)
        else:
            scope[SCOPE_KEY].answer_headers.append((b"allow", b"GET, HEAD, POST"))
            raise ApiError("route.method_not_allowed")
        await answer(scope, receive, send)

    async def _page(self, session: UUID) -> Response:
        found = await self._storage.find(session)
        if found is None:
            raise ApiError("route.not_found")
        return Response(_html(found, self._clock()), media_type="text/html", headers=HEADERS)

    async def _pressed(self, request: Request, session: UUID) -> Response:
        action = _action(await read_bounded(request.scope[SCOPE_KEY].headers, request.receive, MOST_BYTES))
        if action is None or not await self._storage.act(session, action, self._clock()):
            raise ApiError("route.not_found")
        for event in EVENTS[action]:
            await self._tell(session, event)
        return RedirectResponse(PAGE + str(session), status_code=303, headers=HEADERS)

    async def _tell(self, session: UUID, event: str) -> None:
        """One that is lost is no harm: whoever began the payment asks."""
        try:
            await self._sandbox.tell(str(session), event)
        except ProviderUnavailable as fault:
            log.warning("sandbox.not_told", notice=event, fault=str(fault))


def _session(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ApiError("route.not_found") from None


def _action(body: bytes) -> Action | None:
    given = parse_qs(body.decode("latin-1")).get("action", [""])[0]
    return next((action for action in get_args(Action) if action == given), None)


def _html(session: Session, now: datetime) -> str:
    row = session.row
    told = WORDS[state_of(row, now)]
    more = [DISPUTES[row.dispute]] if row.dispute else []
    more += [f"refund of {Money(each.amount)} {REFUNDS[each.status]}" for each in session.refunds]
    can = actions(session, now)
    buttons = "".join(f'<button name="action" value="{each}">{LABELS[each]}</button>' for each in can)
    amount, state = f"{Money(row.amount)} {row.currency}", ", ".join((told, *more))
    form = f'<form method="post">{buttons}</form>' if buttons else "<p>Nothing more can be done.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox payment</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body><main>'
        "<h1>Sandbox payment</h1><p>No money moves: this page plays a payment provider for tests.</p>"
        f'<dl><dt>Amount</dt><dd>{escape(amount)}</dd><dt>State</dt><dd role="status">{escape(state)}</dd></dl>'
        f'{form}<p><a href="{escape(row.return_url)}">Back to the site</a></p></main></body></html>'
    )
