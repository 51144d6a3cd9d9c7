"""Have I Been Pwned: https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange"""

import asyncio

import httpx

from domain.config_keys import Config, UrlKey
from providers.ports import ProviderUnavailable

BASE_URL = UrlKey(
    "external.leaked_passwords.pwned_passwords.base_url",
    "https://api.pwnedpasswords.com",
    "base URL of the range service",
)

ANSWER_SECONDS = 2.0
LONGEST_ANSWER = 256 * 1024
PREFIX = 5
KNOWN = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"
"""Of the word password."""


class PwnedPasswords:
    """Sends the first five hexadecimal digits of the hash and gets the rest of all that begin with them.

    Padded, so that not even the length of the answer tells which five they were.
    """

    name = "pwned_passwords"

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    async def holds(self, digest: str) -> bool:
        answer = await self._range(digest[:PREFIX])
        lines = (line.strip().partition(":") for line in answer.splitlines())
        counts = {rest.upper(): count for rest, _, count in lines}
        return counts.get(digest[PREFIX:], "0") != "0"  # what only pads was seen 0 times

    async def probe(self) -> str:
        """About the password that everybody knows."""
        if not await self.holds(KNOWN):
            raise ProviderUnavailable("the service does not know a password that everybody knows")
        return "the service answers"

    async def _range(self, prefix: str) -> str:
        url = f"{self._config[BASE_URL].rstrip('/')}/range/{prefix}"
        headers = {"Add-Padding": "true", "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(self._seconds),  # the client's own holds for each read; this one for all of them
                self._http.stream("GET", url, headers=headers, timeout=self._seconds) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise ProviderUnavailable(f"the service answered {response.status_code}")
                return await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise ProviderUnavailable(f"the service cannot be reached ({type(fault).__name__})") from None


async def _read(response: httpx.Response) -> str:
    read = b""
    async for piece in response.aiter_raw():
        read += piece
        if len(read) > LONGEST_ANSWER:
            raise ProviderUnavailable(f"the service answers more than {LONGEST_ANSWER} bytes")
    return read.decode("latin-1")
