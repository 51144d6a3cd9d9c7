"""What becomes of an upload."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.files import file_of, png
from tests.handlers.support import account
from tests.handlers.upload.support import HTML, Storage, look, presign, put, uploaded
from tests.harness import Api, Server, Tables, bearer, code_of


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
            (HTML, "not_what_it_claims", "The file is damaged, or it does not have the declared type."),
            (png(100, 50_000, 50_000), "too_many_pixels", "The picture has too many pixels."),
            (png(5000), "too_large", "The file is larger than allowed."),
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
