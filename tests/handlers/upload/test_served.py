"""Files as this server gives them."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import get_ident
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gdpr.archive import Archives
from tests.files import file_of
from tests.handlers.upload.support import (
    presign,
    presigned_and_put,
    uploaded,
)
from tests.harness import Api, Server, code_of

TOUCHING = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "fcntl.flock"}


class TestServedByUs:
    def test_refusals_are_in_the_callers_language(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        url = presign(api, headers)["uploadUrl"] + "0"
        response = web.put(url, content=b"x", headers={"Content-Type": "image/png", "Accept-Language": "tr"})
        assert code_of(response) == "file.url_invalid"
        assert response.json()["error"]["message"] == "Bu bağlantı artık geçerli değil."  # noqa: RUF001 - Turkish
        assert response.headers["x-correlation-id"] == response.json()["error"]["correlationId"]

    def test_nothing_that_is_shown_can_run(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        shown = web.get(presigned_and_put(api, headers, web))
        assert shown.headers["x-content-type-options"] == "nosniff"
        (policy,) = shown.headers.get_list("content-security-policy")
        assert policy == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"

    def test_a_file_is_named_by_us(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        for kind, content_type, shown in (
            ("media", "image/png", "inline"),
            ("document", "application/pdf", "attachment"),
        ):
            url = uploaded(api, headers, web, kind, content_type)["publicUrl"]
            name = url.rpartition("/")[2]
            assert web.get(url).headers["content-disposition"] == f'{shown}; filename="{name}"'

    def test_parts_can_be_asked_for(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        content = file_of("video/mp4", 1000)
        signed = uploaded(api, headers, web, "media", "video/mp4", content=content)
        part = web.get(signed["publicUrl"], headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, content[10:20])
        assert web.head(signed["publicUrl"]).headers["content-length"] == "1000"

    def test_who_has_a_file_is_spared_it(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        url = presigned_and_put(api, headers, web)
        first = web.get(url)
        assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
        tag, changed = first.headers["etag"], first.headers["last-modified"]
        known = [{"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-None-Match": "*"}]
        for condition in (*known, {"If-Modified-Since": changed}):
            for method in ("GET", "HEAD"):
                spared = web.request(method, url, headers=condition)
                assert (spared.status_code, spared.content) == (304, b"")
                assert (spared.headers["etag"], "content-length" in spared.headers) == (tag, False)
        assert web.get(url, headers={"If-None-Match": '"x"'}).status_code == 200

    def test_who_wants_another_state_is_refused(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        url = presigned_and_put(api, headers, web)
        for condition in ({"If-Match": '"x"'}, {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}):
            refused = web.get(url, headers=condition)
            assert (refused.status_code, code_of(refused)) == (412, "file.precondition_failed")
            assert web.head(url, headers=condition).status_code == 412

    def test_parts_follow_the_standard(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        content = file_of("video/mp4", 1000)
        url = uploaded(api, headers, web, "media", "video/mp4", content=content)["publicUrl"]
        tag = web.get(url).headers["etag"]
        for ignored in ("items=0-1", "bytes=x", "bytes=5-3", "bytes=0-1,5-6", "bytes=" + "0-0," * 8000):
            answer = web.get(url, headers={"Range": ignored})
            assert (answer.status_code, answer.content) == (200, content)
        last = web.get(url, headers={"Range": "bytes=-10", "If-Range": tag})
        assert (last.status_code, last.content) == (206, content[-10:])
        assert last.headers["content-range"] == "bytes 990-999/1000"
        assert web.get(url, headers={"Range": "bytes=-10", "If-Range": '"x"'}).status_code == 200
        behind = web.get(url, headers={"Range": "bytes=1000-"})
        assert (behind.status_code, code_of(behind)) == (416, "file.range_not_satisfiable")
        assert behind.headers["content-range"] == "bytes */1000"

    def test_what_is_removed_meanwhile_is_given_whole(
        self, api: Api, server: Server, web: httpx.Client, headers: dict[str, str]
    ) -> None:
        content = file_of("video/mp4", 20 * 1024 * 1024)
        signed = uploaded(api, headers, web, "media", "video/mp4", content=content)
        with web.stream("GET", signed["publicUrl"]) as answer:
            pieces = answer.iter_raw(65536)
            came = next(pieces)
            server.on_loop(server.app.parts.providers.storage.remove("local", signed["key"]))
            assert web.get(signed["publicUrl"]).status_code == 404
            assert came + b"".join(pieces) == content

    def test_no_file_is_made_or_removed_on_the_event_loop(
        self, api: Api, server: Server, web: httpx.Client, headers: dict[str, str]
    ) -> None:
        """A large one takes the disk a while: drafts, what is looked at, what is shown, archives."""
        loop = server.on_loop(thread_of_loop())
        with touched() as seen:
            signed = uploaded(api, headers, web)
            assert web.get(signed["publicUrl"]).status_code == 200
            parts = server.app.parts
            assert server.on_loop(archived(Archives(parts.database, parts.providers.storage)))
            server.on_loop(parts.providers.storage.remove("local", signed["key"]))
        assert {event for event, _ in seen} == TOUCHING
        assert [event for event, thread in seen if thread == loop] == []

    def test_viewers_of_what_goes_get_it_or_are_told(
        self, api: Api, server: Server, web: httpx.Client, headers: dict[str, str]
    ) -> None:
        """Never an error of ours, and never half of it."""
        content = file_of("image/png", 100_000)
        for _ in range(10):
            signed = uploaded(api, headers, web, content=content)
            with ThreadPoolExecutor(4) as pool:
                watching = [pool.submit(watch, web, signed["publicUrl"]) for _ in range(4)]
                server.on_loop(server.app.parts.providers.storage.remove("local", signed["key"]))
                seen = set().union(*(viewer.result() for viewer in watching))
            assert seen <= {(200, len(content)), (404, 0)}

    @pytest.mark.parametrize(
        "path",
        ["", "x", "../secret", "avatars/../../secret", "%2e%2e/secret", "exports", "exports/x", ".partial/x",
         f"media/{'-' * 36}/{uuid4()}.jpg", f"media/{uuid4()}/{'-' * 36}.jpg"],
    )  # fmt: skip
    def test_nothing_else_is_shown(self, server: Server, web: httpx.Client, path: str) -> None:
        response = web.get(f"{server.origin}/files/{path}")
        assert (response.status_code, code_of(response)) == (404, "route.not_found")

    def test_other_methods_are_refused(self, server: Server, web: httpx.Client) -> None:
        response = web.post(f"{server.origin}/files/avatars/x")
        assert (response.status_code, code_of(response)) == (405, "route.method_not_allowed")
        assert response.headers["allow"] == "GET, HEAD, PUT"
        assert web.head(f"{server.origin}/files/exports/x").headers["allow"] == "GET"


@contextmanager
def touched() -> Iterator[list[tuple[str, int]]]:
    """What happens to files meanwhile, and in which thread. Python takes no hook back: this one falls silent."""
    seen: list[tuple[str, int]] = []
    listening = True

    def hear(event: str, _: Any) -> None:
        if listening and event in TOUCHING:
            seen.append((event, get_ident()))

    sys.addaudithook(hear)
    try:
        yield seen
    finally:
        listening = False


async def thread_of_loop() -> int:
    return get_ident()


async def archived(archives: Archives) -> bool:
    async with archives.of(uuid4()) as path:
        return path.exists()


def watch(web: httpx.Client, url: str) -> set[tuple[int, int]]:
    """What somebody gets who looks until there is nothing: statuses, and the bytes of successes."""
    seen = set()
    while (404, 0) not in seen:
        answer = web.get(url)
        seen.add((answer.status_code, len(answer.content) if answer.status_code == 200 else 0))
    return seen
