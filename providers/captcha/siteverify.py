"""The protocol that the captcha vendors share: a form of secret, response and remoteip, answered in JSON."""

import asyncio
from typing import Any

import httpx

from domain.config_keys import Config, SecretKey, TextKey
from providers.ports import ProviderUnavailable
from providers.settings import required

ANSWER_SECONDS = 5.0
PROBE_TOKEN = "probe"  # noqa: S105 - no secret

# What these codes report is our account, our request or the vendor itself. Every other one is about the token.
_OUR_FAULT = frozenset(
    {
        "missing-input-secret",
        "invalid-input-secret",
        "sitekey-secret-mismatch",
        "not-using-dummy-passcode",
        "not-using-dummy-secret",
        "missing-remoteip",
        "invalid-remoteip",
        "bad-request",
        "internal-error",
    }
)


class SiteVerify:
    name: str
    secret: SecretKey
    verify_url: TextKey

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    async def verify(self, token: str, remote_ip: str | None) -> bool:
        answer = await self._ask(self._form(token, remote_ip))
        if answer.get("success") is True:
            return True
        codes = answer.get("error-codes") or []
        faults = sorted(_OUR_FAULT.intersection(code for code in codes if isinstance(code, str)))
        if faults:
            raise ProviderUnavailable(f"the vendor reports {', '.join(faults)}")
        return False

    async def probe(self) -> str:
        """Of a token that nobody was given: a vendor who knows our secret refuses the token alone."""
        taken = await self.verify(PROBE_TOKEN, None)
        return "the secret is good, but any token is taken: a test key" if taken else "the secret is good"

    def _form(self, token: str, remote_ip: str | None) -> dict[str, str]:
        form = {"secret": required(self._config, self.secret), "response": token}
        return form if remote_ip is None else {**form, "remoteip": remote_ip}

    async def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        response = await self._post(form)
        if response.status_code != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {response.status_code}")
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise ProviderUnavailable("the vendor's answer is not a JSON object")
        return answer

    async def _post(self, form: dict[str, str]) -> httpx.Response:
        url = self._config[self.verify_url]
        try:
            # The client's own timeout holds for each read; this one for all of them.
            async with asyncio.timeout(self._seconds):
                return await self._http.post(url, data=form, timeout=self._seconds)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise ProviderUnavailable(f"the vendor cannot be reached ({type(fault).__name__})") from None
