"""Twilio Programmable Messaging: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource"""

from urllib.parse import quote

import httpx

from domain.config_keys import SecretKey, TextKey, UrlKey
from providers.ports import ProviderRejected, ProviderUnavailable, Sms
from providers.settings import required
from providers.sms.vendor import Vendor

BASE_URL = UrlKey("external.sms.twilio.base_url", "https://api.twilio.com", "base URL of the vendor")
ACCOUNT_SID = TextKey("external.sms.twilio.account_sid", "", "account at the vendor")
AUTH_TOKEN = SecretKey("external.sms.twilio.auth_token", "", "token of the account")
FROM = TextKey("external.sms.twilio.from", "", "sender: a number, a name, or a messaging service (MG…)")

# What these codes report is the number itself: malformed, no mobile, a landline, or opted out.
_REFUSED_FOR_GOOD = frozenset({21211, 21217, 21610, 21614, 21635})


class TwilioSms(Vendor):
    name = "twilio"
    base_url = BASE_URL

    async def send(self, sms: Sms) -> None:
        account, token = required(self._config, ACCOUNT_SID), required(self._config, AUTH_TOKEN)
        path = f"/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        form = {"To": sms.to, "Body": sms.text} | self._sender()
        status, answer, _ = await self._post(path, form, httpx.BasicAuth(account, token))
        if status == httpx.codes.CREATED and answer.get("sid"):
            return
        code = answer.get("code")
        if isinstance(code, int) and code in _REFUSED_FOR_GOOD:
            raise ProviderRejected(f"the vendor refused the number for good with {code}")
        raise ProviderUnavailable(f"the vendor answered {status}" + (f" ({code})" if isinstance(code, int) else ""))

    async def probe(self) -> str:
        """The account as the vendor sees it: https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource"""
        account, token = required(self._config, ACCOUNT_SID), required(self._config, AUTH_TOKEN)
        self._sender()
        path = f"/2010-04-01/Accounts/{quote(account, safe='')}.json"
        status, answer, _ = await self._get(path, httpx.BasicAuth(account, token))
        if status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {status}")
        if answer.get("status") != "active":
            raise ProviderUnavailable("the account is not active")
        return "the account is active; no message was sent"

    def _sender(self) -> dict[str, str]:
        """A number or name of ours, or a service of the vendor's that chooses one."""
        sender = required(self._config, FROM)
        is_service = sender.startswith("MG") and len(sender) == 34
        return {"MessagingServiceSid" if is_service else "From": sender}
