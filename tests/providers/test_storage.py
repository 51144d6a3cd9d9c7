"""What both storages keep of the port's promise, the signatures of one, and the walls of the other."""

import asyncio
import gzip
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import pytest

from domain.upload import Slot, incoming, is_public, owner_of
from providers.ports import ProviderRejected, ProviderUnavailable, StorageProvider
from providers.storage import storage_adapters
from providers.storage.local import FORGOTTEN_SECONDS, PARTIAL, Busy, LocalStorage, Ticket, TooLarge
from providers.storage.sigv4 import Credentials, presign
from tests.providers.fakes import FakeConfig, fake_sign
from tests.providers.s3_server import S3Server, refusal, s3_server
from tests.providers.servers import closed_port

T = TypeVar("T")

LARGE = 1024 * 1024
KEY = f"avatars/{uuid4()}/{uuid4()}.png"
Use = Callable[[Callable[[StorageProvider], Awaitable[T]]], T]


@pytest.fixture(scope="module")
def vendor() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def storage_config(config: FakeConfig, vendor: S3Server) -> FakeConfig:
    vendor.files.clear()
    vendor.fault = None
    for name, value in vendor.configured().items():
        config[name] = value
    return config


@pytest.fixture(params=["local", "s3"])
def use(request: pytest.FixtureRequest, storage_config: FakeConfig, tmp_path: Path) -> Use[object]:
    def run(work: Callable[[StorageProvider], Awaitable[object]]) -> object:
        return with_adapter(request.param, storage_config, tmp_path, work)

    return run


def with_adapter(name: str, config: FakeConfig, folder: Path, work: Callable[[StorageProvider], Awaitable[T]]) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            adapters = {a.name: a for a in storage_adapters(config, http, folder / "uploads", fake_sign)}
            return await work(adapters[name])

    return asyncio.run(run())


async def content(adapter: StorageProvider, limit: int | None = None) -> bytes:
    async with adapter.read(KEY, limit) as pieces:
        return b"".join([piece async for piece in pieces])


class TestBoth:
    def test_a_file_of_ours_is_kept_read_and_deleted(self, use: Use[None], tmp_path: Path) -> None:
        whole = bytes(range(256)) * 4000
        (tmp_path / "source").write_bytes(whole)

        async def work(adapter: StorageProvider) -> None:
            assert await adapter.find(KEY) is None
            with pytest.raises(ProviderRejected):
                await content(adapter)
            await adapter.put(KEY, "image/png", tmp_path / "source")
            found = await adapter.find(KEY)
            assert found is not None
            assert (found.size, found.content_type) == (len(whole), "image/png")
            assert await content(adapter) == whole
            assert await content(adapter, 300) == whole[:300]
            for _ in range(2):
                await adapter.delete(KEY)
            assert await adapter.find(KEY) is None

        use(work)

    def test_an_empty_file_begins_with_nothing(self, use: Use[None], tmp_path: Path) -> None:
        (tmp_path / "source").write_bytes(b"")

        async def work(adapter: StorageProvider) -> None:
            await adapter.put(KEY, "image/png", tmp_path / "source")
            assert await content(adapter, 300) == b""

        use(work)

    def test_only_urls_of_ours_are_recognised(self, use: Use[None]) -> None:
        async def work(adapter: StorageProvider) -> None:
            url = adapter.public_url(KEY)
            assert adapter.key_of(url) == KEY
            foreign = (
                KEY,
                url + "?a=1",
                url + "/..",
                "https://evil.example/" + KEY,
                adapter.public_url("../" + KEY),
                "",
            )
            assert [adapter.key_of(other) for other in foreign] == [None] * 6

        use(work)


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "",
            "../secret",
            "avatars/../../etc/passwd",
            f"avatars/{uuid4()}/../{uuid4()}.png",
            f"/avatars/{uuid4()}/{uuid4()}.png",
            f"avatars/{uuid4()}/{uuid4()}.png\n",
            f"avatars/{uuid4()}/{uuid4()}.png/x",
            f"AVATARS/{uuid4()}/{uuid4()}.png",
            f"avatars/{'-' * 36}/{uuid4()}.png",
            f"avatars/{uuid4()}/{'-' * 36}.png",
            f"avatars/{uuid4().hex}----/{uuid4()}.png",
            f"other/{uuid4()}/{uuid4()}.png",
        ],
    )
    def test_lead_nowhere_else(self, key: str, config: FakeConfig, tmp_path: Path) -> None:
        assert owner_of(key) is None
        assert not is_public(key)
        local = LocalStorage(config, tmp_path, fake_sign)
        with pytest.raises(ProviderRejected):
            local.path(key)


