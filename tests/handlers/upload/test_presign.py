"""URLs to upload by, and how many of them an account gets."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.files import file_of
from tests.handlers.support import account
from tests.handlers.upload.support import HTML, Storage, end_urls, look, presign, put, uploaded
from tests.harness import Api, Server, Tables, bearer, code_of


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
