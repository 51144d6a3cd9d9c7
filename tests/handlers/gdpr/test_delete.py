"""The wish to be erased: asked for, taken back, and carried out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.upload import TYPES
from jobs.gdpr import BATCH
from tests.files import png
from tests.handlers.support import account, audited, change, insert, tombstone
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, code_of
from tests.providers.servers import closed_port

EMAIL = "ada@example.com"


def leaving(api: Api, tables: Tables) -> str:
    """The token that somebody is mailed who asked to be erased."""
    account(api, tables)
    asked = api.call("gdpr.delete", headers=bearer(api.sign_in()))
    assert asked.status_code == 200, asked.text
    match = TOKEN.search(api.mails(EMAIL)[0]["text"])
    assert match is not None
    return match[1]


def state(tables: Tables) -> tuple[str, list[str]]:
    """Of the account, and of its requests to be erased, the oldest first."""
    requests = tables.rows("SELECT status FROM gdpr_requests WHERE kind = 'DELETION' ORDER BY created_at")
    return tables.one("SELECT status FROM users")["status"], [row["status"] for row in requests]


def end_grace(tables: Tables) -> None:
    assert tables.run("UPDATE gdpr_requests SET grace_ends_at = now() - interval '1 second' WHERE kind = 'DELETION'")


def upload(api: Api, headers: dict[str, str], kind: str = "avatar") -> str:
    """A file that is there; its public URL."""
    signed = api.call("upload.presign", {"type": kind, "contentType": "image/png"}, headers=headers).json()["data"]
    assert api.put(signed["uploadUrl"], content=png(), headers=signed["headers"]).status_code == 200
    return str(signed["publicUrl"])


class TestDelete:
    def test_an_account_that_is_gone_cannot_ask(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        tables.run("DELETE FROM users")
        for name in ("gdpr.delete", "gdpr.export", "gdpr.export_legacy"):
            assert code_of(api.call(name, headers=headers)) == "auth.unauthenticated"

    def test_the_account_is_deactivated_and_every_session_ends(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        other, own = bearer(api.sign_in()), bearer(api.sign_in())
        data = api.call("gdpr.delete", headers=own).json()["data"]
        assert data["status"] == "PENDING"
        ends = datetime.fromisoformat(data["gracePeriodEnds"])
        assert timedelta(days=30) - (ends - datetime.now(UTC)) < timedelta(minutes=1)
        assert state(tables) == ("DEACTIVATED", ["PENDING"])
        for headers in (own, other):
            assert code_of(api.call("auth.me", headers=headers)) == "auth.unauthenticated"
        assert audited(tables, "gdpr.delete.requested")

    def test_signing_in_answers_as_deactivated_and_mails_a_way_back(self, api: Api, tables: Tables) -> None:
        leaving(api, tables)
        refused = api.call("auth.login", {"email": EMAIL, "password": PASSWORD})
        assert code_of(refused) == "auth.login.account_deactivated"
        match = TOKEN.search(api.mails(EMAIL)[0]["text"])
        assert match is not None
        assert api.call("users.reactivate", {"token": match[1]}).status_code == 200
        assert state(tables) == ("ACTIVE", ["CANCELLED"])

    def test_the_grace_is_an_admins(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"gdpr.delete_grace_days": 3})
        account(api, tables)
        data = api.call("gdpr.delete", headers=bearer(api.sign_in())).json()["data"]
        ends = datetime.fromisoformat(data["gracePeriodEnds"])
        assert timedelta(days=3) - (ends - datetime.now(UTC)) < timedelta(minutes=1)

    def test_one_is_enough(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION")
        response = api.call("gdpr.delete", headers=bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (409, "error.gdpr.deletion_already_pending")

    def test_the_mail_names_the_day(self, api: Api, tables: Tables) -> None:
        leaving(api, tables)
        text = api.mails(EMAIL)[0]["text"]
        assert f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}" in text


class TestDeleteLegacy:
    def ask(self, api: Api, headers: dict[str, str], password: str = PASSWORD) -> Any:
        return api.call("gdpr.delete_legacy", {"password": password}, headers=headers)

    def test_a_wrong_password_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = self.ask(api, bearer(api.sign_in()), "Wrong-Horse-7")
        assert (response.status_code, code_of(response)) == (400, "error.user.password_incorrect")
        assert state(tables) == ("ACTIVE", [])

    def test_an_account_without_password_is_refused(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        headers = bearer(api.sign_in())
        change(tables, "users", user_id, password_hash=None)
        response = self.ask(api, headers)
        assert (response.status_code, code_of(response)) == (400, "error.user.password_required")

    def test_an_account_that_is_gone_is_not_found(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        tables.run("DELETE FROM users")
        response = self.ask(api, headers)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_one_is_enough(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION")
        response = self.ask(api, bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (409, "error.user.deletion_scheduled")

    def test_it_does_what_the_newer_one_does(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        ends = datetime.fromisoformat(self.ask(api, headers).json()["data"]["scheduledAt"])
        assert timedelta(days=30) - (ends - datetime.now(UTC)) < timedelta(minutes=1)
        assert state(tables) == ("DEACTIVATED", ["PENDING"])
        assert code_of(api.call("auth.me", headers=headers)) == "auth.unauthenticated"
        assert TOKEN.search(api.mails(EMAIL)[0]["text"])


class TestCancel:
    def cancel(self, api: Api, token: str) -> Any:
        return api.call("gdpr.cancel_deletion", headers={"X-Reactivate-Token": token})

    def test_neither_token_nor_session_is_refused(self, api: Api) -> None:
        assert code_of(api.call("gdpr.cancel_deletion")) == "auth.unauthenticated"

    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_an_unknown_token_is_refused(self, api: Api, token: str) -> None:
        response = self.cancel(api, token)
        assert (response.status_code, code_of(response)) == (400, "error.user.reactivation_invalid")

    def test_a_token_too_long_is_refused(self, api: Api) -> None:
        assert code_of(self.cancel(api, "x" * 129)) == "validation.failed"

    def test_without_a_wish_there_is_nothing_to_cancel(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = api.call("gdpr.cancel_deletion", headers=bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (404, "error.gdpr.no_pending_deletion")

    def test_the_mailed_token_takes_it_back_once(self, api: Api, tables: Tables) -> None:
        token = leaving(api, tables)
        assert self.cancel(api, token).status_code == 200
        assert state(tables) == ("ACTIVE", ["CANCELLED"])
        assert tables.rows("SELECT 1 FROM sessions WHERE revoked_at IS NULL") == []
        assert code_of(self.cancel(api, token)) == "error.user.reactivation_invalid"
        assert api.sign_in()
        assert "cancelled" in api.mails(EMAIL)[0]["text"]
        assert audited(tables, "gdpr.delete.cancelled")

    def test_a_token_is_not_spent_where_nothing_is_pending(self, api: Api, tables: Tables) -> None:
        token = leaving(api, tables)
        tables.run("UPDATE gdpr_requests SET status = 'PROCESSING'")
        assert code_of(self.cancel(api, token)) == "error.gdpr.no_pending_deletion"
        assert tables.one("SELECT used_at FROM reactivation_tokens")["used_at"] is None

    def test_the_account_may_ask_again(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"ratelimit.gdpr.delete": "2/day"})
        self.cancel(api, leaving(api, tables))
        assert api.call("gdpr.delete", headers=bearer(api.sign_in())).status_code == 200
        assert state(tables) == ("DEACTIVATED", ["CANCELLED", "PENDING"])

    def test_a_banned_account_stays_banned(self, api: Api, tables: Tables) -> None:
        token = leaving(api, tables)
        tables.run("UPDATE users SET status = 'BANNED'")
        assert self.cancel(api, token).status_code == 200
        assert state(tables) == ("BANNED", ["CANCELLED"])


@pytest.fixture
def storage_gone(server: Server) -> Iterator[None]:
    """New files would go to a storage that nobody reaches."""
    server.configure(
        **{
            "external.storage.active_provider": "s3",
            "external.storage.s3.endpoint": f"http://127.0.0.1:{closed_port()}",
            "external.storage.s3.bucket": "files",
            "external.storage.s3.access_key_id": "k",
            "external.storage.s3.secret_access_key": "s",
        }
    )
    yield
    server.configure(**{"external.storage.active_provider": "local"})


class TestErasure:
    def test_nothing_happens_before_the_grace_ended(self, api: Api, server: Server, tables: Tables) -> None:
        leaving(api, tables)
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("DEACTIVATED", ["PENDING"])

    def test_a_wish_taken_back_is_not_carried_out(self, api: Api, server: Server, tables: Tables) -> None:
        token = leaving(api, tables)
        end_grace(tables)
        api.call("gdpr.cancel_deletion", headers={"X-Reactivate-Token": token})
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("ACTIVE", ["CANCELLED"])

    def test_afterwards_only_the_tombstone_is_left(self, api: Api, server: Server, tables: Tables) -> None:
        token = leaving(api, tables)
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("DELETED", ["COMPLETED"])
        assert tables.one("SELECT email FROM users")["email"] == tombstone(api.server, EMAIL)
        assert code_of(api.register(EMAIL)) == "auth.register.account_previously_deleted"
        wrong = api.call("auth.login", {"email": EMAIL, "password": PASSWORD})
        assert code_of(wrong) == "auth.login.invalid_credentials"
        headers = {"X-Reactivate-Token": token}
        assert code_of(api.call("gdpr.cancel_deletion", headers=headers)) == "error.gdpr.no_pending_deletion"
        assert code_of(api.call("users.reactivate", {"token": token})) == "error.user.account_not_deactivated"
        state_of_link = api.call("auth.reactivation.validate", params={"token": token}).json()["data"]
        assert state_of_link["status"] == "deleted"

    def test_the_person_is_told_at_the_address_that_is_gone(self, api: Api, server: Server, tables: Tables) -> None:
        leaving(api, tables)
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        (mail,) = api.mails(EMAIL)
        assert mail["subject"] == "Your account was deleted"
        assert [row["payload"] for row in tables.rows("SELECT payload FROM outbox")] == [{}] * tables.count("outbox")

    def test_files_and_archives_go(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        urls = [upload(api, headers, kind) for kind in ("avatar", *TYPES)]
        for url in urls[:2]:
            assert api.call("users.avatars.change", {"avatarUrl": url}, headers=headers).status_code == 200
        api.call("gdpr.export", headers=headers)
        server.work_off()
        assert [api.get(url).status_code for url in urls] == [404, 200, 200, 200]
        archive = server.settings.data_dir / "uploads" / tables.one("SELECT key FROM data_exports")["key"]
        assert archive.exists()
        api.call("gdpr.delete", headers=headers)
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        assert {api.get(url).status_code for url in urls} == {404}
        assert not archive.exists()
        assert tables.one("SELECT avatar_url FROM users")["avatar_url"] is None
        assert (tables.count("uploads"), tables.count("data_exports")) == (0, 0)

    def test_files_beyond_one_batch_go_too(self, api: Api, server: Server, tables: Tables) -> None:
        leaving(api, tables)
        owner = tables.one("SELECT id FROM users")["id"]
        tables.run(
            "INSERT INTO uploads (id, user_id, kind, key, provider, content_type, max_bytes, status, expires_at) "
            "SELECT id, %s, 'media', 'media/' || %s || '/' || id || '.png', 'local', 'image/png', 9, 'STORED', now() "
            "FROM (SELECT gen_random_uuid() AS id FROM generate_series(0, %s)) AS ids",
            owner,
            str(owner),
            BATCH,
        )
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        assert (state(tables), tables.count("uploads")) == (("DELETED", ["COMPLETED"]), 0)

    def test_it_waits_for_the_storage_and_cannot_be_stopped_then(
        self, api: Api, server: Server, tables: Tables, storage_gone: None
    ) -> None:
        """A file is with a storage that is away."""
        token = leaving(api, tables)
        owner = tables.one("SELECT id FROM users")["id"]
        put_row(tables, owner, "s3")
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("DELETED", ["PROCESSING"])
        assert tables.one("SELECT email FROM users")["email"] == EMAIL
        for name in ("gdpr.cancel_deletion", "users.reactivate"):
            assert api.call(name, headers={"X-Reactivate-Token": token}).status_code in (400, 404)
        assert state(tables) == ("DELETED", ["PROCESSING"])
        tables.run("UPDATE uploads SET provider = 'local'")
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert state(tables) == ("DELETED", ["COMPLETED"])

    @pytest.mark.parametrize("table", ["sessions", "uploads", "social_accounts", "users"])
    def test_rows_go_all_at_once_or_not_at_all(self, api: Api, server: Server, tables: Tables, table: str) -> None:
        leaving(api, tables)
        owner = tables.one("SELECT id FROM users")["id"]
        put_row(tables, owner, "local")
        insert(tables, "social_accounts", user_id=owner, platform="x", platform_user_id="1", platform_username="ada")
        end_grace(tables)
        change_ = "UPDATE OF email" if table == "users" else "DELETE"
        tables.run("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stop'; END $$")
        tables.run(f"CREATE TRIGGER stop BEFORE {change_} ON {table} FOR EACH ROW EXECUTE FUNCTION stop()")
        try:
            before = tables.fingerprints()
            server.let_time_come("gdpr.erase_due")
            assert state(tables) == ("DELETED", ["PROCESSING"])
            gone = {"uploads"} - {table}  # a row of a file goes as soon as its file is gone
            assert tables.changed_since(before) == {"users", "gdpr_requests", "outbox"} | gone
            assert tables.one("SELECT email, password_hash IS NULL AS bare FROM users") == {
                "email": EMAIL,
                "bare": False,
            }
        finally:
            tables.run("DROP FUNCTION stop() CASCADE")
        tables.run("UPDATE outbox SET available_at = now()")
        server.work_off()
        assert state(tables) == ("DELETED", ["COMPLETED"])
        assert tables.count("social_accounts") == 0

    def test_a_begun_one_that_lost_its_job_is_taken_up(self, api: Api, server: Server, tables: Tables) -> None:
        leaving(api, tables)
        tables.run("UPDATE gdpr_requests SET status = 'PROCESSING'")
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("DELETED", ["COMPLETED"])


def put_row(tables: Tables, owner: UUID, provider: str) -> UUID:
    key = f"avatars/{owner}/0f8fad5b-d9cb-469f-a165-70867728950e.png"
    columns = {"kind": "avatar", "key": key, "provider": provider, "content_type": "image/png", "max_bytes": 9}
    return insert(tables, "uploads", user_id=owner, status="STORED", expires_at=datetime.now(UTC), **columns)
