"""Notices of providers: taken once, looked at, and never believed."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.clock import utc_now
from domain.jobs import PLACES
from domain.webhooks import MOST_TRIES, next_look
from providers.signed import signed
from runtime.web.scrape import outbox
from runtime.worker.worker import Worker
from tests.handlers.support import change
from tests.handlers.webhooks.vendors import FAMILY, HEADER, PREVIOUS, SECRET, DrillFamily, post, told
from tests.harness import Api, Server, Tables, code_of

EVENTS = "SELECT * FROM provider_events"


@pytest.fixture
def drill(server: Server) -> Iterator[DrillFamily]:
    family = DrillFamily(known={"thing_1"}, world={"thing_1": "ready"})
    server.app.parts.webhooks.join(family)
    try:
        yield family
    finally:
        server.app.parts.webhooks.leave(FAMILY)


def make_due(tables: Tables) -> None:
    """What waits for a while is due now."""
    tables.run("UPDATE outbox SET available_at = now() WHERE done_at IS NULL AND dead_at IS NULL")


class TestIntake:
    def test_a_notice_is_answered_when_it_is_stored_and_looked_at_afterwards(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        body = told(id="evt_1")
        answer = post(api, body)
        assert (answer.status_code, answer.json()) == (200, {"success": True, "data": None})
        assert answer.headers["cache-control"] == "no-store"
        row = tables.one(EVENTS)
        assert (row["family"], row["provider"], row["external_id"], row["state"]) == (
            FAMILY, "signing", "evt_1", "RECEIVED",
        )  # fmt: skip
        assert row["occurred_at"] == datetime.fromtimestamp(1_780_000_000, UTC)
        assert body not in row["payload"]
        assert server.app.parts.webhooks.opened(row["payload"]) == body
        assert drill.written == []
        server.work_off()
        assert drill.written == [("thing_1", "ready")]
        row = tables.one(EVENTS)
        assert (row["state"], row["due_at"], row["tries"]) == ("DONE", None, 1)

    def test_repetitions_get_the_same_answer_and_change_nothing(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        """50 at once, 50 after it was done, signed with either secret."""
        body = told()

        def send(number: int) -> int:
            with server.client() as client:
                return post(client, body, secret=(SECRET, PREVIOUS)[number % 2]).status_code

        with ThreadPoolExecutor(10) as pool:
            assert set(pool.map(send, range(50))) == {200}
        server.work_off()
        assert [post(api, body, secret=(SECRET, PREVIOUS)[n % 2]).status_code for n in range(50)] == [200] * 50
        server.work_off()
        assert tables.count("provider_events") == 1
        assert (len(drill.written), drill.looks) == (1, 1)

    @pytest.mark.parametrize(
        "path", ["drill/nobody", "nobody/signing", "drill", "", "drill/signing/x", "drill/signing/"]
    )
    def test_who_is_not_known_is_not_found(self, api: Api, drill: DrillFamily, tables: Tables, path: str) -> None:
        answer = api.post(f"/api/v1/webhooks/{path}", content=told())
        assert (answer.status_code, code_of(answer)) == (404, "route.not_found")
        assert tables.count("provider_events") == 0

    def test_without_a_secret_nobody_is_there(self, api: Api, drill: DrillFamily) -> None:
        drill.signing.secrets = ("", "")
        assert post(api, told(), secret="").status_code == 404

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    def test_other_methods_are_refused(self, api: Api, drill: DrillFamily, method: str) -> None:
        answer = api.request(method, f"/api/v1/webhooks/{FAMILY}/signing")
        assert (answer.status_code, code_of(answer), answer.headers["allow"]) == (
            405, "route.method_not_allowed", "POST",
        )  # fmt: skip

    def test_what_is_signed_by_nobody_leaves_nothing(
        self, api: Api, server: Server, drill: DrillFamily, tables: Tables
    ) -> None:
        body = told()
        before = tables.fingerprints()
        with capture_logs() as logs:
            answers = [
                post(api, body, secret="another"),
                post(api, body, headers={HEADER: ""}),
                post(api, body + b" ", headers={HEADER: signed(SECRET, body, utc_now())}),
            ]
        for answer in answers:
            assert (answer.status_code, code_of(answer)) == (401, "webhook.signature_invalid")
        assert tables.changed_since(before) == set()
        assert body.decode() not in str(logs)
        key = ("biore_webhooks", FAMILY, "signing", "refused")
        assert sum(server.app.metrics.counters.row(key, 15)[1:]) >= 3

    def test_a_body_has_a_bound(self, api: Api, drill: DrillFamily, tables: Tables) -> None:
        exact = told(more="x" * (262_144 - len(told(more=""))))
        assert len(exact) == 262_144
        assert post(api, exact).status_code == 200
        answer = post(api, exact + b" ")
        assert (answer.status_code, code_of(answer)) == (413, "request.too_large")

    def test_one_of_untold_length_has_it_too(self, server: Server, drill: DrillFamily) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(300):
                yield b"x" * 1024

        with server.client() as client:
            answer = client.post(f"/api/v1/webhooks/{FAMILY}/signing", content=pieces())
        assert (answer.status_code, code_of(answer)) == (413, "request.too_large")

    def test_an_address_has_a_limit(self, api: Api, server: Server, drill: DrillFamily) -> None:
        server.configure(**{"ratelimit.webhooks.post": "2/min"})
        answers = [post(api, told()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert (code_of(answers[2]), "retry-after" in answers[2].headers) == ("rate_limit.exceeded", True)

    def test_while_the_database_is_away_it_is_asked_to_come_again(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        away = "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away' "
        tables.run(f"{away} USING ERRCODE = '57P01'; END $$")  # as a server says that is shut down
        tables.run("CREATE TRIGGER away BEFORE INSERT ON provider_events FOR EACH ROW EXECUTE FUNCTION away()")
        try:
            answer = post(api, told())
        finally:
            tables.run("DROP FUNCTION away CASCADE")
        assert (answer.status_code, code_of(answer)) == (503, "service.unavailable")
        assert tables.count("outbox") == 0

    def test_what_cannot_be_read_is_kept_for_people(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        with capture_logs() as logs:
            assert [post(api, b"\xff{").status_code for _ in range(2)] == [200, 200]
        row = tables.one(EVENTS)
        assert (row["state"], row["fault"], row["due_at"]) == ("PARKED", "unreadable", None)
        assert row["ended_at"] is not None  # its payload is wiped in time
        assert server.app.parts.webhooks.opened(row["payload"]) == b"\xff{"
        assert [entry["event"] for entry in logs].count("webhook.unreadable") == 2
        assert tables.count("outbox") == 0


class TestPings:
    def ping(self, api: Api, ref: str) -> int:
        return api.post(f"/api/v1/webhooks/{FAMILY}/pinging", content=f"id={ref}".encode()).status_code

    def test_pings_of_one_object_are_one_event(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert [self.ping(api, "thing_1") for _ in range(3)] == [200] * 3
        assert (tables.one(EVENTS)["pings"], tables.count("outbox")) == (2, 1)
        server.work_off()
        drill.world["thing_1"] = "later"
        assert self.ping(api, "thing_1") == 200
        assert tables.one(EVENTS)["state"] == "RECEIVED"
        server.work_off()
        assert drill.written == [("thing_1", "ready"), ("thing_1", "later")]
        assert (tables.one(EVENTS)["state"], tables.one(EVENTS)["pings"]) == ("DONE", 3)

    def test_one_that_comes_while_another_is_dealt_with_is_not_lost(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        async def meanwhile() -> None:
            drill.on_look = None
            drill.world["thing_1"] = "later"
            assert await asyncio.to_thread(self.ping, api, "thing_1") == 200

        drill.on_look = meanwhile
        assert self.ping(api, "thing_1") == 200
        server.work_off()
        assert drill.written == [("thing_1", "ready"), ("thing_1", "later")]
        assert tables.one(EVENTS)["state"] == "DONE"

    def test_a_thousand_about_nothing_of_ours_cost_nothing(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        before = tables.fingerprints()
        assert {self.ping(api, f"thing_of_nobody_{n}") for n in range(1000)} == {200}
        server.work_off()
        assert (drill.looks, tables.changed_since(before)) == (0, set())


class TestApply:
    """``events.apply`` and ``events.sweep``."""

    def test_a_type_that_nobody_reads_is_kept_and_ignored(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert post(api, told("thing.painted")).status_code == 200
        server.work_off()
        row = tables.one(EVENTS)
        assert (row["state"], row["payload"] is not None, drill.looks) == ("IGNORED", True, 0)

    def test_it_waits_for_what_is_not_known_here_yet(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert post(api, told(ref="thing_2")).status_code == 200
        for waits in (1, 2, 3):
            make_due(tables)
            server.work_off()
            row = tables.one(EVENTS)
            assert (row["state"], row["waits"], drill.looks) == ("WAITING", waits, 0)
            wait = tables.one("SELECT available_at - now() AS left FROM outbox WHERE done_at IS NULL")["left"]
            assert timedelta(seconds=2**waits - 1.5) < wait <= timedelta(seconds=2**waits)
        drill.known.add("thing_2")
        make_due(tables)
        server.work_off()
        assert drill.written == [("thing_2", "unchanged")]
        assert tables.one(EVENTS)["state"] == "DONE"

    def test_what_nobody_knows_after_ten_minutes_is_given_up(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert post(api, told(ref="thing_3")).status_code == 200
        change(tables, "provider_events", tables.one(EVENTS)["id"], received_at=utc_now() - timedelta(minutes=10))
        server.work_off()
        assert (tables.one(EVENTS)["state"], drill.given_up, drill.looks) == ("UNMATCHED", ["thing_3"], 0)

    def test_the_waits_double_up_to_a_minute_and_the_last_look_is_at_the_end(self) -> None:
        came = datetime(2026, 12, 1, tzinfo=UTC)
        now, looks = came, list[float]()
        while (later := next_look(len(looks), came, now)) is not None:
            now += later
            looks.append((now - came).total_seconds())
        assert looks == [2, 6, 14, 30, 62, *range(122, 600, 60), 600]

    def test_a_provider_that_is_away_is_asked_again(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        drill.away = True
        assert post(api, told()).status_code == 200
        server.work_off()
        assert (tables.one(EVENTS)["state"], tables.one(EVENTS)["tries"]) == ("RECEIVED", 1)
        drill.away = False
        make_due(tables)
        server.work_off()
        assert drill.written == [("thing_1", "ready")]

    def test_what_cannot_be_applied_is_parked_and_tried_every_hour_for_three_days(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        drill.broken = True
        assert post(api, told()).status_code == 200
        event_id = tables.one(EVENTS)["id"]
        change(tables, "provider_events", event_id, tries=MOST_TRIES)
        server.work_off()
        row = tables.one(EVENTS)
        assert (row["state"], row["fault"], row["tries"]) == ("PARKED", "tries", MOST_TRIES + 1)
        assert timedelta(minutes=59) < row["due_at"] - utc_now() <= timedelta(hours=1)
        parked_at = row["parked_at"]
        change(tables, "provider_events", event_id, due_at=utc_now())
        with capture_logs():
            server.let_time_come("events.sweep")  # tried once, in vain
            make_due(tables)
            server.work_off()
        row = tables.one(EVENTS)
        assert (row["state"], row["parked_at"]) == ("PARKED", parked_at)
        change(tables, "provider_events", event_id, due_at=utc_now(), parked_at=utc_now() - timedelta(days=3))
        drill.broken = False
        server.let_time_come("events.sweep")
        assert (tables.one(EVENTS)["state"], drill.written) == ("DONE", [("thing_1", "ready")])

    def test_it_is_not_tried_for_ever(self, api: Api, server: Server, tables: Tables, drill: DrillFamily) -> None:
        assert post(api, told()).status_code == 200
        long_ago = utc_now() - timedelta(days=3)
        event_id = tables.one(EVENTS)["id"]
        change(tables, "provider_events", event_id, tries=MOST_TRIES, parked_at=long_ago)
        server.work_off()
        assert (tables.one(EVENTS)["state"], tables.one(EVENTS)["due_at"]) == ("PARKED", None)

    def test_what_the_provider_refuses_for_good_is_parked_at_once(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        drill.hopeless = True
        assert post(api, told()).status_code == 200
        server.work_off()
        assert (tables.one(EVENTS)["state"], tables.one(EVENTS)["fault"]) == ("PARKED", "the drill refuses")

    def test_an_event_whose_job_is_gone_is_found_again(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert post(api, told()).status_code == 200
        tables.run("DELETE FROM outbox")
        server.let_time_come("events.sweep")
        assert drill.written == []  # its job may still be on its way
        tables.run("UPDATE provider_events SET due_at = now()")
        server.let_time_come("events.sweep")
        assert drill.written == [("thing_1", "ready")]

    def test_two_workers_on_one_event_write_it_once(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        assert post(api, told()).status_code == 200
        query = (
            "INSERT INTO outbox (id, topic, payload, lane) SELECT gen_random_uuid(), topic, payload, lane FROM outbox"
        )
        tables.run(query)

        both = asyncio.Event()

        async def both_look() -> None:
            if drill.looks == 2:
                both.set()
            await both.wait()

        drill.on_look = both_look
        server.on_loop(Worker(server.app.parts, places=PLACES).work_off())
        assert (drill.looks, drill.written) == (2, [("thing_1", "ready")])

    def test_payloads_are_wiped_when_they_have_served(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        for kind in ("thing.changed", "thing.painted"):
            assert post(api, told(kind, id=kind)).status_code == 200
        server.work_off()

        def left(**age: float) -> list[Any]:
            tables.run("UPDATE provider_events SET ended_at = %s", utc_now() - timedelta(**age))
            server.let_time_come("housekeeping.forget_ended")
            rows = tables.rows(f"{EVENTS} ORDER BY external_id")
            return [(row["external_id"], row["payload"] is not None) for row in rows]

        assert left(days=29) == [("thing.changed", True), ("thing.painted", True)]
        assert left(days=31) == [("thing.changed", True)]
        assert left(days=91) == [("thing.changed", False)]

    def test_what_is_not_done_is_told_to_whoever_watches(
        self, api: Api, server: Server, tables: Tables, drill: DrillFamily
    ) -> None:
        drill.hopeless = True
        assert [post(api, told()).status_code for _ in range(2)] == [200, 200]
        server.work_off()
        assert post(api, told()).status_code == 200
        families = server.on_loop(outbox(server.app.parts.database))
        samples = [sample for family in families for sample in family.samples if sample.name == "biore_provider_events"]
        assert [(sample.labels["state"], sample.value) for sample in samples] == [("PARKED", 2), ("RECEIVED", 1)]
