"""Uploads from the first request to the file that everybody reads, through both storages."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from psycopg.types.json import Jsonb

from domain.uploads import Slot
from providers.storage import sigv4
from providers.storage.sigv4 import Credentials
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.providers.s3_server import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, s3_server

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/gif": b"GIF89a",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
}
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def file_of(content_type: str, size: int = 100) -> bytes:
    return HEADS[content_type].ljust(size, b"\x00")


class Storage(NamedTuple):
    name: str
    vendor: S3Server | None


@pytest.fixture(scope="module")
def vendor() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, server: Server, vendor: S3Server) -> Storage:
    vendor.files.clear()
    vendor.fault = None
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
    """A client that knows nothing of the API."""
    with httpx.Client(trust_env=False) as client:
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
    """The public URL of an avatar's file that is there."""
    signed = presign(api, headers)
    assert put(web, signed, file_of("image/png")).status_code == 200
    return str(signed["publicUrl"])


def show(api: Api, headers: dict[str, str], url: str) -> httpx.Response:
    return api.call("users.avatars.change", {"avatarUrl": url}, headers=headers)


def settle(server: Server, tables: Tables) -> dict[str, Any]:
    """The upload's row after all that a worker does once the URL is over."""
    tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
    server.let_time_come("storage.sweep_uploads")
    return tables.one("SELECT * FROM uploads")


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

    @pytest.mark.parametrize("content_type", sorted(HEADS))
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
        signed = presign(api, headers)
        for stale in (True, False):
            again = signed | {"uploadUrl": signed_anew(server, storage, signed["key"], stale)}
            assert put(web, again, file_of("image/png")).status_code == (403 if stale else 200)

    def test_a_url_works_once(self, api: Api, headers: dict[str, str], storage: Storage, web: Any) -> None:
        signed, first = presign(api, headers), file_of("image/png", 50)
        assert put(web, signed, first).status_code == 200
        assert put(web, signed, file_of("image/png", 60)).status_code == 412
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
        [(HTML, "not_what_it_claims"), (HEADS["image/gif"], "not_what_it_claims"), (b"", "not_what_it_claims")],
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
        """Our own storage refuses it while it comes; the other cannot measure it and removes it afterwards."""
        server.configure(**{"upload.avatar.max_bytes": 100})
        signed = presign(api, headers)
        pieces = iter((file_of("image/png", 100), b"x"))
        if storage.name == "local":
            assert put(web, signed, file_of("image/png", 101)).status_code == 413
            response = web.put(signed["uploadUrl"], content=pieces, headers=signed["headers"])
            assert (response.status_code, code_of(response)) == (413, "file.too_large")
            assert put(web, signed, file_of("image/png", 100)).status_code == 200
        else:
            assert put(web, signed, file_of("image/png", 101)).status_code == 200
            assert settle(server, tables)["reason"] == "too_large"
            assert web.get(signed["publicUrl"]).status_code == 404

    def test_a_url_that_nobody_used_is_forgotten(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        presign(api, headers)
        server.let_time_come("storage.sweep_uploads")
        assert tables.count("uploads") == 1
        tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")
        server.let_time_come("storage.sweep_uploads")
        assert tables.count("uploads") == 0

    def test_an_outage_of_the_storage_is_waited_out(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        vendor.fault = None
        assert put(web, presign(api, headers), HTML).status_code == 200
        vendor.fault = 503
        assert settle(server, tables)["status"] == "PENDING"
        vendor.fault = None
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert tables.one("SELECT status FROM uploads")["status"] == "REJECTED"


def signed_anew(server: Server, storage: Storage, key: str, stale: bool) -> str:
    """A URL for the same slot as the storage itself signs it, good for a minute from now or from an hour ago."""
    if storage.vendor is None:
        life = timedelta(minutes=-59 if stale else 1)
        slot = Slot(key, "image/png", 1000, None, life)
        return server.app.parts.providers.storage.of("local").presign(slot).url
    now = datetime.now(UTC) - (timedelta(hours=1) if stale else timedelta())
    signed = {"Content-Type": "image/png", "If-None-Match": "*"}
    return sigv4.presign(
        Credentials(ACCESS_KEY, SECRET_KEY, REGION), "PUT", f"{storage.vendor.url}/{BUCKET}/{key}", signed, 60, now
    )


class TestServedByUs:
    def test_refusals_are_in_the_callers_language(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        url = presign(api, headers)["uploadUrl"] + "0"
        response = web.put(url, content=b"x", headers={"Content-Type": "image/png", "Accept-Language": "tr"})
        assert code_of(response) == "file.url_invalid"
        assert response.json()["error"]["message"] == "Bu bağlantı artık geçerli değil."  # noqa: RUF001 - Turkish
        assert response.headers["x-correlation-id"] == response.json()["error"]["correlationId"]

    def test_nothing_that_is_shown_can_run(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        shown = web.get(signed["publicUrl"])
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert "content-disposition" not in shown.headers

    def test_documents_are_offered_for_download(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        signed = presign(api, headers, "document", "application/pdf")
        put(web, signed, file_of("application/pdf"))
        assert web.get(signed["publicUrl"]).headers["content-disposition"].startswith("attachment")

    def test_parts_can_be_asked_for(self, api: Api, web: httpx.Client, headers: dict[str, str]) -> None:
        signed, content = presign(api, headers, "media", "video/mp4"), file_of("video/mp4", 1000)
        put(web, signed, content)
        part = web.get(signed["publicUrl"], headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, content[10:20])
        assert web.head(signed["publicUrl"]).headers["content-length"] == "1000"

    @pytest.mark.parametrize(
        "path", ["", "x", "../secret", "avatars/../../secret", "%2e%2e/secret", "exports", "exports/x", ".partial/x"]
    )
    def test_nothing_else_is_shown(self, server: Server, web: httpx.Client, path: str) -> None:
        response = web.get(f"{server.origin}/files/{path}")
        assert (response.status_code, code_of(response)) == (404, "route.not_found")

    def test_other_methods_are_refused(self, server: Server, web: httpx.Client) -> None:
        response = web.post(f"{server.origin}/files/avatars/x")
        assert (response.status_code, code_of(response)) == (405, "route.method_not_allowed")
        assert response.headers["allow"] == "GET, HEAD, PUT"
        assert web.head(f"{server.origin}/files/exports/x").headers["allow"] == "GET"


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
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        owner = {"user": str(tables.one("SELECT id FROM users")["id"])} if named else {}
        self.run(server, tables, url=signed["publicUrl"], **owner)
        assert web.get(signed["publicUrl"]).status_code == 404
        assert tables.one("SELECT status FROM uploads")["status"] == "DELETED"

    def test_what_is_shown_or_anothers_stays(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], storage: Storage, web: Any
    ) -> None:
        avatar, media = presign(api, headers), presign(api, headers, "media")
        for signed in (avatar, media):
            put(web, signed, file_of("image/png"))
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
        assert show(api, eve, url).status_code == 200
        assert api.call("users.avatars.remove", headers=eve).status_code == 200
        server.work_off()
        assert web.get(url).status_code == 200

    def test_an_outage_is_waited_out(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], vendor: S3Server, web: Any
    ) -> None:
        server.configure(**vendor.configured())
        vendor.fault = None
        signed = presign(api, headers)
        put(web, signed, file_of("image/png"))
        vendor.fault = 503
        self.run(server, tables, url=signed["publicUrl"])
        vendor.fault = None
        assert signed["key"] in vendor.files
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert signed["key"] not in vendor.files