class TestLocal:
    def take(self, local: LocalStorage, limit: int, *pieces: bytes) -> bytes:
        async def given() -> object:
            for piece in pieces:
                yield piece

        async def take() -> bytes:
            async with local.transfer(Ticket(KEY, "image/png", limit, None)) as draft:
                await draft.fill(given())  # type: ignore[arg-type]
                return draft.path.read_bytes()

        return asyncio.run(take())

    def test_what_comes_in_is_whole(self, config: FakeConfig, tmp_path: Path) -> None:
        big = bytes(300_000)
        assert self.take(LocalStorage(config, tmp_path, fake_sign), 700_000, b"a", big, b"b", big) == (
            b"a" + big + b"b" + big
        )

    def test_one_byte_too_many_leaves_nothing(self, config: FakeConfig, tmp_path: Path) -> None:
        local = LocalStorage(config, tmp_path, fake_sign)
        with pytest.raises(TooLarge):
            self.take(local, 5, b"abc", b"def")
        assert list((tmp_path / PARTIAL).iterdir()) == []

    def test_drafts_of_killed_processes_are_removed(self, config: FakeConfig, tmp_path: Path) -> None:
        local = LocalStorage(config, tmp_path, fake_sign)
        (tmp_path / PARTIAL).mkdir()
        old, young = tmp_path / PARTIAL / "old", tmp_path / PARTIAL / "young"
        for left in (old, young):
            left.write_bytes(b"x")
        past = time.time() - FORGOTTEN_SECONDS - 1
        os.utime(old, (past, past))
        self.take(local, 5, b"new")
        assert list((tmp_path / PARTIAL).iterdir()) == [young]

    def test_a_draft_that_is_held_stays_however_old(self, config: FakeConfig, tmp_path: Path) -> None:
        local, ticket = LocalStorage(config, tmp_path, fake_sign), Ticket(KEY, "image/png", 5, None)

        async def take() -> None:
            async with local.transfer(ticket) as draft:
                os.utime(draft.path, (0, 0))
                await local.tidy()
                assert draft.path.exists()
                with pytest.raises(Busy):
                    async with local.transfer(ticket):
                        pass
                assert draft.path.exists()
            async with local.transfer(ticket):
                pass

        asyncio.run(take())
        assert list((tmp_path / PARTIAL).iterdir()) == []


class TestLocalProbe:
    def test_tells_the_folder_and_makes_none(self, storage_config: FakeConfig, tmp_path: Path) -> None:
        async def ask(adapter: StorageProvider) -> str:
            return await adapter.probe()

        assert with_adapter("local", storage_config, tmp_path / "new", ask) == f"folder {tmp_path / 'new' / 'uploads'}"
        assert list(tmp_path.iterdir()) == []
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(ProviderUnavailable, match="no folder"):
            with_adapter("local", storage_config, tmp_path / "file", ask)


