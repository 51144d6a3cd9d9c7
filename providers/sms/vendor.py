"""What the vendors share: a form is posted, the answer is JSON. Error texts carry codes only: answers quote numbers."""

import asyncio
from typing import Any

import httpx

from domain.config_keys import Config, TextKey
from providers.ports import ProviderUnavailable
from providers.settings import required

ANSWER_SECONDS = 10.0


class Vendor:
    name: str
    base_url: TextKey

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    async def _post(
        self, path: str, form: dict[str, str], auth: httpx.BasicAuth | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer; an empty object for anything else."""
        return await self._ask("POST", path, form, auth)

    async def _get(self, path: str, auth: httpx.BasicAuth) -> tuple[int, dict[str, Any]]:
        """As ``_post``."""
        return await self._ask("GET", path, None, auth)

    async def _ask(
        self, method: str, path: str, form: dict[str, str] | None, auth: httpx.BasicAuth | None
    ) -> tuple[int, dict[str, Any]]:
        url = required(self._config, self.base_url).rstrip("/") + path
        known = auth or httpx.Auth()  # with none at all the client would look for a .netrc
        try:
            # The client's own timeout holds for each read; this one for all of them.
            async with asyncio.timeout(self._seconds):
                response = await self._http.request(method, url, data=form, auth=known, timeout=self._seconds)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise ProviderUnavailable(f"the vendor cannot be reached ({type(fault).__name__})") from None
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answer = None
        return response.status_code, answer if isinstance(answer, dict) else {}
