"""Uploads from the first request to the file that everybody reads, through both storages."""

import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from subprocess import PIPE, Popen
from threading import get_ident
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from psycopg.types.json import Jsonb

from domain.upload import FIRST_LOOK, MIME_TYPES, MOST_LOOKS, Slot, incoming, is_over, next_look
from providers.storage import sigv4
from providers.storage.local import FORGOTTEN_SECONDS
from providers.storage.sigv4 import Credentials
from services.archive import Archives
from tests.domain.test_formats import ORIENTATION, PLACE, exif, photo, pixels, told
from tests.files import file_of, png
from tests.handlers.support import account, until
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.providers.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, s3_server

_addresses = count(1)
TOUCHING = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "fcntl.flock"}
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


class Storage(NamedTuple):
    name: str
    vendor: S3Server | None


@pytest.fixture(scope="module")
def vendor() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(vendor: S3Server) -> None:
    vendor.files.clear()
    vendor.asked.clear()
    vendor.fault = None


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, server: Server, vendor: S3Server) -> Storage:
    if request.param == "s3":
        server.configure(**vendor.configured())
        return Storage("s3", vendor)
    return Storage("local", None)


@pytest.fixture
def headers(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables)
    return bearer(api.sign_in())


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    """A client that knows nothing of the API. It has an address of its own, and with it limits."""
    with httpx.Client(trust_env=False, headers={"X-Forwarded-For": f"10.9.0.{next(_addresses)}"}) as client:
        yield client


