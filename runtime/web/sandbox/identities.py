"""The page at which the sandbox verifies identities: of development and staging, and for nobody's real identity."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

from domain.creators.sandbox import Document
from providers.kyc.sandbox import PAGE, SandboxCase
from runtime.web.sandbox.page import SandboxPage, Shown, given

if TYPE_CHECKING:
    from runtime.web.sandbox.page import Form
    from services.providers.buttons import VerificationButtons

WORDS = {
    "OPEN": "Nothing submitted yet", "PROCESSING": "Submitted; under review", "APPROVED": "Approved",
    "REJECTED": "Rejected", "EXPIRED": "Expired",
}  # fmt: skip


class IdentityPage(SandboxPage):
    path = PAGE

    def __init__(self, buttons: VerificationButtons) -> None:
        self.buttons = buttons

    async def show(self, row: SandboxCase) -> Shown:
        state = f"{WORDS[row.status]} for good" if row.final else WORDS[row.status]
        until = row.document_until.isoformat() if row.document_until else ""
        fields = (
            f'<p><label>Document number <input name="document" maxlength="40" value="{escape(row.document or "")}" '
            'autocomplete="off"></label></p>'
            f'<p><label>Valid until <input name="until" type="date" value="{until}"></label></p>'
        )
        return Shown("Identity verification", state, self.buttons.offered(row), fields=fields)

    def document(self, form: Form) -> Document:
        return Document(given(form, "document"), _day(given(form, "until")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
