"""The page at which the sandbox verifies identities: of development and staging, and for nobody's real identity."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

from providers.kyc.sandbox import PAGE, SandboxCase, SandboxKyc
from runtime.web.sandbox.page import SandboxPage, Shown, given

if TYPE_CHECKING:
    from uuid import UUID

    from runtime.web.sandbox.page import Form

WORDS = {
    "OPEN": "Nothing submitted yet", "PROCESSING": "Submitted; under review", "APPROVED": "Approved",
    "REJECTED": "Rejected", "EXPIRED": "Expired",
}  # fmt: skip
LABELS = {
    "submit": "Submit", "approve": "Approve", "reject": "Reject", "reject_for_good": "Reject for good",
    "resubmit": "Request resubmission", "expire": "Expire",
}  # fmt: skip


class IdentityPage(SandboxPage):
    path = PAGE

    def __init__(self, sandbox: SandboxKyc) -> None:
        self._sandbox = sandbox

    async def find(self, ref: UUID) -> SandboxCase | None:
        return await self._sandbox.case(str(ref))

    async def show(self, row: SandboxCase) -> Shown:
        state = f"{WORDS[row.status]} for good" if row.final else WORDS[row.status]
        until = row.document_until.isoformat() if row.document_until else ""
        fields = (
            f'<p><label>Document number <input name="document" maxlength="40" value="{escape(row.document or "")}" '
            'autocomplete="off"></label></p>'
            f'<p><label>Valid until <input name="until" type="date" value="{until}"></label></p>'
        )
        return Shown("Identity verification", state, LABELS, fields=fields)

    async def press(self, ref: UUID, action: str, form: Form) -> bool:
        return await self._sandbox.press(str(ref), action, given(form, "document"), _day(given(form, "until")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
