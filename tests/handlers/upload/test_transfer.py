"""Files on their way to the storage, until everybody can read them."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from subprocess import PIPE, Popen
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.upload import MIME_TYPES, Slot, incoming
from providers.storage import sigv4
from providers.storage.local import FORGOTTEN_SECONDS
from providers.storage.sigv4 import Credentials
from tests.domain.formats.support import ORIENTATION, PLACE, exif, photo, pixels, told
from tests.files import file_of, png
from tests.handlers.support import until
from tests.handlers.upload.support import (
    HTML,
    Storage,
    look,
    presign,
    put,
    settle,
    uploaded,
)
from tests.harness import Api, Server, Tables, code_of
from tests.providers.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server


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
