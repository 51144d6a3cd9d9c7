"""Stripe Identity: https://docs.stripe.com/api/identity/verification_sessions"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from domain.clock import utc_now
from domain.config_keys import BoolKey, Config, SecretKey, UrlKey
from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.signed import require_signed
from providers.vendor import ANSWER_SECONDS, Vendor, below, day, text

BASE_URL = UrlKey("external.kyc.stripe_identity.base_url", "https://api.stripe.com", "base URL of the vendor")
API_KEY = SecretKey("external.kyc.stripe_identity.api_key", "", "secret or restricted key of the account")
WEBHOOK_SECRET = SecretKey("external.kyc.stripe_identity.webhook_secret", "", "signing secret of the webhook endpoint")
WEBHOOK_SECRET_PREVIOUS = SecretKey(
    "external.kyc.stripe_identity.webhook_secret_previous", "", "former signing secret, while a new one takes its place"
)
READS_DOCUMENTS = BoolKey(
    "external.kyc.stripe_identity.reads_documents",
    False,
    "whether the key may read document numbers and dates, by which two accounts with one document are found",
)

VERSION = "2026-06-24.dahlia"
SESSIONS = "/v1/identity/verification_sessions"
EVENT = "identity.verification_session."
LINK_LIFE = timedelta(hours=48)
STATUSES = {"requires_input": "OPEN", "processing": "PROCESSING", "verified": "APPROVED", "canceled": "EXPIRED"}
REPORT = "last_verification_report"
SENSITIVE = [f"{REPORT}.document.number", f"{REPORT}.document.expiration_date"]
CODE = re.compile(r"[a-z][a-z0-9_]{0,99}")


class StripeIdentity(Vendor):
    """``live``: verifications of the vendor's test mode are none, and otherwise those of real people."""

    name = "stripe_identity"
    base_url = BASE_URL
    types = frozenset(EVENT + kind for kind in ("processing", "verified", "requires_input", "canceled"))

    def __init__(
        self,
        config: Config,
        http: httpx.AsyncClient,
        *,
        live: bool,
        seconds: float = ANSWER_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(config, http, seconds=seconds)
        self._live = live
        self._clock = clock

    @property
    def verifies(self) -> bool:
        return bool(self._config[WEBHOOK_SECRET])

    async def start(self, subject: KycSubject) -> KycLink:
        """The vendor answers a repetition with the session that it made first, for a day at least."""
        form = {
            "type": "document",
            "client_reference_id": str(subject.id),
            "metadata[kyc]": str(subject.id),
            "return_url": subject.return_url,
            "options[document][require_matching_selfie]": "true",
        }
        headers = self._headers() | {"Idempotency-Key": f"kyc:{subject.id}"}
        session = self._session(await self._ask("POST", SESSIONS, headers, data=form))
        ref, url = text(session, "id"), below(session, "url")
        if ref is None or not isinstance(url, str) or not url.startswith("https://"):
            raise ProviderUnavailable("the vendor gave no session")
        return KycLink(ref, url, self._clock() + LINK_LIFE)

    async def resume(self, ref: str) -> KycLink | None:
        session = await self._found(ref, [])
        url = below(session, "url")
        waits = below(session, "status") == "requires_input" and below(session, "last_error") is None
        return KycLink(ref, url, self._clock() + LINK_LIFE) if waits and isinstance(url, str) else None

    async def find(self, ref: str) -> KycVerdict:
        session = await self._found(ref, SENSITIVE if self._config[READS_DOCUMENTS] else [])
        status = STATUSES.get(str(below(session, "status")))
        if status is None:
            raise ProviderUnavailable("the vendor told no status that is known")
        error = below(session, "last_error")
        if status == "OPEN" and error is not None:
            code = text(error, "code") or ""
            return KycVerdict("REJECTED", (code,) if CODE.fullmatch(code) else ())
        document = below(session, REPORT, "document") if status == "APPROVED" else None
        return KycVerdict(status, document_until=day(below(document, "expiration_date")), identity=_identity(document))

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        secrets = (self._config[WEBHOOK_SECRET], self._config[WEBHOOK_SECRET_PREVIOUS])
        require_signed(notice, "stripe-signature", secrets, self._clock())
        try:
            event = json.loads(notice.body)
        except (ValueError, RecursionError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None
        event_id, kind, ref = text(event, "id"), text(event, "type"), text(event, "data", "object", "id")
        if event_id is None or kind is None or (ref is None and kind in self.types):
            raise NoticeUnreadable("an event without id, type or object")
        return [Notice(event_id, kind, ref, _moment(below(event, "created")))]

    async def probe(self) -> str:
        """What the key may list; nothing is begun."""
        answer = await self._ask("GET", SESSIONS, self._headers(), params={"limit": "1"})
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        if not self.verifies:
            raise ProviderUnavailable(f"{WEBHOOK_SECRET.name} is empty")
        return "the key may read verifications; none was begun"

    async def _found(self, ref: str, expanded: Sequence[str]) -> dict[str, Any]:
        params = {"expand[]": list(expanded)} if expanded else None
        path = f"{SESSIONS}/{quote(ref, safe='')}"
        return self._session(await self._ask("GET", path, self._headers(), params=params))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {required(self._config, API_KEY)}", "Stripe-Version": VERSION}

    def _session(self, answer: Answer) -> dict[str, Any]:
        """Raises ProviderRejected for a session that is not there, or is of the other mode."""
        if answer.status == httpx.codes.NOT_FOUND:
            raise ProviderRejected("the vendor knows no such session")
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        if below(answer.body, "livemode") is not self._live:
            raise ProviderRejected("the session is of the vendor's other mode")
        return answer.body


def _identity(document: Any) -> str | None:
    number = text(document, "number")
    country, kind = text(document, "issuing_country") or "", text(document, "type") or ""
    return f"{country}:{kind}:{number}".upper() if number is not None else None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if type(value) is int else None
    except (OverflowError, OSError, ValueError):
        return None
