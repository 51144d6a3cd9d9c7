"""What providers of our own share, for development and staging: their notices take the way of all others.

They are signed with a key that is made from the deployment's secret, so nobody has to set anything up.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import uuid4

import httpx

from domain.clock import utc_now
from domain.config_keys import Config
from domain.upload import API_URL
from domain.webhooks import WEBHOOKS, Notice, RawNotice
from providers.ports import NoticeUnreadable, ProviderUnavailable
from providers.signed import require_signed, signed

HEADER = "Biore-Sandbox-Signature"
ANSWER_SECONDS = 10.0

Book_co = TypeVar("Book_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Sandbox(Generic[Book_co]):
    """``book`` is where it keeps what it knows. ``secrets`` sign its notices: the first does, and any is known."""

    book: Book_co
    secrets: Callable[[], Sequence[str]] = field(repr=False)


class SandboxProvider(Generic[Book_co]):
    """``page`` is the path below which its pages are, each by the id of what it is about."""

    name = "sandbox"
    family: str
    page: str

    def __init__(self, config: Config, http: httpx.AsyncClient, sandbox: Sandbox[Book_co]) -> None:
        self._config = config
        self._http = http
        self._book = sandbox.book
        self._secrets = sandbox.secrets

    @property
    def verifies(self) -> bool:
        return True

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        require_signed(notice, HEADER.lower(), self._secrets(), utc_now())
        try:
            told = json.loads(notice.body)
            moment = datetime.fromtimestamp(told["created"], UTC)
            return [Notice(str(told["id"]), str(told["type"]), str(told["object"]), moment)]
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None

    def told(self, ref: str, event: str) -> tuple[bytes, dict[str, str]]:
        """A notice as it is sent: its bytes, and the header that signs them."""
        now = utc_now()
        said = {"id": f"evt_{uuid4()}", "type": event, "object": ref, "created": int(now.timestamp())}
        body = json.dumps(said).encode()
        return body, {HEADER: signed(self._secrets()[0], body, now), "Content-Type": "application/json"}

    async def tell(self, ref: str, event: str) -> None:
        """Send a notice to our intake. Raises ProviderUnavailable when it is not taken; a later look finds out."""
        await self.post(*self.told(ref, event))

    async def post(self, body: bytes, headers: dict[str, str]) -> None:
        """Send what was told. Raises ProviderUnavailable as ``tell`` does."""
        url = self._url(f"{WEBHOOKS}{self.family}/{self.name}")
        try:
            answer = await self._http.post(url, content=body, headers=headers, timeout=ANSWER_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ProviderUnavailable(f"the notice was not taken ({type(fault).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise ProviderUnavailable(f"the notice was not taken ({answer.status_code})")

    def _page_of(self, ref: str) -> str:
        return self._url(f"{self.page}{ref}")

    def _url(self, path: str) -> str:
        return f"{self._config[API_URL].rstrip('/')}{path}"
