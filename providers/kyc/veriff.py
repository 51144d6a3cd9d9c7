"""Veriff: https://devdocs.veriff.com/apidocs/"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx

from domain.config_keys import SecretKey, UrlKey
from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.vendor import Vendor, below, day, name_of, page, text

BASE_URL = UrlKey("external.kyc.veriff.base_url", "https://stationapi.veriff.com", "base URL of the integration")
API_KEY = SecretKey("external.kyc.veriff.api_key", "", "API key of the integration")
SHARED_SECRET = SecretKey("external.kyc.veriff.shared_secret", "", "shared secret key of the integration")
SHARED_SECRET_PREVIOUS = SecretKey(
    "external.kyc.veriff.shared_secret_previous", "", "former shared secret, while a new one takes its place"
)

SESSIONS = "/v1/sessions"
SIGNATURE = "x-hmac-signature"
DECISION, EVENT = "decision", "event"
# By the word: the vendor's pages do not agree about each number.
STATUSES = {
    "approved": "APPROVED",
    "declined": "REJECTED",
    "resubmission_requested": "OPEN",
    "review": "PROCESSING",
    "expired": "EXPIRED",
    "abandoned": "EXPIRED",
}
UNKNOWN_SESSION = "00000000-0000-4000-8000-000000000000"
REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
SIGNED = re.compile(r"[0-9a-f]{64}")


class Veriff(Vendor):
    name = "veriff"
    base_url = BASE_URL
    types = frozenset({DECISION, EVENT})

    @property
    def verifies(self) -> bool:
        return bool(self._config[SHARED_SECRET])

    async def start(self, subject: KycSubject) -> KycLink:
        """The vendor has no word for a repetition: another session is then the one that counts."""
        about = {"callback": subject.return_url, "vendorData": str(subject.id)}
        body = json.dumps({"verification": about}).encode()
        headers = self._headers(body) | {"Content-Type": "application/json"}
        answer = await self._ask("POST", SESSIONS, headers, content=body)
        ref, url = text(answer.body, "verification", "id"), page(answer.body, "verification", "url")
        created = answer.status in (httpx.codes.OK, httpx.codes.CREATED)
        if not created or ref is None or url is None:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        return KycLink(ref, url, lasts=True)

    async def resume(self, ref: str) -> KycLink | None:
        """Nobody can ask for the URL again: the one that was kept is good until the decision."""
        return None

    async def find(self, ref: str) -> KycVerdict:
        decision = self._decision(await self._asked(ref))
        if decision is None:  # not yet
            return KycVerdict("OPEN")
        status = STATUSES.get(str(below(decision, "status")))
        if status is None or below(decision, "id") != ref:
            raise ProviderUnavailable("the vendor told no decision that is known")
        code = below(decision, "reasonCode")
        reasons = (f"veriff_{code}",) if type(code) is int and status != "APPROVED" else ()
        document = below(decision, "document") if status == "APPROVED" else None
        person = below(decision, "person") if status == "APPROVED" else None
        until, name = day(below(document, "validUntil")), name_of(person, "firstName", "lastName")
        return KycVerdict(status, reasons, False, until, _identity(document), name)

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        self._require_signed(notice)
        try:
            told = json.loads(notice.body)
        except (ValueError, RecursionError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None
        decided = text(told, "verification", "id")
        ref = decided or text(told, "id")
        if ref is None:
            raise NoticeUnreadable("neither a decision nor an event")
        # Notices have no id of their own: a repetition has the same bytes.
        known_by = f"{ref}:{hashlib.sha256(notice.body).hexdigest()}"
        return [Notice(known_by, DECISION if decided else EVENT, ref)]

    async def probe(self) -> str:
        """A decision of nobody: whether the vendor knows the key and takes our signature."""
        answer = await self._asked(UNKNOWN_SESSION)
        if answer.status in REFUSED or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        return "the vendor takes our signature; no verification was begun"

    async def _asked(self, ref: str) -> Answer:
        path = f"{SESSIONS}/{quote(ref, safe='')}/decision"
        return await self._ask("GET", path, self._headers(ref.encode()))

    def _decision(self, answer: Answer) -> Any:
        """None while there is none."""
        if answer.status == httpx.codes.NOT_FOUND:
            raise ProviderRejected("the vendor knows no such session")
        if answer.status != httpx.codes.OK or "verification" not in answer.body:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        return answer.body["verification"]

    def _headers(self, signed: bytes) -> dict[str, str]:
        """With a signature over the body, or over the id of the session that is asked for."""
        key, secret = required(self._config, API_KEY), required(self._config, SHARED_SECRET)
        return {"X-AUTH-CLIENT": key, "X-HMAC-SIGNATURE": _signature(secret, signed)}

    def _require_signed(self, notice: RawNotice) -> None:
        """Raises ProviderRejected. The vendor signs no time; what is sent again later leads to one more look."""
        given = (notice.only(SIGNATURE) or "").lower()
        secrets = [self._config[key] for key in (SHARED_SECRET, SHARED_SECRET_PREVIOUS)]
        found = [hmac.compare_digest(_signature(one, notice.body).encode(), given.encode()) for one in secrets if one]
        if not SIGNED.fullmatch(given) or not any(found):
            raise ProviderRejected("the signature is not right")


def _signature(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, hashlib.sha256).hex()


def _identity(document: Any) -> str | None:
    number = text(document, "number")
    country, kind = text(document, "country") or "", text(document, "type") or ""
    return f"{country}:{kind}:{number}".upper() if number is not None else None
