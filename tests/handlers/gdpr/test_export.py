"""The copy of all data about an account: asked for, built by the worker, downloaded once."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import httpx
import pytest

from domain.gdpr import EXPORT_TRIES
from persistence.personal import PERSONAL
from tests.handlers.gdpr.test_delete import end_grace, state, upload
from tests.handlers.support import account, audited, change, insert, until
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.providers.s3_server import S3Server, s3_server
from tests.providers.servers import closed_port

EMAIL = "ada@example.com"
LARGE = 64 * 1024 * 1024


@pytest.fixture
def headers(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables)
    return bearer(api.sign_in())


def ask(api: Api, headers: dict[str, str]) -> str:
    response = api.call("gdpr.export", headers=headers)
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["id"])


def status(api: Api, request_id: str, headers: dict[str, str]) -> httpx.Response:
    return api.call("gdpr.export_status", path=f"/gdpr/export/{request_id}/status", headers=headers)


def download(api: Api, request_id: str, headers: dict[str, str]) -> httpx.Response:
    return api.call("gdpr.export_download", path=f"/gdpr/export/{request_id}/download", headers=headers)


def built(api: Api, server: Server, headers: dict[str, str]) -> str:
    """The URL of an archive that is there."""
    request_id = ask(api, headers)
    server.work_off()
    return str(download(api, request_id, headers).json()["data"]["downloadUrl"])


def built_for(api: Api, server: Server, tables: Tables, email: str) -> str:
    account(api, tables, email)
    return built(api, server, bearer(api.sign_in(email)))


def enlarge(server: Server, tables: Tables) -> None:
    """More than a connection takes while nobody reads from it."""
    tables.run("UPDATE data_exports SET size = %s", LARGE)
    os.truncate(server.settings.data_dir / "uploads" / tables.one("SELECT key FROM data_exports")["key"], LARGE)


def begun(api: Api, url: str) -> int:
    """With which status the answer begins; the rest is not read."""
    with api.stream("GET", url) as response:
        return response.status_code


def archive(response: httpx.Response) -> dict[str, Any]:
    """File name -> JSON, or text where it is none."""
    assert response.status_code == 200, response.text
    with ZipFile(BytesIO(response.content)) as file:
        assert file.testzip() is None
        texts = {name: file.read(name).decode() for name in file.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()}


class TestExport:
    def test_it_is_pending_and_the_owner_told(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        data = api.call("gdpr.export", headers=headers).json()["data"]
        assert data["status"] == "PENDING"
        assert tables.one("SELECT id, kind FROM gdpr_requests") == {"id": UUID(data["id"]), "kind": "EXPORT"}
        assert audited(tables, "gdpr.export.requested")
        subjects = [mail["subject"] for mail in api.mails(EMAIL)]
        assert subjects == ["Your data is ready", "We are preparing your data"]

    @pytest.mark.parametrize("standing", ["PENDING", "PROCESSING"])
    def test_one_at_a_time(self, api: Api, tables: Tables, headers: dict[str, str], standing: str) -> None:
        ask(api, headers)
        tables.run("UPDATE gdpr_requests SET status = %s", standing)
        response = api.call("gdpr.export", headers=headers)
        assert (response.status_code, code_of(response)) == (409, "error.gdpr.export_already_pending")

    @pytest.mark.parametrize("ended", ["COMPLETED", "FAILED", "CANCELLED"])
    def test_after_the_last_one_ended_another_may_follow(
        self, api: Api, tables: Tables, headers: dict[str, str], ended: str
    ) -> None:
        ask(api, headers)
        tables.run("UPDATE gdpr_requests SET status = %s", ended)
        ask(api, headers)

    def test_the_older_form_refuses_only_what_is_pending(
        self, api: Api, tables: Tables, headers: dict[str, str]
    ) -> None:
        request_id = api.call("gdpr.export_legacy", headers=headers).json()["data"]["requestId"]
        response = api.call("gdpr.export_legacy", headers=headers)
        assert (response.status_code, code_of(response)) == (409, "error.user.export_in_progress")
        tables.run("UPDATE gdpr_requests SET status = 'PROCESSING'")
        second = api.call("gdpr.export_legacy", headers=headers).json()["data"]["requestId"]
        assert second != request_id


class TestExportStatus:
    def test_it_goes_from_pending_to_completed(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        request_id = ask(api, headers)
        assert status(api, request_id, headers).json()["data"]["status"] == "PENDING"
        server.work_off()
        data = status(api, request_id, headers).json()["data"]
        assert (data["id"], data["status"]) == (request_id, "COMPLETED")
        assert data["completedAt"] >= data["createdAt"]

    @pytest.mark.parametrize("of_request", [status, download])
    def test_unknown_and_foreign_ones_are_refused(
        self, api: Api, tables: Tables, headers: dict[str, str], of_request: Any
    ) -> None:
        unknown = of_request(api, str(uuid4()), headers)
        assert (unknown.status_code, code_of(unknown)) == (404, "error.gdpr.request_not_found")
        assert code_of(of_request(api, "nonsense", headers)) == "validation.failed"
        request_id = ask(api, headers)
        account(api, tables, "eve@example.com")
        foreign = of_request(api, request_id, bearer(api.sign_in("eve@example.com")))
        assert (foreign.status_code, code_of(foreign)) == (403, "error.gdpr.not_owner")


class TestExportDownload:
    @pytest.mark.parametrize("standing", ["PENDING", "PROCESSING", "FAILED", "CANCELLED"])
    def test_before_it_is_completed_there_is_none(
        self, api: Api, tables: Tables, headers: dict[str, str], standing: str
    ) -> None:
        request_id = ask(api, headers)
        tables.run("UPDATE gdpr_requests SET status = %s", standing)
        response = download(api, request_id, headers)
        assert (response.status_code, code_of(response)) == (404, "error.gdpr.export_not_ready")

    def test_a_wish_to_be_erased_is_no_export(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        user_id = tables.one("SELECT id FROM users")["id"]
        request_id = insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION")
        response = download(api, str(request_id), headers)
        assert (response.status_code, code_of(response)) == (400, "error.gdpr.not_export")

    def test_the_url_works_once(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        url = built(api, server, headers)
        first = api.get(url)
        assert first.status_code == 200
        assert first.headers["content-disposition"] == 'attachment; filename="biore-export.zip"'
        again = api.get(url)
        assert (again.status_code, code_of(again)) == (410, "file.download_spent")

    def test_a_new_url_can_be_asked_for_and_ends_the_others(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        request_id, urls = ask(api, headers), []
        server.work_off()
        for _ in range(2):
            urls.append(download(api, request_id, headers).json()["data"]["downloadUrl"])
            assert api.get(urls[-1]).status_code == 200
        assert [api.get(url).status_code for url in urls] == [410, 410]

    def test_an_account_is_given_two_archives_at_a_time(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        """A third one is refused without spending its URL, and works when one of the others has ended."""
        request_id = ask(api, headers)
        server.work_off()
        enlarge(server, tables)

        def url() -> str:
            return str(download(api, request_id, headers).json()["data"]["downloadUrl"])

        with api.stream("GET", url()) as first:
            with api.stream("GET", url()) as second:
                assert (first.status_code, second.status_code) == (200, 200)
                third = url()
                refused = api.get(third)
                assert (refused.status_code, code_of(refused)) == (503, "service.unavailable")
                assert refused.headers["retry-after"] == "5"
                assert begun(api, built_for(api, server, tables, "eve@example.com")) == 200
            until(lambda: begun(api, third) == 200)

    def test_changed_urls_are_refused(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        url = built(api, server, headers)
        other = re.sub("session=[^&]+", f"session={uuid4()}", url)
        assert code_of(api.get(other)) == "file.url_invalid"
        changes = [
            ("downloads=0", "downloads=1"),
            ("session=", "session=x"),
            ("expires=1", "expires=2"),
            ("signature=", "signature=0"),
        ]
        bad = [url.replace(*change) for change in changes] + [url.partition("?")[0]]
        bad += [url.replace("downloads=0", f"downloads={odd}") for odd in ("", "x", "9" * 400, "-1")]
        answers = [api.get(other) for other in bad]
        assert {(answer.status_code, code_of(answer)) for answer in answers} == {(403, "file.url_invalid")}
        assert api.get(url).status_code == 200

    def test_after_its_time_the_archive_is_gone(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        request_id = ask(api, headers)
        server.work_off()
        data = download(api, request_id, headers).json()["data"]
        kept = datetime.fromisoformat(data["expiresAt"]) - datetime.now(UTC)
        assert timedelta(hours=23, minutes=59) < kept <= timedelta(hours=24)
        file = server.settings.data_dir / "uploads" / tables.one("SELECT key FROM data_exports")["key"]
        assert file.exists()
        tables.run("UPDATE data_exports SET expires_at = now() - interval '1 second'")
        assert code_of(download(api, request_id, headers)) == "error.gdpr.export_not_ready"
        assert code_of(api.get(data["downloadUrl"])) == "file.download_spent"
        server.let_time_come("gdpr.sweep_exports")
        assert not file.exists()
        assert tables.count("data_exports") == 0

    @pytest.mark.parametrize(
        "end",
        [
            "UPDATE sessions SET revoked_at = now()",
            "UPDATE sessions SET confirmed_at = NULL",
            "UPDATE sessions SET expires_at = now()",
            "DELETE FROM sessions",
        ],
    )
    def test_a_url_ends_with_the_session_and_the_proof_that_it_was_asked_by(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], end: str
    ) -> None:
        url = built(api, server, headers)
        tables.run(end)
        assert code_of(api.get(url)) == "file.download_spent"
        assert tables.one("SELECT downloads FROM data_exports")["downloads"] == 0

    def test_signing_out_everywhere_ends_it(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        url = built(api, server, headers)
        assert api.call("auth.sessions.revoke_all", headers=bearer(api.sign_in())).status_code == 200
        assert code_of(api.get(url)) == "file.download_spent"

    def test_it_works_with_the_other_storage(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        with s3_server() as vendor:
            server.configure(**vendor.configured())
            url = built(api, server, headers)
            assert url.startswith(server.origin)
            vendor.fault = 503
            assert code_of(api.get(url)) == "service.unavailable"
            vendor.fault = None
            assert archive(api.get(url))["users.json"]
            assert code_of(api.get(url)) == "file.download_spent"


class TestArchive:
    def test_it_explains_itself(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        files = archive(api.get(built(api, server, headers)))
        manifest = files["manifest.json"]
        listed = {entry["file"]: entry for entry in manifest["files"] if "file" in entry}
        assert files.keys() == {*listed, "manifest.json", "README.txt"}
        for name, entry in listed.items():
            assert len(files[name]) == entry["rows"]
            assert entry["about"] in files["README.txt"]
        assert listed["users.json"]["withheld"].keys() >= {"password_hash", "two_factor_secret"}

    def test_it_holds_what_is_known_and_nothing_of_others(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        user_id = tables.one("SELECT id FROM users")["id"]
        change(tables, "users", user_id, display_name="Ada", bio="Notes on engines.", phone="+905551112212")
        insert(tables, "consent_records", user_id=user_id, kind="terms", granted=True, version="1.0")
        other = account(api, tables, "mallory@example.com")
        names = {"platform_user_id": "77", "platform_username": "mallory"}
        insert(tables, "social_accounts", user_id=other, platform="x", **names)
        url = upload(api, headers)
        server.work_off()
        files = archive(api.get(built(api, server, headers)))
        (user,) = files["users.json"]
        assert (user["email"], user["display_name"], user["phone"]) == (EMAIL, "Ada", "+905551112212")
        assert files["consent_records.json"][0]["version"] == "1.0"
        assert files["sessions.json"][0]["user_agent"] == "tests"
        assert files["media.json"][0]["url"] == url
        assert "mallory" not in json.dumps(files)

    def test_no_secret_is_in_it(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        user_id = tables.one("SELECT id FROM users")["id"]
        change(tables, "users", user_id, two_factor_secret="the-factor-secret")
        insert(tables, "backup_codes", user_id=user_id, code_hash=b"backup-code-hash")
        secrets = [
            "the-factor-secret",
            b"backup-code-hash".hex(),
            tables.one("SELECT password_hash FROM users")["password_hash"],
        ]
        files = json.dumps(archive(api.get(built(api, server, headers))))
        assert [secret for secret in secrets if secret in files] == []

    def test_many_rows_are_all_there(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        tables.run(
            "INSERT INTO consent_records (id, user_id, kind, granted, version) "
            "SELECT gen_random_uuid(), (SELECT id FROM users), 'terms', true, n::text FROM generate_series(1, 1001) n"
        )
        files = archive(api.get(built(api, server, headers)))
        assert {row["version"] for row in files["consent_records.json"]} == {str(n) for n in range(1, 1002)}

    def test_every_table_is_in_it_or_said_to_be_left_out(
        self, api: Api, server: Server, headers: dict[str, str]
    ) -> None:
        entries = archive(api.get(built(api, server, headers)))["manifest.json"]["files"]
        told = {entry.get("table") or Path(entry["file"]).stem for entry in entries}
        assert told == {section.name for section in PERSONAL} | {"media", "done_to_you"}


@contextmanager
def once_the_storage_has_it(vendor: S3Server, act: Callable[[], object]) -> Iterator[None]:
    """Act while the archive is on its way: after the job began, before it ends."""
    vendor.on_put = act
    try:
        yield
    finally:
        vendor.on_put = None


class TestFailure:
    def test_an_erasure_that_begins_meanwhile_leaves_no_archive(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        def begin() -> None:
            tables.run("UPDATE users SET status = 'DELETED'")

        with s3_server() as vendor, once_the_storage_has_it(vendor, begin):
            server.configure(**vendor.configured())
            ask(api, headers)
            server.work_off()
            assert vendor.puts == 1
            assert vendor.files == {}
        assert tables.count("data_exports") == 0

    def test_a_whole_erasure_meanwhile_leaves_nothing(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        def erase() -> None:
            end_grace(tables)
            server.let_time_come("gdpr.erase_due")
            assert state(tables) == ("DELETED", ["COMPLETED"])

        with s3_server() as vendor, once_the_storage_has_it(vendor, erase):
            server.configure(**vendor.configured())
            ask(api, headers)
            api.call("gdpr.delete", headers=headers)
            server.work_off()
            assert (vendor.puts, vendor.files) == (1, {})
        assert (state(tables), tables.count("data_exports")) == (("DELETED", ["COMPLETED"]), 0)
        export = tables.one("SELECT status FROM gdpr_requests WHERE kind = 'EXPORT'")
        assert export["status"] == "CANCELLED"

    def test_after_some_tries_it_has_failed_and_may_be_asked_again(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(
            **{
                "external.storage.active_provider": "s3",
                "external.storage.s3.endpoint": f"http://127.0.0.1:{closed_port()}",
                "external.storage.s3.bucket": "files",
                "external.storage.s3.access_key_id": "k",
                "external.storage.s3.secret_access_key": "s",
            }
        )
        request_id = ask(api, headers)
        for _ in range(EXPORT_TRIES):
            assert status(api, request_id, headers).json()["data"]["status"] in ("PENDING", "PROCESSING")
            server.work_off()
            tables.run("UPDATE outbox SET available_at = now()")
        assert status(api, request_id, headers).json()["data"]["status"] == "FAILED"
        server.configure(**{"external.storage.active_provider": "local"})
        second = ask(api, headers)
        server.work_off()
        assert status(api, second, headers).json()["data"]["status"] == "COMPLETED"

    @pytest.mark.parametrize("tries", [1, EXPORT_TRIES])
    def test_an_archive_that_the_storage_kept_nevertheless_is_removed(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], tries: int
    ) -> None:
        """It answered too late, or with a fault: until it is given up, or the account is erased before."""
        with s3_server() as vendor:
            server.configure(**vendor.configured())
            vendor.put_status = 500
            request_id = ask(api, headers)
            for _ in range(tries):
                server.work_off()
                tables.run("UPDATE outbox SET available_at = now()")
            assert vendor.puts == tries
            if tries == EXPORT_TRIES:
                assert status(api, request_id, headers).json()["data"]["status"] == "FAILED"
            else:
                tables.run("UPDATE outbox SET available_at = now() + interval '1 hour' WHERE done_at IS NULL")
                api.call("gdpr.delete", headers=headers)
                end_grace(tables)
                server.let_time_come("gdpr.erase_due")
            server.work_off()
            assert vendor.files == {}

    def test_one_whose_job_was_lost_is_given_up(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        request_id = ask(api, headers)
        tables.run("UPDATE gdpr_requests SET status = 'PROCESSING', created_at = now() - interval '2 days'")
        tables.run("DELETE FROM outbox")
        server.let_time_come("gdpr.sweep_exports")
        assert status(api, request_id, headers).json()["data"]["status"] == "FAILED"

    def test_the_archive_of_a_worker_that_died_goes_when_it_is_given_up(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        """The storage had it already, and the job is lost."""
        with s3_server() as vendor:
            server.configure(**vendor.configured())
            vendor.put_status = 500
            ask(api, headers)
            server.work_off()
            assert len(vendor.files) == 1
            tables.run("UPDATE gdpr_requests SET created_at = now() - interval '2 days'")
            tables.run("DELETE FROM outbox")
            server.let_time_come("gdpr.sweep_exports")
            server.work_off()
            assert vendor.files == {}

    def test_a_worker_that_was_given_up_spoils_no_archive(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        """Its lease ran out while it wrote; another one takes over and is done first."""

        def take_over() -> None:
            vendor.on_put = None
            tables.run("UPDATE outbox SET leased_until = now() - interval '1 second' WHERE topic = 'gdpr.build_export'")
            server.work_off()

        with s3_server() as vendor, once_the_storage_has_it(vendor, take_over):
            server.configure(**vendor.configured())
            url = built(api, server, headers)
            assert vendor.puts == 2
            assert list(vendor.files) == [tables.one("SELECT key FROM data_exports")["key"]]
            assert archive(api.get(url))["users.json"]

    def test_an_erased_account_gets_none(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        ask(api, headers)
        tables.run("UPDATE users SET status = 'DELETED'")
        server.work_off()
        assert tables.count("data_exports") == 0
