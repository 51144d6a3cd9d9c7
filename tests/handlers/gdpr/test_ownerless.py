"""Files outlive neither their account nor its disowning, however the account ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from jobs.gdpr import BATCH
from persistence.models import Base
from tests.files import png
from tests.handlers.auth.test_changes import change_address, undo_token, undone
from tests.handlers.gdpr.test_delete import put_row, storage_gone, upload
from tests.handlers.support import account, change, insert
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of

__all__ = ["storage_gone"]
ADA, EVE = "ada@example.com", "eve@example.org"


def opened_by_another(api: Api) -> tuple[dict[str, str], str]:
    """A session of who opened an account with Ada's address, and the token of her mail."""
    api.register(ADA)
    token = undo_token(api, ADA)
    assert api.call("auth.verify_email", {"token": api.verification_token(ADA)}).status_code == 200
    return bearer(api.sign_in(ADA)), token


def with_archive(api: Api, headers: dict[str, str]) -> str:
    """The URL of one that is ready."""
    asked = api.call("gdpr.export", headers=headers)
    api.server.work_off()
    path = f"/gdpr/export/{asked.json()['data']['id']}/download"
    response = api.call("gdpr.export_download", path=path, headers=headers)
    return str(response.json()["data"]["downloadUrl"])


def waiting(api: Api, tables: Tables, email: str) -> tuple[UUID, str]:
    """An account that waits to be verified, and the public URL of its file."""
    user_id = account(api, tables, email=email)
    url = upload(api, bearer(api.sign_in(email)))
    api.server.work_off()
    assert api.get(url).status_code == 200
    change(tables, "users", user_id, email_verified=False)
    return user_id, url


def files(server: Server) -> list[Path]:
    return [path for path in (server.settings.data_dir / "uploads").rglob("*") if path.is_file()]


def end_urls(tables: Tables) -> None:
    tables.run("UPDATE uploads SET expires_at = now() - interval '1 hour'")


