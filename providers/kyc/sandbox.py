"""A provider of our own, for development and staging: a page with buttons, whose notices take the way of all others.

It has a book of its own and tells of each change over HTTP, signed, as a vendor would.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

import httpx

from domain.clock import utc_now
from domain.config_keys import Config
from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.upload import API_URL
from domain.webhooks import WEBHOOKS, Notice, RawNotice
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.signed import require_signed, signed

HEADER = "Biore-Sandbox-Signature"
CHANGED = "verification.changed"
PAGE = "/sandbox/kyc/"
ANSWER_SECONDS = 10.0
LONGEST_DOCUMENT = 40


class SandboxCase(NamedTuple):
    """One verification in the sandbox's book."""

    ref: str
    status: str
    final: bool
    document: str | None
    document_until: date | None


class SandboxBook(Protocol):
    """Where the sandbox keeps what it knows; no table of ours refers to it."""

    async def open(self, ref: str) -> SandboxCase:
        """One that is new, or that was opened before."""

    async def find(self, ref: str) -> SandboxCase | None: ...

    async def judge(self, ref: str, case: SandboxCase) -> bool:
        """False where there is none."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """``secrets`` are what notices are signed with: the first, and known by any."""

    book: SandboxBook
    secrets: Callable[[], Sequence[str]] = field(repr=False)


# What a button of the page makes of a verification: its status, and whether that is for good.
BUTTONS = {
    "submit": ("PROCESSING", False),
    "approve": ("APPROVED", False),
    "reject": ("REJECTED", False),
    "reject_for_good": ("REJECTED", True),
    "resubmit": ("OPEN", False),
    "expire": ("EXPIRED", False),
}


class SandboxKyc:
    name = "sandbox"
    types = frozenset({CHANGED})

    def __init__(self, config: Config, http: httpx.AsyncClient, sandbox: Sandbox) -> None:
        self._config = config
        self._http = http
        self._book = sandbox.book
        self._secrets = sandbox.secrets

    @property
    def verifies(self) -> bool:
        return True

    async def start(self, subject: KycSubject) -> KycLink:
        case = await self._book.open(str(subject.id))
        return self._link(case.ref)

    async def resume(self, ref: str) -> KycLink | None:
        case = await self._book.find(ref)
        return self._link(ref) if case is not None and case.status == "OPEN" else None

    async def find(self, ref: str) -> KycVerdict:
        case = await self._book.find(ref)
        if case is None:
            raise ProviderRejected("the sandbox knows no such verification")
        reasons = ("sandbox",) if case.status == "REJECTED" else ()
        identity = f"sandbox:{case.document}" if case.document else None
        return KycVerdict(case.status, reasons, case.final, case.document_until, identity)

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        require_signed(notice, HEADER.lower(), self._secrets(), utc_now())
        try:
            told = json.loads(notice.body)
            occurred_at = datetime.fromtimestamp(told["created"], UTC)
            return [Notice(str(told["id"]), str(told["type"]), str(told["object"]), occurred_at)]
        except (ValueError, KeyError, TypeError, OverflowError, OSError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None

    async def case(self, ref: str) -> SandboxCase | None:
        """For the page."""
        return await self._book.find(ref) if _is_id(ref) else None

    async def press(self, ref: str, button: str, document: str, until: date | None) -> bool:
        """What a button of the page does; False for what there is not. Raises ProviderUnavailable when the notice of it
        was not taken, which a later look makes good."""
        if button not in BUTTONS or not _is_id(ref):
            return False
        status, final = BUTTONS[button]
        case = SandboxCase(ref, status, final, document[:LONGEST_DOCUMENT] or None, until)
        if not await self._book.judge(ref, case):
            return False
        await self._tell(ref)
        return True

    async def _tell(self, ref: str) -> None:
        now = utc_now()
        event = {"id": f"sbx_{uuid4().hex}", "type": CHANGED, "object": ref, "created": int(now.timestamp())}
        body = json.dumps(event).encode()
        url = f"{self._config[API_URL].rstrip('/')}{WEBHOOKS}kyc/{self.name}"
        headers = {"Content-Type": "application/json", HEADER: signed(self._secrets()[0], body, now)}
        try:
            answer = await self._http.post(url, content=body, headers=headers, timeout=ANSWER_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ProviderUnavailable(f"the notice was not taken ({type(fault).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise ProviderUnavailable(f"the notice was not taken ({answer.status_code})")

    async def probe(self) -> str:
        return "verifications are decided by whoever opens their page"

    def _link(self, ref: str) -> KycLink:
        return KycLink(ref, f"{self._config[API_URL].rstrip('/')}{PAGE}{ref}")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
