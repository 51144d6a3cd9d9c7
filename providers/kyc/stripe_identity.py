"""Stripe Identity: https://docs.stripe.com/api/identity/verification_sessions"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx

from domain.config_keys import BoolKey, SecretKey, UrlKey
from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.stripe import StripeVendor, code
from providers.vendor import below, day, name_of, page, text

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

SESSIONS = "/v1/identity/verification_sessions"
EVENT = "identity.verification_session."
LINK_LIFE = timedelta(hours=48)
STATUSES = {"requires_input": "OPEN", "processing": "PROCESSING", "verified": "APPROVED", "canceled": "EXPIRED"}
REPORT = "last_verification_report"
SENSITIVE = [f"{REPORT}.document.number", f"{REPORT}.document.expiration_date"]


class StripeIdentity(StripeVendor):
    name = "stripe_identity"
    base_url = BASE_URL
    api_key = API_KEY
    webhook_secrets = (WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS)
    types = frozenset(EVENT + kind for kind in ("processing", "verified", "requires_input", "canceled"))

    async def start(self, subject: KycSubject) -> KycLink:
        """The vendor answers a repetition with the session that it made first, for a day at least."""
        form = {
            "type": "document",
            "client_reference_id": str(subject.id),
            "metadata[kyc]": str(subject.id),
            "return_url": subject.return_url,
            "options[document][require_matching_selfie]": "true",
        }
        headers = self._headers(f"kyc:{subject.id}")
        session = self._session(await self._ask("POST", SESSIONS, headers, data=form))
        ref, url = text(session, "id"), page(session, "url")
        if ref is None or url is None:
            raise ProviderUnavailable("the vendor gave no session")
        return KycLink(ref, url, self._clock() + LINK_LIFE)

    async def resume(self, ref: str) -> KycLink | None:
        session = await self._found(ref, [])
        url = page(session, "url")
        waits = below(session, "status") == "requires_input" and below(session, "last_error") is None
        if waits and url is None:
            raise ProviderUnavailable("the vendor gave no link")
        return KycLink(ref, url, self._clock() + LINK_LIFE) if waits and url is not None else None

    async def find(self, ref: str) -> KycVerdict:
        session = await self._found(ref, SENSITIVE if self._config[READS_DOCUMENTS] else [])
        status = STATUSES.get(str(below(session, "status")))
        if status is None:
            raise ProviderUnavailable("the vendor told no status that is known")
        error = below(session, "last_error")
        if status == "OPEN" and error is not None:
            reason = code(error, "code")
            return KycVerdict("REJECTED", (reason,) if reason else ())
        document = below(session, REPORT, "document") if status == "APPROVED" else None
        until, name = day(below(document, "expiration_date")), name_of(document, "first_name", "last_name")
        return KycVerdict(status, document_until=until, identity=_identity(document), name=name)

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        event = self._event(notice)
        ref = text(event.body, "data", "object", "id")
        if ref is None and event.kind in self.types:
            raise NoticeUnreadable("an event without object")
        if not self._is_of_our_mode(event.body):
            return []
        return [Notice(event.id, event.kind, ref, event.moment)]

    async def probe(self) -> str:
        """What the key may list; nothing is begun."""
        answer = await self._ask("GET", SESSIONS, self._headers(), params={"limit": "1"})
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        required(self._config, WEBHOOK_SECRET)
        return "the key may read verifications; none was begun"

    async def _found(self, ref: str, expanded: Sequence[str]) -> dict[str, Any]:
        params = {"expand[]": list(expanded)} if expanded else None
        path = f"{SESSIONS}/{quote(ref, safe='')}"
        return self._session(await self._ask("GET", path, self._headers(), params=params))

    def _session(self, answer: Answer) -> dict[str, Any]:
        """Raises ProviderRejected for a session that is not there, or is of the other mode."""
        if answer.status == httpx.codes.NOT_FOUND:
            raise ProviderRejected("the vendor knows no such session")
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        if not self._is_of_our_mode(answer.body):
            raise ProviderRejected("the session is of the vendor's other mode")
        return answer.body


def _identity(document: Any) -> str | None:
    number = text(document, "number")
    country, kind = text(document, "issuing_country") or "", text(document, "type") or ""
    return f"{country}:{kind}:{number}".upper() if number is not None else None