class TestS3:
    def test_outages_are_told(self, storage_config: FakeConfig, vendor: S3Server, tmp_path: Path) -> None:
        async def ask(adapter: StorageProvider) -> None:
            await adapter.find(KEY)

        vendor.fault = 503
        with pytest.raises(ProviderUnavailable, match="503"):
            with_adapter("s3", storage_config, tmp_path, ask)
        storage_config["external.storage.s3.secret_access_key"] = "another"
        vendor.fault = None
        with pytest.raises(ProviderUnavailable, match="403"):
            with_adapter("s3", storage_config, tmp_path, ask)
        storage_config["external.storage.s3.endpoint"] = f"http://127.0.0.1:{closed_port()}"
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            with_adapter("s3", storage_config, tmp_path, ask)
        storage_config["external.storage.s3.bucket"] = ""
        with pytest.raises(ProviderUnavailable, match="bucket is empty"):
            with_adapter("s3", storage_config, tmp_path, ask)

    def test_a_probe_proves_bucket_and_credentials(
        self, storage_config: FakeConfig, vendor: S3Server, tmp_path: Path
    ) -> None:
        async def ask(adapter: StorageProvider) -> str:
            return await adapter.probe()

        assert with_adapter("s3", storage_config, tmp_path, ask) == f"bucket files at {vendor.url}"
        assert vendor.files == {}
        wrong = {"bucket": ("elsewhere", "404 NoSuchBucket"), "secret_access_key": ("x", "403 SignatureDoesNotMatch")}
        for name, (value, words) in wrong.items():
            storage_config[f"external.storage.s3.{name}"] = value
            with pytest.raises(ProviderUnavailable, match=words):
                with_adapter("s3", storage_config, tmp_path, ask)

    def test_what_an_uploader_coded_comes_as_it_is_stored(
        self, storage_config: FakeConfig, vendor: S3Server, tmp_path: Path
    ) -> None:
        """A coding is no signed header, and undoing two of them makes gigabytes of next to nothing."""
        bomb = gzip.compress(gzip.compress(bytes(LARGE)))

        async def give_and_take(adapter: StorageProvider) -> bytes:
            signed = adapter.presign(Slot(KEY, "image/png", LARGE, len(bomb), timedelta(seconds=300)))
            sent = signed.headers | {"Content-Encoding": "gzip, gzip"}
            async with httpx.AsyncClient(trust_env=False) as uploader:
                (await uploader.put(signed.url, content=bomb, headers=sent)).raise_for_status()
            async with adapter.read(incoming(KEY)) as pieces:
                return b"".join([piece async for piece in pieces])

        assert with_adapter("s3", storage_config, tmp_path, give_and_take) == bomb
        assert vendor.codings == {incoming(KEY): "gzip, gzip"}

    def test_what_is_read_is_packed_by_nobody(
        self, storage_config: FakeConfig, vendor: S3Server, tmp_path: Path
    ) -> None:
        vendor.packs = True
        vendor.files[KEY] = ("image/png", bytes(1000))
        try:
            assert with_adapter("s3", storage_config, tmp_path, content) == bytes(1000)
        finally:
            vendor.packs = False

    def test_a_cdn_may_stand_in_front(self, storage_config: FakeConfig, tmp_path: Path) -> None:
        storage_config["external.storage.s3.public_url"] = "https://cdn.bio.re/"

        async def urls(adapter: StorageProvider) -> tuple[str, str | None]:
            return adapter.public_url(KEY), adapter.key_of(f"https://cdn.bio.re/{KEY}")

        assert with_adapter("s3", storage_config, tmp_path, urls) == (f"https://cdn.bio.re/{KEY}", KEY)

    @pytest.mark.parametrize("conditional", [True, False])
    def test_what_a_url_binds(self, storage_config: FakeConfig, tmp_path: Path, conditional: bool) -> None:
        storage_config["external.storage.s3.conditional_writes"] = conditional

        async def sign(adapter: StorageProvider) -> tuple[str, dict[str, str]]:
            signed = adapter.presign(Slot(KEY, "image/png", 100, 7, timedelta(seconds=300)))
            return signed.url, signed.headers

        url, headers = with_adapter("s3", storage_config, tmp_path, sign)
        assert headers == {"Content-Type": "image/png"} | ({"If-None-Match": "*"} if conditional else {})
        host = httpx.URL(url).netloc.decode()
        good = {"host": host, "content-length": "7"} | {name.lower(): value for name, value in headers.items()}
        now = datetime.now(UTC)
        assert refusal("PUT", url, good, now) is None
        assert refusal("PUT", url, good, now + timedelta(seconds=310)) == "AccessDenied"
        assert refusal("DELETE", url, good, now) == "SignatureDoesNotMatch"
        for name in good.keys() - {"host"}:
            assert refusal("PUT", url, good | {name: "8"}, now) == "SignatureDoesNotMatch"
            assert refusal("PUT", url, {k: v for k, v in good.items() if k != name}, now) == "SignatureDoesNotMatch"
        assert refusal("PUT", url.replace(KEY, f"avatars/{uuid4()}/x.png"), good, now) == "SignatureDoesNotMatch"

    def test_the_published_example_is_signed_alike(self) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
        known = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
        moment = datetime(2013, 5, 24, tzinfo=UTC)
        url = presign(known, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, 86400, moment)
        assert url.endswith("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
