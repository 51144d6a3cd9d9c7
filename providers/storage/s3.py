"""S3 and whatever speaks its protocol: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

Our own requests carry their signature in the query too, so that there is one way to sign. Keys need no encoding.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from domain.config_keys import BoolKey, Config, SecretKey, TextKey, UrlKey
from domain.upload import incoming, owner_of, shown_with
from providers.ports import ProviderRejected, ProviderUnavailable, SignedUpload, Slot, StoredFile
from providers.settings import required
from providers.storage.pieces import pieces_at
from providers.storage.sigv4 import Credentials, presign

ENDPOINT = UrlKey(
    "external.storage.s3.endpoint", "", "endpoint of the storage, such as https://s3.eu-central-1.amazonaws.com"
)
REGION = TextKey("external.storage.s3.region", "us-east-1", "region for which requests are signed")
BUCKET = TextKey("external.storage.s3.bucket", "", "bucket; its avatars/, media/ and documents/ are publicly readable")
ACCESS_KEY_ID = TextKey(
    "external.storage.s3.access_key_id",
    "",
    "access key of the account that may list, read, write and delete in the bucket",
)
SECRET_ACCESS_KEY = SecretKey("external.storage.s3.secret_access_key", "", "secret access key of the same account")
PUBLIC_URL = UrlKey("external.storage.s3.public_url", "", "public URL of files; empty for the bucket itself")
CONDITIONAL_WRITES = BoolKey(
    "external.storage.s3.conditional_writes",
    True,
    "whether the vendor supports If-None-Match; if not, a URL works repeatedly until it expires",
)

ANSWER_SECONDS = 30.0
OWN_SECONDS = 300
PROBE = "doctor/no-such-file"
CODE = re.compile(r"<Code>(\w{1,64})</Code>")


class S3Storage:
    name = "s3"
    direct = True

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    def presign(self, slot: Slot) -> SignedUpload:
        """The size is signed with the rest; a largest size is nothing that such a URL can bind."""
        headers = {"Content-Type": slot.content_type}
        if self._config[CONDITIONAL_WRITES]:
            headers["If-None-Match"] = "*"
        length = {} if slot.exact_bytes is None else {"Content-Length": str(slot.exact_bytes)}
        url = self._signed("PUT", incoming(slot.key), headers | length, int(slot.life.total_seconds()))
        return SignedUpload(url, headers)

    def public_url(self, key: str) -> str:
        return f"{self._public()}/{key}"

    def key_of(self, url: str) -> str | None:
        try:
            base = self._public() + "/"
        except ProviderUnavailable:  # whoever has no bucket has no files in it
            return None
        key = url.removeprefix(base)
        return key if url.startswith(base) and owner_of(key) else None

    async def find(self, key: str) -> StoredFile | None:
        async with self._request("HEAD", key) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            self._require(response, httpx.codes.OK)
            size = int(response.headers.get("content-length", 0))
            return StoredFile(size, response.headers.get("content-type", ""))

    @asynccontextmanager
    async def read(self, key: str, limit: int | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        part = {} if limit is None else {"Range": f"bytes=0-{limit - 1}"}
        async with self._request("GET", key, headers=part) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                raise ProviderRejected("there is no such file")
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:  # of an empty file
                yield _nothing()
                return
            self._require(response, httpx.codes.OK, httpx.codes.PARTIAL_CONTENT)
            yield self._pieces(response)

    async def _pieces(self, response: httpx.Response) -> AsyncIterator[bytes]:
        try:
            # As they are stored: an uploader may have named a coding that makes gigabytes of a few hundred bytes.
            async for piece in response.aiter_raw():
                yield piece
        except httpx.HTTPError as fault:
            raise ProviderUnavailable(f"the storage broke off ({type(fault).__name__})") from None

    async def put(self, key: str, content_type: str, file: Path) -> None:
        headers = {"Content-Type": content_type, "Content-Length": str(await asyncio.to_thread(os.path.getsize, file))}
        headers |= shown_with(key)
        async with self._request("PUT", key, headers=headers, content=pieces_at(file)) as response:
            self._require(response, httpx.codes.OK)

    async def delete(self, key: str) -> None:
        async with self._request("DELETE", key) as response:
            self._require(response, httpx.codes.NO_CONTENT, httpx.codes.OK, httpx.codes.NOT_FOUND)

    async def tidy(self) -> None:
        """The vendor keeps no half of a file."""

    async def probe(self) -> str:
        """A signed request for a file that nobody has: its absence is told only to whom the bucket trusts."""
        async with self._request("GET", PROBE) as response:
            await response.aread()
            code = CODE.search(response.text)
            if response.status_code == httpx.codes.NOT_FOUND and code is not None and code[1] == "NoSuchKey":
                return f"bucket {required(self._config, BUCKET)} at {required(self._config, ENDPOINT)}"
            told = f" {code[1]}" if code else ""
            raise ProviderUnavailable(f"the storage answered {response.status_code}{told}")

    @asynccontextmanager
    async def _request(
        self, method: str, key: str, headers: Mapping[str, str] | None = None, content: Any = None
    ) -> AsyncIterator[httpx.Response]:
        url = self._signed(method, key, {}, OWN_SECONDS)
        # Files are read as they lie there, and so is their size: nobody on the way may pack them.
        sent = {"Accept-Encoding": "identity"} | dict(headers or {})
        request = self._http.build_request(method, url, headers=sent, content=content, timeout=self._seconds)
        try:
            # With no auth at all the client would take a name and a password out of the URL.
            response = await self._http.send(request, auth=httpx.Auth(), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise ProviderUnavailable(f"the storage cannot be reached ({type(fault).__name__})") from None
        try:
            yield response
        finally:
            await response.aclose()

    @staticmethod
    def _require(response: httpx.Response, *expected: int) -> None:
        if response.status_code not in expected:
            raise ProviderUnavailable(f"the storage answered {response.status_code}")

    def _signed(self, method: str, key: str, headers: Mapping[str, str], seconds: int) -> str:
        credentials = Credentials(
            required(self._config, ACCESS_KEY_ID),
            required(self._config, SECRET_ACCESS_KEY),
            required(self._config, REGION),
        )
        return presign(credentials, method, f"{self._bucket()}/{key}", headers, seconds, datetime.now(UTC))

    def _public(self) -> str:
        return self._config[PUBLIC_URL].rstrip("/") or self._bucket()

    def _bucket(self) -> str:
        return f"{required(self._config, ENDPOINT).rstrip('/')}/{required(self._config, BUCKET)}"


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
