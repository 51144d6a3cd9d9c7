"""Vacations: when they are, what they do to the page, and how the stored status follows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.clock import timestamp, utc_now
from domain.creators.vacation import changes_at, is_on_vacation
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import change
from tests.harness import Api, Server, Tables, broken_rules, code_of

NONE = {"vacationMode": False, "vacationStart": None, "vacationEnd": None}
DAY = timedelta(days=1)
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def find(api: Api, headers: dict[str, str], creator_id: Any) -> httpx.Response:
    return api.call("creators.vacation.find", path=f"/creators/{creator_id}/vacation", headers=headers)


def shown(api: Api, headers: dict[str, str], creator_id: Any) -> dict[str, Any]:
    response = find(api, headers, creator_id)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def update(api: Api, headers: dict[str, str], creator_id: Any, **body: Any) -> httpx.Response:
    path = f"/creators/{creator_id}/vacation"
    return api.call("creators.vacation.update", body, path=path, headers=headers)


def profile(tables: Tables, one: Creator) -> dict[str, Any]:
    return dict(tables.one("SELECT * FROM creator_profiles WHERE id = %s", one.creator_id))


def version(tables: Tables, one: Creator) -> int:
    return int(tables.one("SELECT version FROM bio_pages WHERE id = %s", one.page_id)["version"])


class TestFind:
    def test_there_is_none_at_first(self, api: Api, headers: dict[str, str], ada: Creator) -> None:
        assert shown(api, headers, ada.creator_id) == NONE

    def test_one_that_is_to_come_is_told(self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables) -> None:
        start = datetime(2999, 1, 1, tzinfo=UTC)
        change(tables, "creator_profiles", ada.creator_id, vacation_mode=True, vacation_start=start)
        told = {"vacationMode": True, "vacationStart": "2999-01-01T00:00:00.000Z", "vacationEnd": None}
        assert shown(api, headers, ada.creator_id) == told

    def test_one_that_has_ended_counts_as_none(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        past = {"vacation_start": utc_now() - 2 * DAY, "vacation_end": utc_now() - DAY}
        change(tables, "creator_profiles", ada.creator_id, vacation_mode=True, creator_status="VACATION", **past)
        assert shown(api, headers, ada.creator_id) == NONE

    def test_nobody_sees_that_of_others_or_of_nobody(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        for creator_id in (eve.creator_id, NOBODYS):
            response = find(api, headers, creator_id)
            assert (response.status_code, code_of(response)) == (403, "creator.vacation.not_owner")

    def test_without_a_page_there_is_nothing_to_leave(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        tables.run("DELETE FROM bio_pages")
        response = find(api, headers, ada.creator_id)
        assert (response.status_code, code_of(response)) == (404, "creator.vacation.not_found")

    def test_what_is_no_id_is_told(self, api: Api, headers: dict[str, str]) -> None:
        assert broken_rules(find(api, headers, "ada")) == {("creatorId", "format")}


class TestUpdate:
    def test_it_begins_at_once_without_a_date(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        before = utc_now()
        response = update(api, headers, ada.creator_id, enabled=True)
        assert (response.status_code, response.json()["data"]) == (200, None)
        row = profile(tables, ada)
        assert before <= row["vacation_start"] <= utc_now()
        assert (row["vacation_mode"], row["vacation_end"], row["creator_status"]) == (True, None, "VACATION")
        assert version(tables, ada) == 2

    def test_one_that_is_to_come_leaves_the_status(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, enabled=True)
        dates = {"startDate": "2999-01-01T00:00:00Z", "endDate": "2999-01-08T02:00:00+02:00"}
        assert update(api, headers, ada.creator_id, enabled=True, **dates).status_code == 200
        assert profile(tables, ada)["creator_status"] == "ACTIVE"
        told = {"vacationStart": "2999-01-01T00:00:00.000Z", "vacationEnd": "2999-01-08T00:00:00.000Z"}
        assert shown(api, headers, ada.creator_id) == told | {"vacationMode": True}

    def test_it_ends_and_dates_are_ignored(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, enabled=True)
        assert update(api, headers, ada.creator_id, enabled=False, endDate="2000-01-01T00:00:00Z").status_code == 200
        assert shown(api, headers, ada.creator_id) == NONE
        assert (profile(tables, ada)["creator_status"], version(tables, ada)) == ("ACTIVE", 3)

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_another_status_stays(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables, status: str
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, creator_status=status)
        for enabled in (True, False):
            assert update(api, headers, ada.creator_id, enabled=enabled).status_code == 200
            row = profile(tables, ada)
            assert (row["creator_status"], row["vacation_mode"]) == (status, enabled)

    @pytest.mark.parametrize(
        "dates",
        [
            {"startDate": "2999-01-02T00:00:00Z", "endDate": "2999-01-02T00:00:00Z"},
            {"startDate": "2999-01-02T00:00:00Z", "endDate": "2999-01-02T01:00:00+02:00"},
            {"startDate": "2000-01-01T00:00:00Z", "endDate": "2000-01-02T00:00:00Z"},
            {"endDate": "2000-01-02T00:00:00Z"},
        ],
        ids=str,
    )
    def test_it_must_end_after_it_begins_and_in_the_future(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables, dates: dict[str, str]
    ) -> None:
        before = tables.fingerprints()
        response = update(api, headers, ada.creator_id, enabled=True, **dates)
        assert (response.status_code, code_of(response)) == (400, "creator.vacation.invalid_range")
        assert tables.changed_since(before) <= {"idempotency_keys"}

    def test_what_is_no_moment_is_told(self, api: Api, headers: dict[str, str], ada: Creator) -> None:
        response = update(api, headers, ada.creator_id, enabled=True, startDate="tomorrow", endDate=None)
        assert broken_rules(response) == {("startDate", "format"), ("endDate", "type")}
        assert broken_rules(update(api, headers, ada.creator_id)) == {("enabled", "required")}

    def test_nobody_sends_others_away(self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        for creator_id in (eve.creator_id, NOBODYS):
            response = update(api, headers, creator_id, enabled=True)
            assert (response.status_code, code_of(response)) == (403, "creator.vacation.not_owner")
        assert profile(tables, eve)["vacation_mode"] is False

    def test_without_a_page_there_is_nothing_to_leave(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        tables.run("DELETE FROM bio_pages")
        response = update(api, headers, ada.creator_id, enabled=True)
        assert (response.status_code, code_of(response)) == (404, "creator.vacation.not_found")
        assert profile(tables, ada)["vacation_mode"] is False

    def test_another_node_sees_it_at_once(
        self, server: Server, start_server: Callable[..., Server], api: Api, headers: dict[str, str], ada: Creator
    ) -> None:
        with start_server(server.database_url).client() as other:
            for enabled in (True, False, True):
                update(api, headers, ada.creator_id, enabled=enabled)
                assert shown(other, headers, ada.creator_id)["vacationMode"] is enabled


class TestSweep:
    def sweep(self, server: Server) -> None:
        server.let_time_come("creators.sweep_vacations")

    def test_who_leaves_is_on_vacation(
        self, api: Api, server: Server, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        start = timestamp(utc_now() + timedelta(hours=1))
        update(api, headers, ada.creator_id, enabled=True, startDate=start)
        self.sweep(server)
        assert (profile(tables, ada)["creator_status"], version(tables, ada)) == ("ACTIVE", 2)
        change(tables, "creator_profiles", ada.creator_id, vacation_start=utc_now() - timedelta(seconds=1))
        self.sweep(server)
        assert (profile(tables, ada)["creator_status"], version(tables, ada)) == ("VACATION", 3)
        self.sweep(server)
        assert version(tables, ada) == 3

    def test_who_comes_back_is_active_and_has_no_vacation(
        self, api: Api, server: Server, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, enabled=True)
        change(tables, "creator_profiles", ada.creator_id, vacation_end=utc_now())
        self.sweep(server)
        row = profile(tables, ada)
        assert (row["creator_status"], row["vacation_mode"], row["vacation_end"]) == ("ACTIVE", False, None)
        assert version(tables, ada) == 3

    def test_a_vacation_that_nobody_noticed_is_over(self, server: Server, ada: Creator, tables: Tables) -> None:
        past = {"vacation_start": utc_now() - 2 * DAY, "vacation_end": utc_now() - DAY}
        change(tables, "creator_profiles", ada.creator_id, vacation_mode=True, **past)
        self.sweep(server)
        row = profile(tables, ada)
        assert (row["creator_status"], row["vacation_mode"]) == ("ACTIVE", False)

    def test_others_stay_as_they_are(self, api: Api, server: Server, tables: Tables) -> None:
        past: dict[str, Any] = {"vacation_mode": True, "vacation_start": utc_now() - DAY}
        shut_out = creator(api, tables, creator_status="SUSPENDED", **past)
        creator(api, tables, "eve@example.com", "eve")
        creator(api, tables, "bob@example.com", "bob", creator_status="VACATION", **past)
        statuses = "SELECT id, creator_status FROM creator_profiles ORDER BY id"
        before = tables.rows(statuses)
        self.sweep(server)
        assert tables.rows(statuses) == before
        assert version(tables, shut_out) == 1


class Plan:
    def __init__(self, mode: bool, start: datetime | None, end: datetime | None) -> None:
        self.vacation_mode, self.vacation_start, self.vacation_end = mode, start, end


class TestByTheClock:
    NOW = datetime(2026, 7, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("plan", "away", "until"),
        [
            (Plan(False, NOW - DAY, NOW + DAY), False, None),
            (Plan(True, None, None), True, None),
            (Plan(True, NOW, None), True, None),
            (Plan(True, NOW - DAY, NOW + DAY), True, NOW + DAY),
            (Plan(True, NOW + DAY, NOW + 2 * DAY), False, NOW + DAY),
            (Plan(True, NOW - DAY, NOW), False, None),
        ],
        ids=["off", "always", "from now", "now", "later", "over"],
    )
    def test_a_vacation_begins_and_ends_at_its_moment(self, plan: Plan, away: bool, until: datetime | None) -> None:
        assert (is_on_vacation(plan, self.NOW), changes_at(plan, self.NOW)) == (away, until)
