"""What the vendors share: a form is posted, the answer is JSON."""

import httpx

from domain.config_keys import Config, TextKey
from providers.asking import Answer, ask
from providers.settings import required

ANSWER_SECONDS = 10.0


class Vendor:
    name: str
    base_url: TextKey

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    async def _post(self, path: str, form: dict[str, str], auth: httpx.BasicAuth | None = None) -> Answer:
        return await self._ask("POST", path, form, auth)

    async def _get(self, path: str, auth: httpx.BasicAuth) -> Answer:
        return await self._ask("GET", path, None, auth)

    async def _ask(self, method: str, path: str, form: dict[str, str] | None, auth: httpx.BasicAuth | None) -> Answer:
        url = required(self._config, self.base_url).rstrip("/") + path
        # With none at all the client would take a name and a password out of the URL.
        known = auth or httpx.Auth()
        return await ask(self._http, method, url, self._seconds, whom="the vendor", data=form, auth=known)
