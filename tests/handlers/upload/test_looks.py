"""What the worker does with files that came, and looks for those that did not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.upload import FIRST_LOOK, MOST_LOOKS, incoming, is_over, next_look
from tests.files import file_of
from tests.handlers.upload.support import HTML, Storage, look, presign, put, settle, show, uploaded
from tests.harness import Api, Server, Tables
from tests.providers.s3_server import S3Server


class TestLooks:
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
