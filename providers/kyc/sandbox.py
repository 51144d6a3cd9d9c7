"""A provider of our own, for development and staging: a page with buttons, and a book of what they decided."""

from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.creators.sandbox import CHANGED, made_by
from providers.ports import ProviderRejected
from providers.sandbox import SandboxProvider

PAGE = "/sandbox/kyc/"
LONGEST_DOCUMENT = 40


class SandboxCase(NamedTuple):
    """One verification in the sandbox's book."""

    ref: str
    status: str
    final: bool
    document: str | None
    document_until: date | None


class KycBook(Protocol):
    """Where the sandbox keeps what it knows; no table of ours refers to it."""

    async def open(self, ref: str) -> SandboxCase:
        """One that is new, or that was opened before."""

    async def find(self, ref: str) -> SandboxCase | None: ...

    async def judge(self, ref: str, case: SandboxCase) -> bool:
        """False where there is none."""


class SandboxKyc(SandboxProvider[KycBook]):
    family = "kyc"
    page = PAGE
    types = frozenset({CHANGED})

    async def start(self, subject: KycSubject) -> KycLink:
        case = await self._book.open(str(subject.id))
        return KycLink(case.ref, self._page_of(case.ref))

    async def resume(self, ref: str) -> KycLink | None:
        case = await self._book.find(ref)
        return KycLink(ref, self._page_of(ref)) if case is not None and case.status == "OPEN" else None

    async def find(self, ref: str) -> KycVerdict:
        case = await self._book.find(ref)
        if case is None:
            raise ProviderRejected("the sandbox knows no such verification")
        reasons = ("sandbox",) if case.status == "REJECTED" else ()
        identity = f"sandbox:{case.document}" if case.document else None
        return KycVerdict(case.status, reasons, case.final, case.document_until, identity)

    async def case(self, ref: str) -> SandboxCase | None:
        """For the page."""
        return await self._book.find(ref) if _is_id(ref) else None

    async def press(self, ref: str, button: str, document: str, until: date | None) -> bool:
        """What a button of the page does; False for what there is not. Raises ProviderUnavailable when the notice of it
        was not taken, which a later look makes good."""
        made = made_by(button)
        if made is None or not _is_id(ref):
            return False
        status, final = made
        case = SandboxCase(ref, status, final, document[:LONGEST_DOCUMENT] or None, until)
        if not await self._book.judge(ref, case):
            return False
        await self.tell(ref, CHANGED)
        return True

    async def probe(self) -> str:
        return "verifications are decided by whoever opens their page"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
