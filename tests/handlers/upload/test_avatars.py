"""Uploads that are shown as avatars."""

from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.files import file_of
from tests.handlers.support import account
from tests.handlers.upload.support import Storage, look, presign, presigned_and_put, put, show, uploaded
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.providers.s3_server import S3Server


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