def presign(
    api: Api, headers: dict[str, str], kind: str = "avatar", content_type: str = "image/png", **more: Any
) -> Any:
    response = api.call("upload.presign", {"type": kind, "contentType": content_type} | more, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def put(web: httpx.Client, signed: Any, content: bytes, **changes: str) -> httpx.Response:
    return web.put(signed["uploadUrl"], content=content, headers=signed["headers"] | changes)


def presigned_and_put(api: Api, headers: dict[str, str], web: httpx.Client) -> str:
    """The public URL of an avatar's file that everybody reads."""
    return str(uploaded(api, headers, web)["publicUrl"])


def uploaded(api: Api, headers: dict[str, str], web: httpx.Client, *of: str, content: bytes | None = None) -> Any:
    """A file that was looked at; ``of`` are its kind and media type."""
    kind, content_type = (*of, *("avatar", "image/png")[len(of) :])
    content = file_of(content_type) if content is None else content
    signed = presign(api, headers, kind, content_type, contentLength=len(content))
    assert put(web, signed, content).status_code == 200
    look(api.server)
    return signed


def look(server: Server) -> None:
    """All that a worker has to do, as if the pauses between two looks had passed."""
    with Tables(server.database_url) as tables:
        tables.run("UPDATE outbox SET available_at = now() WHERE topic = 'storage.inspect_upload'")
    server.work_off()


def show(api: Api, headers: dict[str, str], url: str) -> httpx.Response:
    return api.call("users.avatars.change", {"avatarUrl": url}, headers=headers)


def settle(server: Server, tables: Tables) -> dict[str, Any]:
    """The upload's row after all that a worker does once the URL is over."""
    end_urls(server, tables)
    return tables.one("SELECT * FROM uploads")


def end_urls(server: Server, tables: Tables) -> None:
    tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
    tables.run("UPDATE outbox SET available_at = now()")
    server.let_time_come("storage.sweep_uploads")


class TestPresign:
    def test_an_account_that_is_gone_gets_none(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        tables.run("DELETE FROM users")
        response = api.call("upload.presign", {"type": "avatar", "contentType": "image/png"}, headers=headers)
        assert code_of(response) == "auth.unauthenticated"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"type": "avatar"},
            {"type": "video", "contentType": "image/png"},
            {"type": "avatar", "contentType": "image/png", "contentLength": 0},
            {"type": "avatar", "contentType": "image/png", "key": "avatars/x"},
        ],
    )
    def test_what_breaks_the_rules_is_refused(self, api: Api, headers: dict[str, str], body: dict[str, Any]) -> None:
        assert code_of(api.call("upload.presign", body, headers=headers)) == "validation.failed"

    @pytest.mark.parametrize(
        ("kind", "content_type"),
        [("avatar", "image/gif"), ("avatar", "text/html"), ("media", "application/pdf"), ("document", "video/mp4")],
    )
    def test_other_types_are_refused(self, api: Api, headers: dict[str, str], kind: str, content_type: str) -> None:
        response = api.call("upload.presign", {"type": kind, "contentType": content_type}, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "error.upload.content_type_not_allowed")

    @pytest.mark.parametrize(("kind", "mebibytes"), [("avatar", 5), ("media", 50), ("document", 10)])
    def test_the_largest_size_is_taken_and_one_byte_more_is_not(
        self, api: Api, headers: dict[str, str], kind: str, mebibytes: int
    ) -> None:
        body: dict[str, Any] = {"type": kind, "contentType": "image/png", "contentLength": mebibytes * 1024 * 1024}
        assert api.call("upload.presign", body, headers=headers).status_code == 200
        body["contentLength"] += 1
        response = api.call("upload.presign", body, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "error.upload.too_large")

    def test_types_and_sizes_are_an_admins(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{"upload.avatar.mime_types": ["image/gif"], "upload.avatar.max_bytes": 10})
        presign(api, headers, content_type="image/gif", contentLength=10)
        for body in ({"contentType": "image/png"}, {"contentType": "image/gif", "contentLength": 11}):
            assert api.call("upload.presign", {"type": "avatar"} | body, headers=headers).status_code == 400

    @pytest.mark.parametrize(
        ("kind", "content_type", "form"),
        [
            ("avatar", "image/jpeg", r"avatars/{}/[0-9a-f-]{{36}}\.jpg"),
            ("media", "video/mp4", r"media/{}/[0-9a-f-]{{36}}\.mp4"),
            ("document", "application/pdf", r"documents/{}/[0-9a-f-]{{36}}\.pdf"),
        ],
    )
    def test_the_key_names_owner_and_type(
        self, api: Api, tables: Tables, headers: dict[str, str], kind: str, content_type: str, form: str
    ) -> None:
        signed = presign(api, headers, kind, content_type)
        row = tables.one("SELECT * FROM uploads")
        assert re.fullmatch(form.format(row["user_id"]), signed["key"])
        assert signed["publicUrl"].endswith("/" + signed["key"])
        assert (signed["expiresIn"], row["key"], row["status"]) == (300, signed["key"], "PENDING")

    def test_without_a_storage_the_service_is_unavailable(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(**{"external.storage.active_provider": "s3"})
        response = api.call("upload.presign", {"type": "avatar", "contentType": "image/png"}, headers=headers)
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        assert tables.count("uploads") == 0


class TestQuota:
    """Of an account: uploads that wait for their file or a look at it, and files and bytes of a day."""

    def ask(self, api: Api, headers: dict[str, str], **more: Any) -> httpx.Response:
        body = {"type": "avatar", "contentType": "image/png"} | more
        return api.call("upload.presign", body, headers=headers)

    def test_uploads_that_wait_are_counted(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any
    ) -> None:
        server.configure(**{"upload.open_slots": 2})
        first, _ = presign(api, headers), presign(api, headers)
        refused = self.ask(api, headers)
        assert (refused.status_code, code_of(refused)) == (429, "error.upload.too_many_open")
        assert 0 < int(refused.headers["retry-after"]) <= first["expiresIn"]
        assert put(web, first, file_of("image/png")).status_code == 200
        tables.run("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE uploaded_at IS NOT NULL")
        assert self.ask(api, headers).status_code == 429  # while nobody has looked at it
        look(server)
        assert self.ask(api, headers).status_code == 200
        assert self.ask(api, headers).status_code == 429

    def test_one_that_expired_waits_no_more(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(**{"upload.open_slots": 1})
        presign(api, headers)
        tables.run("UPDATE uploads SET expires_at = now() - interval '1 second'")
        assert self.ask(api, headers).status_code == 200

    @pytest.mark.parametrize(("told", "counted"), [({"contentLength": 100}, 100), ({}, 400)])
    def test_bytes_are_counted_before_they_come(
        self, api: Api, server: Server, headers: dict[str, str], told: dict[str, int], counted: int
    ) -> None:
        """A size that was not told is the largest."""
        server.configure(**{"upload.avatar.max_bytes": 400, "upload.daily_bytes": 2 * counted})
        for _ in range(2):
            assert self.ask(api, headers, **told).status_code == 200
        refused = self.ask(api, headers, contentLength=1)
        assert (refused.status_code, code_of(refused)) == (429, "error.upload.daily_limit")
        assert refused.json()["error"]["i18nVars"] == {"maxBytes": 2 * counted}
        assert 86_000 < int(refused.headers["retry-after"]) <= 86_400

    def test_small_files_are_counted_too(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any
    ) -> None:
        """Each leaves a row, and an archive or an erasure has to deal with all of them."""
        server.configure(**{"upload.daily_files": 2})
        for _ in range(2):
            uploaded(api, headers, web)
        refused = self.ask(api, headers, contentLength=1)
        assert (refused.status_code, code_of(refused)) == (429, "error.upload.daily_files")
        assert refused.json()["error"]["i18nVars"] == {"maxFiles": 2}
        assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
        tables.run("UPDATE uploads SET created_at = now() - interval '25 hours'")
        assert self.ask(api, headers).status_code == 200

    def test_a_url_that_nobody_used_counts_for_a_day(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage
    ) -> None:
        """It was looked for as often as any other, but it brought no bytes."""
        server.configure(**{"upload.daily_files": 2, "upload.daily_bytes": 100})
        for _ in range(2):
            presign(api, headers, contentLength=100)
            assert self.ask(api, headers, contentLength=1).status_code == 429
            end_urls(server, tables)
        refused = self.ask(api, headers, contentLength=1)
        assert (refused.status_code, code_of(refused)) == (429, "error.upload.daily_files")
        tables.run("UPDATE uploads SET created_at = now() - interval '25 hours'")
        assert self.ask(api, headers, contentLength=1).status_code == 200

    def test_what_came_counts_as_it_is_and_for_a_day(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any
    ) -> None:
        server.configure(**{"upload.avatar.max_bytes": 400, "upload.daily_bytes": 500})
        assert put(web, presign(api, headers), file_of("image/png", 100)).status_code == 200
        assert self.ask(api, headers).status_code == 200
        assert self.ask(api, headers).status_code == 429
        tables.run("UPDATE uploads SET created_at = now() - interval '25 hours'")
        assert self.ask(api, headers).status_code == 200

    def test_a_refused_or_removed_file_counts_too(
        self, api: Api, server: Server, headers: dict[str, str], web: Any
    ) -> None:
        server.configure(**{"upload.daily_bytes": len(HTML)})
        assert put(web, presign(api, headers, contentLength=len(HTML)), HTML).status_code == 200
        server.work_off()
        assert self.ask(api, headers, contentLength=1).status_code == 429

    def test_each_account_has_its_own(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        server.configure(**{"upload.open_slots": 1})
        presign(api, headers)
        account(api, tables, "eve@example.com")
        assert self.ask(api, bearer(api.sign_in("eve@example.com"))).status_code == 200

    def test_calls_at_the_same_moment_do_not_slip_past(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(**{"upload.open_slots": 3})
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.ask(api, headers).status_code, range(16)))
        assert sorted(answers) == [200] * 3 + [429] * 13
        assert tables.count("uploads") == 3


class TestStatus:
    def ask(self, api: Api, headers: dict[str, str], upload_id: str) -> httpx.Response:
        return api.call("upload.status", path=f"/upload/{upload_id}", headers=headers)

    def test_only_who_asked_for_the_upload_is_told(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        signed = presign(api, headers)
        assert code_of(self.ask(api, {}, signed["uploadId"])) == "auth.unauthenticated"
        account(api, tables, "eve@example.com")
        eve = bearer(api.sign_in("eve@example.com"))
        answers = [self.ask(api, *who) for who in ((eve, signed["uploadId"]), (headers, str(uuid4())))]
        assert [(answer.status_code, code_of(answer)) for answer in answers] == [(404, "error.upload.not_found")] * 2

    def test_it_waits_until_the_file_was_looked_at(
        self, api: Api, server: Server, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        content = file_of("image/png")
        signed = presign(api, headers, contentLength=len(content))
        waiting = {
            "id": signed["uploadId"],
            "status": "PENDING",
            "reason": None,
            "message": None,
            "publicUrl": signed["publicUrl"],
        }
        assert self.ask(api, headers, signed["uploadId"]).json()["data"] == waiting
        put(web, signed, content)
        assert self.ask(api, headers, signed["uploadId"]).json()["data"] == waiting
        look(server)
        assert self.ask(api, headers, signed["uploadId"]).json()["data"] == waiting | {"status": "STORED"}

    @pytest.mark.parametrize(
        ("content", "reason", "words"),
        [
            (HTML, "not_what_it_claims", "The file is damaged, or it is not of the type that was told."),
            (png(100, 50_000, 50_000), "too_many_pixels", "The picture has too many pixels."),
            (png(5000), "too_large", "The file is larger than it may be."),
        ],
    )
    def test_it_says_why_a_file_was_refused(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any,
        content: bytes, reason: str, words: str,
    ) -> None:  # fmt: skip
        signed = presign(api, headers)
        assert put(web, signed, content).status_code == 200
        if reason == "too_large":  # as from a storage that did not heed the size
            tables.run("UPDATE uploads SET max_bytes = 4000")
        server.work_off()
        told = self.ask(api, headers, signed["uploadId"]).json()["data"]
        assert (told["status"], told["reason"], told["message"]) == ("REJECTED", reason, words)
        told = self.ask(api, headers | {"Accept-Language": "de"}, signed["uploadId"]).json()["data"]
        assert told["message"] not in (None, words)

    def test_it_says_so_where_a_film_cannot_be_cleaned(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any
    ) -> None:
        """Pictures of JPEG may have notes of their own, each of them."""
        content = file_of("video/mp4", 1000).replace(b"avc1", b"jpeg")
        signed = uploaded(api, headers, web, "media", "video/mp4", content=content)
        server.work_off()
        told = self.ask(api, headers, signed["uploadId"]).json()["data"]
        assert (told["status"], told["reason"]) == ("REJECTED", "cannot_be_cleaned")
        assert "places" in told["message"]
        assert web.get(signed["publicUrl"]).status_code == 404

    def test_without_its_storage_the_service_is_unavailable(
        self, api: Api, tables: Tables, headers: dict[str, str]
    ) -> None:
        signed = presign(api, headers)
        tables.run("UPDATE uploads SET provider = 's3'")
        answer = self.ask(api, headers, signed["uploadId"])
        assert (answer.status_code, code_of(answer)) == (503, "service.unavailable")


class TestTransfer:
    @pytest.mark.parametrize("told", [True, False])
    def test_a_good_file_is_read_by_everybody(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any, told: bool
    ) -> None:
        content = file_of("image/png", 70_000)
        more: dict[str, Any] = {"contentLength": len(content)} if told else {}
        signed = presign(api, headers, **more)
        assert put(web, signed, content).status_code == 200
        row = settle(server, tables)
        assert (row["status"], row["size"], row["provider"]) == ("STORED", 70_000, storage.name)
        shown = web.get(signed["publicUrl"])
        assert (shown.status_code, shown.content) == (200, content)
        assert shown.headers["content-type"] == "image/png"

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_every_type_is_recognised(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any, content_type: str
    ) -> None:
        kind = "document" if content_type == "application/pdf" else "media"
        assert put(web, presign(api, headers, kind, content_type), file_of(content_type)).status_code == 200
        server.work_off()
        assert tables.one("SELECT status FROM uploads")["status"] == "STORED"

    def test_another_type_than_signed_is_refused(
        self, api: Api, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers)
        assert put(web, signed, HTML, **{"Content-Type": "text/html"}).status_code == 403
        assert web.get(signed["publicUrl"]).status_code == 404

    def test_another_size_than_told_is_refused(
        self, api: Api, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers, contentLength=100)
        for size in (99, 101):
            assert put(web, signed, file_of("image/png", size)).status_code == 403
        assert put(web, signed, file_of("image/png", 100)).status_code == 200

    def test_a_size_may_be_told_as_any_whole_number(
        self, api: Api, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers, contentLength=100.0)
        assert put(web, signed, file_of("image/png", 100)).status_code == 200

    def test_an_expired_url_is_refused(
        self, api: Api, server: Server, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers, contentLength=len(file_of("image/png")))
        for stale in (True, False):
            again = signed | {"uploadUrl": signed_anew(server, storage, signed["key"], stale)}
            assert put(web, again, file_of("image/png")).status_code == (403 if stale else 200)

    @pytest.mark.parametrize("told", [True, False])
    def test_a_url_works_once(
        self, api: Api, server: Server, headers: dict[str, str], storage: Storage, web: Any, told: bool
    ) -> None:
        first, second = file_of("image/png", 70), png(70, width=2)
        length: dict[str, Any] = {"contentLength": 70} if told else {}
        signed = presign(api, headers, **length)
        assert put(web, signed, first).status_code == 200
        assert put(web, signed, second).status_code == 412
        look(server)
        assert put(web, signed, second).status_code == 412
        assert web.get(signed["publicUrl"]).content == first

    def test_the_key_of_somebody_else_is_refused(
        self, api: Api, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers)
        owner, name = signed["key"].split("/")[1:]
        for change in ((owner, str(uuid4())), (name.partition(".")[0], str(uuid4())), ("avatars/", "media/")):
            moved = signed | {"uploadUrl": signed["uploadUrl"].replace(*change, 1)}
            assert put(web, moved, file_of("image/png")).status_code == 403

    @pytest.mark.parametrize(
        ("content", "reason"),
        [(HTML, "not_what_it_claims"), (file_of("image/gif"), "not_what_it_claims"), (b"", "not_what_it_claims")],
    )
    def test_what_is_not_what_it_claims_is_removed(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any,
        content: bytes, reason: str,
    ) -> None:  # fmt: skip
        signed = presign(api, headers)
        assert put(web, signed, content).status_code == 200
        row = settle(server, tables)
        assert (row["status"], row["reason"]) == ("REJECTED", reason)
        assert web.get(signed["publicUrl"]).status_code == 404
        if storage.name == "local":
            assert put(web, signed, file_of("image/png")).status_code == 412

    def test_too_large_a_file_of_untold_size_does_not_stay(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        """It comes through our own process, wherever it is kept: no URL of another storage could bind it."""
        server.configure(**{"upload.avatar.max_bytes": 100})
        signed = presign(api, headers)
        pieces = iter((file_of("image/png", 100), b"x"))
        assert put(web, signed, file_of("image/png", 101)).status_code == 413
        response = web.put(signed["uploadUrl"], content=pieces, headers=signed["headers"])
        assert (response.status_code, code_of(response)) == (413, "file.too_large")
        assert tables.one("SELECT uploaded_at FROM uploads")["uploaded_at"] is None
        assert put(web, signed, file_of("image/png", 100)).status_code == 200
        look(server)
        assert web.get(signed["publicUrl"]).status_code == 200

    def test_a_url_that_nobody_used_ends(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers)
        server.let_time_come("storage.sweep_uploads")
        assert tables.one("SELECT status FROM uploads")["status"] == "PENDING"
        tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
        server.let_time_come("storage.sweep_uploads")
        told = api.call("upload.status", path=f"/upload/{signed['uploadId']}", headers=headers).json()["data"]
        assert (told["status"], told["reason"]) == ("DELETED", None)
        tables.run("UPDATE uploads SET created_at = now() - interval '31 days'")
        server.let_time_come("storage.sweep_uploads")
        assert tables.count("uploads") == 0

    def test_nobody_reads_a_file_before_it_was_looked_at(
        self, api: Api, server: Server, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        content = file_of("image/png")
        signed = presign(api, headers, contentLength=len(content))
        assert put(web, signed, content).status_code == 200
        lies_at = signed["publicUrl"].replace(signed["key"], incoming(signed["key"]))
        assert web.get(signed["publicUrl"]).status_code == 404
        assert web.get(lies_at).status_code in (403, 404)
        look(server)
        assert web.get(signed["publicUrl"]).content == content
        assert web.get(lies_at).status_code in (403, 404)

    def test_photos_lose_their_place_and_keep_their_side(
        self, api: Api, server: Server, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        before = photo("JPEG", exif=exif(6))
        signed = uploaded(api, headers, web, "avatar", "image/jpeg", content=before)
        shown = web.get(signed["publicUrl"]).content
        assert (PLACE in before, PLACE in shown) == (True, False)
        assert told(shown) == {ORIENTATION: 6}
        assert pixels(shown) == pixels(before)

    @pytest.mark.parametrize("told", ["IMAGE/PNG", " image/png ", "Image/Png\t"])
    def test_a_media_type_has_no_case_and_no_blanks(
        self, api: Api, server: Server, headers: dict[str, str], told: str
    ) -> None:
        url = presign(api, headers)["uploadUrl"]
        assert handed_on(server, url, {"Content-Type": told}, 100, file_of("image/png", 100))[0] == 200

    @pytest.mark.parametrize("told", [True, False])
    @pytest.mark.parametrize("came", [0, 99, 101])
    def test_other_bytes_than_announced_are_refused(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any,
        told: bool, came: int,
    ) -> None:  # fmt: skip
        """However that came to be: an HTTP server in front, or our own, may hand on less or more than the head says."""
        length: dict[str, Any] = {"contentLength": 100} if told else {}
        signed = presign(api, headers, **length)
        status, body = handed_on(server, signed["uploadUrl"], signed["headers"], 100, file_of("image/png", 120)[:came])
        code = "file.too_large" if came > 100 and told else "file.incomplete"
        assert (status, body["error"]["code"]) == (413 if code == "file.too_large" else 400, code)
        assert tables.one("SELECT status, uploaded_at FROM uploads") == {"status": "PENDING", "uploaded_at": None}
        assert list((server.settings.data_dir / "uploads" / ".partial").iterdir()) == []
        assert put(web, signed, file_of("image/png", 100)).status_code == 200

    def test_a_client_that_is_gone_leaves_nothing(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: Any
    ) -> None:
        signed = presign(api, headers)
        with begun(signed, file_of("image/png", 100)):
            partial = server.settings.data_dir / "uploads" / ".partial"
            until(lambda: partial.exists() and any(partial.iterdir()))
        until(lambda: not any(partial.iterdir()))
        assert tables.one("SELECT uploaded_at FROM uploads")["uploaded_at"] is None
        assert put(web, signed, file_of("image/png")).status_code == 200

    def test_a_url_takes_one_transfer_at_a_time(
        self, api: Api, server: Server, headers: dict[str, str], web: httpx.Client
    ) -> None:
        signed, drafts = presign(api, headers), server.settings.data_dir / "uploads" / ".partial"
        content = file_of("image/png", 100)
        with begun(signed, content) as first:
            until(lambda: len(list(drafts.iterdir())) == 1)
            refused = put(web, signed, content)
            assert (refused.status_code, code_of(refused)) == (409, "file.transfer_running")
            assert int(refused.headers["Retry-After"]) >= 1
            assert len(list(drafts.iterdir())) == 1
            first.sendall(content[50:])
            assert first.recv(100).startswith(b"HTTP/1.1 200")
        assert put(web, signed, content).status_code == 412

    def test_of_many_at_once_one_is_taken(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], web: httpx.Client
    ) -> None:
        signed = presign(api, headers)
        contents = [png(1_000_000, width=width) for width in range(1, 17)]
        with ThreadPoolExecutor(len(contents)) as pool:
            answers = list(pool.map(lambda content: put(web, signed, content).status_code, contents))
        assert answers.count(200) == 1
        assert set(answers) <= {200, 409, 412}
        look(server)
        assert web.get(signed["publicUrl"]).content == contents[answers.index(200)]

    def test_a_transfer_in_another_process_counts_too(
        self, api: Api, server: Server, headers: dict[str, str], web: httpx.Client
    ) -> None:
        signed = presign(api, headers)
        draft = server.settings.data_dir / "uploads" / ".partial" / signed["key"].replace("/", "_")
        draft.parent.mkdir(parents=True, exist_ok=True)
        holding = f"import fcntl, sys; f = open({str(draft)!r}, 'ab'); fcntl.flock(f, 2); print(flush=True); input()"
        with Popen([sys.executable, "-c", holding], stdin=PIPE, stdout=PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            assert code_of(put(web, signed, file_of("image/png"))) == "file.transfer_running"
            other.kill()
        assert draft.exists()
        assert put(web, signed, file_of("image/png")).status_code == 200
        assert not draft.exists()

    def test_the_halves_of_a_killed_process_are_removed(self, server: Server) -> None:
        drafts = server.settings.data_dir / "uploads" / ".partial"
        drafts.mkdir(parents=True, exist_ok=True)
        (left := drafts / "left").write_bytes(b"x")
        past = time.time() - FORGOTTEN_SECONDS - 1
        os.utime(left, (past, past))
        server.let_time_come("storage.sweep_uploads")
        assert not left.exists()

    @pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
    def test_an_address_may_not_call_for_ever(self, server: Server, web: httpx.Client, method: str) -> None:
        server.configure(**{f"ratelimit.files.{method.lower()}": "3/hour"})
        answers = [web.request(method, f"{server.origin}/files/x") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [403 if method == "PUT" else 404] * 3 + [429]
        assert int(answers[3].headers["Retry-After"]) > 3000
        assert f'"files.{method.lower()}";q=3;w=3600' in answers[0].headers["RateLimit-Policy"]

    def test_a_storage_that_is_away_gives_the_url_back(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        signed = presign(api, headers)
        vendor.fault = 503
        refused = put(web, signed, file_of("image/png"))
        assert (refused.status_code, code_of(refused)) == (503, "service.unavailable")
        vendor.fault = None
        assert put(web, signed, file_of("image/png")).status_code == 200

    def test_a_file_that_an_earlier_version_took_is_looked_at_where_it_lies(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        if storage.vendor:
            storage.vendor.files[signed["key"]] = storage.vendor.files.pop(incoming(signed["key"]))
        else:
            folder = server.settings.data_dir / "uploads"
            (folder / signed["key"]).parent.mkdir(parents=True, exist_ok=True)
            (folder / incoming(signed["key"])).rename(folder / signed["key"])
        assert settle(server, tables)["status"] == "STORED"
        assert web.get(signed["publicUrl"]).status_code == 200

    def test_what_came_straight_goes_when_its_url_takes_no_other(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        signed = uploaded(api, headers, web)
        assert set(vendor.files) == {signed["key"], incoming(signed["key"])}
        wait = (
            "SELECT extract(epoch FROM available_at - now()) AS s FROM outbox WHERE topic = 'storage.delete_incoming'"
        )
        assert 3600 < tables.one(wait)["s"] <= 3900
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert set(vendor.files) == {signed["key"]}

    def test_what_comes_straight_is_looked_for_until_its_url_is_over(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server
    ) -> None:
        """Each pause is three times as long as all of them before."""
        server.configure(**vendor.configured())
        signed = presign(api, headers, contentLength=100)
        tables.run("UPDATE uploads SET created_at = now() - interval '100 seconds'")
        look(server)
        waiting = "SELECT extract(epoch FROM available_at - now()) AS s FROM outbox WHERE done_at IS NULL"
        assert 295 < tables.one(waiting)["s"] < 330
        assert vendor.asked == [("HEAD", incoming(signed["key"]))]
        tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
        look(server)
        assert (tables.rows(waiting), tables.one("SELECT status FROM uploads")["status"]) == ([], "DELETED")

    def test_a_url_that_nobody_uses_costs_few_looks(self) -> None:
        made, now, looks = (start := datetime.now(UTC)), start + FIRST_LOOK, 1
        while not is_over(made + timedelta(minutes=5), now):
            now += next_look(made, made + timedelta(minutes=5), now)
            looks += 1
        assert (looks, now) == (6, made + timedelta(minutes=15))

    def test_what_comes_straight_when_nobody_looks_for_it_any_more_is_removed(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server
    ) -> None:
        """A slow transfer began in time."""
        server.configure(**vendor.configured())
        signed = presign(api, headers, contentLength=100)
        tables.run("UPDATE uploads SET expires_at = now() - interval '30 minutes'")
        look(server)
        assert tables.one("SELECT status FROM uploads")["status"] == "DELETED"
        assert_removed_when_it_comes(server, tables, vendor, signed["key"])

    def test_what_comes_straight_for_an_avatar_that_is_shown_no_more_is_removed(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server
    ) -> None:
        """Its account showed it before it came."""
        server.configure(**vendor.configured())
        signed = presign(api, headers, contentLength=100)
        assert show(api, headers, signed["publicUrl"]).status_code == 200
        assert api.call("users.avatars.remove", headers=headers).status_code == 200
        server.work_off()
        assert_removed_when_it_comes(server, tables, vendor, signed["key"])

    def test_what_comes_straight_after_its_file_was_given_up_is_removed(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server
    ) -> None:
        server.configure(**vendor.configured())
        signed = presign(api, headers, contentLength=100)
        tables.run("UPDATE outbox SET dead_at = now(), last_error = 'GivenUp: begun 16 times' WHERE done_at IS NULL")
        tables.run("UPDATE uploads SET expires_at = now() - interval '30 minutes'")
        server.let_time_come("storage.sweep_uploads")
        assert tables.one("SELECT status FROM uploads")["status"] == "REJECTED"
        assert_removed_when_it_comes(server, tables, vendor, signed["key"])

    def test_what_is_removed_while_it_is_looked_at_is_not_shown(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        try:
            vendor.on_put = lambda: tables.run("UPDATE uploads SET status = 'DELETED'")
            look(server)
        finally:
            vendor.on_put = None
        assert vendor.files == {}

    @pytest.mark.parametrize("error", ["ProviderUnavailable: s3 is away", "GivenUp: begun 16 times"])
    def test_a_look_that_fails_for_good_is_begun_anew_a_few_times_and_then_given_up(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any, error: str
    ) -> None:
        """What workers may have died of is not tried anew at all. Nothing of the file is left."""
        server.configure(**vendor.configured())
        signed = presign(api, headers)
        assert put(web, signed, file_of("image/png")).status_code == 200
        vendor.files[signed["key"]] = vendor.files[incoming(signed["key"])]  # a look ended halfway
        vendor.fault = 503
        for looks in range(1, MOST_LOOKS + 1):
            bury = "UPDATE outbox SET dead_at = now(), last_error = %s WHERE dead_at IS NULL AND topic = "
            tables.run(bury + "'storage.inspect_upload'", error)
            died = error.startswith("GivenUp")
            given_up = looks == MOST_LOOKS or died
            assert settle(server, tables)["status"] == ("REJECTED" if given_up else "PENDING")
            dead = "SELECT count(*) AS n FROM outbox WHERE topic = 'storage.inspect_upload'"
            assert tables.one(dead)["n"] == looks + (not given_up)
            if died:
                break
        vendor.fault = None
        for _ in range(2):
            tables.run("UPDATE outbox SET available_at = now()")
            server.let_time_come("storage.sweep_uploads")
        assert vendor.files == {}
        assert tables.one(dead)["n"] == looks
        told = api.call("upload.status", path=f"/upload/{signed['uploadId']}", headers=headers).json()["data"]
        assert (told["status"], told["reason"]) == ("REJECTED", "not_checked")
        assert told["message"] == "The file could not be checked. Please upload it again."

    def test_an_outage_of_the_storage_is_waited_out(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        assert put(web, presign(api, headers), HTML).status_code == 200
        vendor.fault = 503
        assert settle(server, tables)["status"] == "PENDING"
        vendor.fault = None
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert tables.one("SELECT status FROM uploads")["status"] == "REJECTED"


def assert_removed_when_it_comes(server: Server, tables: Tables, vendor: S3Server, key: str) -> None:
    vendor.files[incoming(key)] = ("image/png", file_of("image/png"))
    wait = "SELECT extract(epoch FROM available_at - now()) AS s FROM outbox WHERE topic = 'storage.delete_incoming'"
    assert tables.one(wait)["s"] > 1700
    tables.run("UPDATE outbox SET available_at = now()")
    server.work_off()
    assert vendor.files == {}


@contextmanager
def begun(signed: Any, content: bytes) -> Iterator[socket.socket]:
    """A transfer of which half the file was sent."""
    target = httpx.URL(signed["uploadUrl"])
    head = f"PUT {target.raw_path.decode()} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
    with socket.create_connection((target.host, target.port)) as client:
        client.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[: len(content) // 2])
        yield client


def signed_anew(server: Server, storage: Storage, key: str, stale: bool) -> str:
    """A URL for the same slot as the storage itself signs it, good for a minute from now or from an hour ago."""
    if storage.vendor is None:
        life = timedelta(minutes=-59 if stale else 1)
        slot = Slot(key, "image/png", 1000, None, life)
        return server.app.parts.providers.storage.of("local").presign(slot).url
    now = datetime.now(UTC) - (timedelta(hours=1) if stale else timedelta())
    length = str(len(file_of("image/png")))
    signed = {"Content-Type": "image/png", "If-None-Match": "*", "Content-Length": length}
    return sigv4.presign(
        Credentials(ACCESS_KEY, SECRET_KEY, REGION),
        "PUT",
        f"{storage.vendor.url}/{BUCKET}/{incoming(key)}",
        signed,
        60,
        now,
    )


def handed_on(
    server: Server, url: str, headers: dict[str, str], announced: int, content: bytes
) -> tuple[int, dict[str, Any]]:
    """Status and body of a PUT whose head and body were taken apart before us."""
    target = httpx.URL(url)
    lines = headers | {"content-length": str(announced), "host": "x"}
    address = {"path": target.path, "raw_path": target.raw_path, "query_string": target.query, "root_path": ""}
    peers = {"client": ("10.0.0.9", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1"}
    pairs = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
    scope = {"type": "http", "method": "PUT", "headers": pairs} | address | peers
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> None:
        await server.app.asgi(scope, receive, send)

    server.on_loop(call())
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent) or b"{}")


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


def watch(web: httpx.Client, url: str) -> set[tuple[int, int]]:
    """What somebody gets who looks until there is nothing: statuses, and the bytes of successes."""
    seen = set()
    while (404, 0) not in seen:
        answer = web.get(url)
        seen.add((answer.status_code, len(answer.content) if answer.status_code == 200 else 0))
    return seen


class TestAvatars:
    """Whose files and which hosts may be a picture, and which of them others see."""

    @pytest.mark.parametrize("name", ["users.avatars.change", "users.update_profile"])
    def test_an_own_file_that_came_is_good(
        self, api: Api, headers: dict[str, str], storage: Storage, web: Any, name: str
    ) -> None:
        signed = presign(api, headers)
        body = {"avatarUrl": signed["publicUrl"]}
        assert code_of(api.call(name, body, headers=headers)) == "error.user.avatar_not_allowed"
        put(web, signed, file_of("image/png"))
        assert api.call(name, body, headers=headers).json()["data"]["avatarUrl"] == signed["publicUrl"]

    @pytest.mark.parametrize("name", ["users.avatars.change", "users.update_profile"])
    def test_a_file_of_somebody_else_or_one_that_is_gone_is_not(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any, name: str
    ) -> None:
        signed = uploaded(api, headers, web)
        account(api, tables, "eve@example.com")
        eve = bearer(api.sign_in("eve@example.com"))
        body = {"avatarUrl": signed["publicUrl"]}
        foreign = api.call(name, body, headers=eve)
        assert (foreign.status_code, code_of(foreign)) == (400, "error.user.avatar_not_allowed")
        for status in ("REJECTED", "DELETED"):
            tables.run("UPDATE uploads SET status = %s", status)
            assert code_of(api.call(name, body, headers=headers)) == "error.user.avatar_not_allowed"
        tables.run("DELETE FROM uploads")
        assert code_of(api.call(name, body, headers=headers)) == "error.user.avatar_not_allowed"
        assert {row["avatar_url"] for row in tables.rows("SELECT avatar_url FROM users")} == {None}

    def test_others_see_own_files_that_were_looked_at(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        user_id = tables.one("SELECT id FROM users")["id"]

        def seen() -> Any:
            async def ask() -> Any:
                async with server.app.parts.database.reading() as db:
                    return await db.users.avatars_for_others([user_id, uuid4()])

            return server.on_loop(ask())

        assert show(api, headers, "https://cdn.example/a.png").status_code == 200
        assert seen() == {}
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        assert show(api, headers, signed["publicUrl"]).status_code == 200
        assert seen() == {}
        look(server)
        assert seen() == {user_id: (storage.name, signed["key"])}
        assert api.call("users.avatars.remove", headers=headers).status_code == 200
        assert seen() == {}


class TestDeleteFile:
    """What a change of avatar leaves to the worker."""

    def run(self, server: Server, tables: Tables, **payload: str) -> None:
        row = "INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'storage.delete_file', %s)"
        tables.run(row, Jsonb(payload))
        server.work_off()

    @pytest.mark.parametrize("named", [True, False])
    def test_an_old_avatar_goes(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any, named: bool
    ) -> None:
        signed = uploaded(api, headers, web)
        owner = {"user": str(tables.one("SELECT id FROM users")["id"])} if named else {}
        self.run(server, tables, url=signed["publicUrl"], **owner)
        assert web.get(signed["publicUrl"]).status_code == 404
        assert tables.one("SELECT status FROM uploads")["status"] == "DELETED"

    def test_what_is_shown_or_anothers_stays(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        avatar, media = uploaded(api, headers, web), uploaded(api, headers, web, "media")
        self.run(server, tables, url=avatar["publicUrl"], user=str(uuid4()))
        self.run(server, tables, url=media["publicUrl"])
        self.run(server, tables, url="https://elsewhere.example/" + avatar["key"])
        tables.run("UPDATE users SET avatar_url = %s", avatar["publicUrl"])
        self.run(server, tables, url=avatar["publicUrl"])
        assert [web.get(signed["publicUrl"]).status_code for signed in (avatar, media)] == [200, 200]

    def test_a_change_of_avatar_takes_the_file_along(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        urls = [presigned_and_put(api, headers, web) for _ in range(3)]
        for url in urls[:2]:
            assert show(api, headers, url).status_code == 200
        server.work_off()
        assert [web.get(url).status_code for url in urls] == [404, 200, 200]
        assert api.call("users.avatars.remove", headers=headers).status_code == 200
        server.work_off()
        assert [web.get(url).status_code for url in urls] == [404, 404, 200]

    def test_who_shows_the_file_of_somebody_else_cannot_delete_it(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        url = presigned_and_put(api, headers, web)
        account(api, tables, "eve@example.com")
        eve = bearer(api.sign_in("eve@example.com"))
        assert code_of(show(api, eve, url)) == "error.user.avatar_not_allowed"
        tables.run(
            "UPDATE users SET avatar_url = %s WHERE email = 'eve@example.com'", url
        )  # as earlier versions took it
        assert api.call("users.avatars.remove", headers=eve).status_code == 200
        server.work_off()
        assert web.get(url).status_code == 200

    def test_an_outage_is_waited_out(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        vendor.fault = None
        signed = uploaded(api, headers, web)
        vendor.fault = 503
        self.run(server, tables, url=signed["publicUrl"])
        vendor.fault = None
        assert signed["key"] in vendor.files
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert signed["key"] not in vendor.files