class TestDisowned:
    def test_nothing_of_it_stays_to_be_seen(self, api: Api, server: Server, tables: Tables) -> None:
        headers, token = opened_by_another(api)
        before = set(files(server))
        url = upload(api, headers)
        assert api.call("users.avatars.change", {"avatarUrl": url}, headers=headers).status_code == 200
        archive = with_archive(api, headers)
        assert api.get(url).status_code == 200
        undone(api, token)
        assert code_of(api.get(archive)) == "file.download_spent"
        server.let_time_come("gdpr.sweep_ownerless")
        assert api.get(url).status_code == 404
        assert set(files(server)) == before
        assert tables.one("SELECT avatar_url, avatar_key FROM users") == {"avatar_url": None, "avatar_key": None}

    def test_its_urls_take_nothing_any_more(self, api: Api, tables: Tables) -> None:
        headers, token = opened_by_another(api)
        body = {"type": "avatar", "contentType": "image/png"}
        signed = api.call("upload.presign", body, headers=headers).json()["data"]
        undone(api, token)
        refused = api.put(signed["uploadUrl"], content=png(), headers=signed["headers"])
        assert code_of(refused) == "file.already_uploaded"

    def test_a_file_that_waits_to_be_looked_at_is_shown_to_nobody(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        headers, token = opened_by_another(api)
        before = set(files(server))
        url = upload(api, headers)
        undone(api, token)
        server.let_time_come("gdpr.sweep_ownerless")
        assert api.get(url).status_code == 404
        assert set(files(server)) == before


def by_time(api: Api, tables: Tables) -> None:
    tables.run("UPDATE users SET created_at = now() - interval '8 days'")
    api.server.let_time_come("housekeeping.forget_unverified")


def by_disowning(api: Api, tables: Tables) -> None:
    """Nobody signed in since the mail, as far as the row tells."""
    user_id = tables.one("SELECT id FROM users")["id"]
    tables.run("UPDATE users SET last_login_at = NULL")

    async def forget() -> bool:
        async with api.server.app.parts.database.unit() as db:
            return await db.users.forget_unused(user_id)

    assert api.server.on_loop(forget())


def by_an_owner_of_the_address(api: Api, tables: Tables) -> None:
    """Who asked for it before it was opened with that address."""
    tables.run("UPDATE users SET email = 'parked@example.com'")
    account(api, tables, email=EVE)
    body = {"newEmail": ADA, "password": PASSWORD}
    assert api.call("users.emails.change", body, headers=bearer(api.sign_in(EVE))).status_code == 200
    token = api.verification_token(ADA)
    tables.run("UPDATE users SET email = %s WHERE email = 'parked@example.com'", ADA)
    assert api.call("auth.verify_email_change", {"token": token, "password": PASSWORD}).status_code == 200


def by_who_takes_the_address_back(api: Api, tables: Tables) -> None:
    """It was Eve's, who moved away and undoes that."""
    tables.run("UPDATE users SET email = 'parked@example.com'")
    account(api, tables, email=ADA)
    change_address(api, api.sign_in(ADA), EVE)
    token = undo_token(api, ADA)
    tables.run("UPDATE users SET email = %s WHERE email = 'parked@example.com'", ADA)
    undone(api, token)


def by_hand(_api: Api, tables: Tables) -> None:
    tables.run("DELETE FROM users")


class TestDeleted:
    @pytest.mark.parametrize(
        "way", [by_time, by_disowning, by_an_owner_of_the_address, by_who_takes_the_address_back, by_hand]
    )
    def test_files_and_archives_go_with_the_account(
        self, api: Api, server: Server, tables: Tables, way: Callable[[Api, Tables], None]
    ) -> None:
        before = set(files(server))
        user_id, url = waiting(api, tables, ADA)
        archive = key_of_archive(server, tables, user_id)
        way(api, tables)
        assert tables.rows("SELECT 1 FROM users WHERE id = %s", user_id) == []
        server.let_time_come("gdpr.sweep_ownerless")
        assert api.get(url).status_code == 404
        assert not archive.exists()
        assert set(files(server)) == before

    def test_rows_go_once_no_url_leads_there_any_more(self, api: Api, server: Server, tables: Tables) -> None:
        waiting(api, tables, ADA)
        by_hand(api, tables)
        server.let_time_come("gdpr.sweep_ownerless")
        assert tables.count("uploads") == 1
        end_urls(tables)
        server.let_time_come("gdpr.sweep_ownerless")
        assert tables.count("uploads") == 0

    def test_more_than_one_batch(self, api: Api, server: Server, tables: Tables) -> None:
        tables.run(
            "INSERT INTO uploads (id, kind, key, provider, content_type, max_bytes, status, expires_at) "
            "SELECT id, 'media', 'media/' || id || '/' || id || '.png', 'local', 'image/png', 9, 'STORED', "
            "now() - interval '1 hour' FROM (SELECT gen_random_uuid() AS id FROM generate_series(0, %s)) AS ids",
            BATCH,
        )
        server.let_time_come("gdpr.sweep_ownerless")
        assert tables.count("uploads") == 0

    def test_a_storage_that_is_away_keeps_no_other_from_it(
        self, api: Api, server: Server, tables: Tables, storage_gone: None
    ) -> None:
        for name, provider in (("a", "local"), ("b", "s3"), ("c", "local")):
            put_row(tables, account(api, tables, email=f"{name}@example.com"), provider)
        end_urls(tables)
        by_hand(api, tables)
        for _ in range(2):  # the job that waits for the storage is not queued again
            server.let_time_come("gdpr.sweep_ownerless")
        assert [row["provider"] for row in tables.rows("SELECT provider FROM uploads")] == ["s3"]
        assert len(tables.rows("SELECT 1 FROM outbox WHERE topic = 'gdpr.remove_ownerless' AND done_at IS NULL")) == 1


def key_of_archive(server: Server, tables: Tables, user_id: UUID) -> Path:
    """Of an archive that is ready."""
    request_id = insert(tables, "gdpr_requests", user_id=user_id, kind="EXPORT", status="COMPLETED")
    key = f"exports/{user_id}/{request_id}.zip"
    columns: dict[str, Any] = {"key": key, "provider": "local", "size": 1}
    expires_at = datetime.now(UTC) + timedelta(days=1)
    insert(tables, "data_exports", request_id=request_id, user_id=user_id, expires_at=expires_at, **columns)
    path = server.settings.data_dir / "uploads" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_no_row_that_leads_to_a_file_goes_with_another() -> None:
    leading = [table for table in Base.metadata.tables.values() if {"provider", "key"} <= {*table.columns.keys()}]
    assert {table.name for table in leading} == {"uploads", "data_exports"}
    for table in leading:
        assert {key.ondelete for key in table.foreign_keys} == {"SET NULL"}
