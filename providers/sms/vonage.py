"""Vonage SMS API: https://developer.vonage.com/en/api/sms"""

from typing import Any

import httpx

from domain.config_keys import SecretKey, TextKey, UrlKey
from providers.ports import ProviderRejected, ProviderUnavailable, Sms
from providers.settings import required
from providers.sms.vendor import Vendor

BASE_URL = UrlKey("external.sms.vonage.base_url", "https://rest.nexmo.com", "base URL of the vendor")
API_KEY = TextKey("external.sms.vonage.api_key", "", "account at the vendor")
API_SECRET = SecretKey("external.sms.vonage.api_secret", "", "secret of the account")
FROM = TextKey("external.sms.vonage.from", "BIO.RE", "sender: a number or a name")

_DELIVERED = "0"
# Unroutable, barred and de-activated numbers. Every other status is about our account, our request or the vendor.
_REFUSED_FOR_GOOD = frozenset({"6", "7", "33"})


class VonageSms(Vendor):
    name = "vonage"
    base_url = BASE_URL

    async def send(self, sms: Sms) -> None:
        status, answer, _ = await self._post("/sms/json", self._form(sms))
        parts = answer.get("messages")
        if status != httpx.codes.OK or not isinstance(parts, list) or not parts:
            raise ProviderUnavailable(f"the vendor answered {status}")
        # A long text is sent in parts, each with a status of its own; HTTP says 200 whatever happened.
        faults = sorted({_status(part) for part in parts} - {_DELIVERED})
        if _REFUSED_FOR_GOOD.intersection(faults):
            raise ProviderRejected(f"the vendor refused the number for good with {', '.join(faults)}")
        if faults:
            raise ProviderUnavailable(f"the vendor reports {', '.join(faults)}")

    async def probe(self) -> str:
        """The balance: https://developer.vonage.com/en/api/account"""
        known = httpx.BasicAuth(required(self._config, API_KEY), required(self._config, API_SECRET))
        required(self._config, FROM)
        status, answer, _ = await self._get("/account/get-balance", known)
        balance = answer.get("value")
        if status != httpx.codes.OK or isinstance(balance, bool) or not isinstance(balance, (int, float)):
            raise ProviderUnavailable(f"the vendor answered {status}")
        if balance <= 0:
            raise ProviderUnavailable("the account has no balance left")
        return "the account has balance left; no message was sent"

    def _form(self, sms: Sms) -> dict[str, str]:
        return {
            "api_key": required(self._config, API_KEY),
            "api_secret": required(self._config, API_SECRET),
            "from": required(self._config, FROM),
            "to": sms.to.removeprefix("+"),
            "text": sms.text,
            "type": "text" if sms.text.isascii() else "unicode",
            "client-ref": str(sms.id),
        }


def _status(part: Any) -> str:
    """One or two digits; whatever else an answer holds may quote the number and is not repeated."""
    status = part.get("status") if isinstance(part, dict) else None
    return status if isinstance(status, str) and status.isdigit() and len(status) <= 2 else "no status"
