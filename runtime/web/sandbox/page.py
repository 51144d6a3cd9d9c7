"""What pages of the sandbox share: one layout, and one way of buttons."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from urllib.parse import parse_qs
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.creators.sandbox import NONE, Document
from domain.errors import ApiError
from providers.ports import ProviderUnavailable
from runtime.web.call import SCOPE_KEY
from runtime.web.pages import BUILDING_STYLE, HEADERS
from runtime.web.validation import read_bounded
from services.providers.buttons import Buttons

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

TEMPLATE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
MOST_BYTES = 4096
MOST_FIELDS = 10
# One style sheet of ours, and buttons that lead here.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
OWN = HEADERS | {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
METHODS = {"GET", "HEAD", "POST"}
LOST = "<p>The notice was not taken by the webhook. A later look finds out all the same.</p>"

Form: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """``buttons`` are labels by what they do, ``links`` addresses by their texts. ``fields`` is HTML."""

    title: str
    state: str
    buttons: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    fields: str = ""


class SandboxPage(ABC):
    """``path`` is what its addresses begin with; the id of what the page is about follows."""

    path: ClassVar[str]
    buttons: Buttons[Any]

    @abstractmethod
    async def show(self, row: Any) -> Shown: ...

    def document(self, form: Form) -> Document:
        """What stands in the fields of the page, where it has any."""
        return NONE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method not in METHODS:
            scope[SCOPE_KEY].answer_headers.append((b"allow", b"GET, HEAD, POST"))
            raise ApiError("route.method_not_allowed")
        ref = _id(scope["path"].removeprefix(self.path))
        answer = await (self._pressed(request, ref) if request.method == "POST" else self._page(ref))
        await answer(scope, receive, send)

    async def _page(self, ref: UUID, notice: str = "") -> Response:
        row = await self.buttons.find(ref)
        if row is None:
            raise ApiError("route.not_found")
        shown, address = await self.show(row), self.path + str(ref)
        return HTMLResponse(_html(shown, address, notice), headers=OWN)

    async def _pressed(self, request: Request, ref: UUID) -> Response:
        """Raises ApiError request.too_large, or route.not_found for a button that there is not."""
        form = _form(await read_bounded(request.scope[SCOPE_KEY].headers, request.receive, MOST_BYTES))
        try:
            pressed = await self.buttons.press(ref, given(form, "action"), self.document(form))
        except ProviderUnavailable:
            return await self._page(ref, LOST)
        if not pressed:
            raise ApiError("route.not_found")
        return RedirectResponse(self.path + str(ref), 303, OWN)


def given(form: Form, name: str) -> str:
    return form.get(name, [""])[0].replace("\0", "")


def _id(text: str) -> UUID:
    """Raises ApiError route.not_found for what is no id as we write them."""
    try:
        found = UUID(text)
    except ValueError:
        raise ApiError("route.not_found") from None
    if str(found) != text:
        raise ApiError("route.not_found")
    return found


def _form(body: bytes) -> Form:
    try:
        return parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ApiError("route.not_found") from None


def _html(shown: Shown, address: str, notice: str) -> str:
    facts = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in shown.facts.items())
    buttons = (
        f'<button name="action" value="{escape(action)}">{escape(label)}</button>'
        for action, label in shown.buttons.items()
    )
    links = (f'<p><a href="{escape(url)}">{escape(text)}</a></p>' for text, url in shown.links.items())
    return TEMPLATE.substitute(
        title=escape(shown.title),
        state=escape(shown.state),
        facts="\n".join(facts),
        notice=notice,
        action=escape(address),
        fields=shown.fields,
        buttons="\n".join(buttons) or "Nothing more can be done.",
        links="\n".join(links),
        style=BUILDING_STYLE,
    )
