"""Kill switches over HTTP: off is quick, on asks for a proof, and the owners hear of both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.admin.switches import Switch
from domain.clock import timestamp
from domain.switches import REGISTRATION_ENABLED, enabled_key, kill_switch_key
from tests.handlers.admin.test_config import STALE, WHY, history, later
from tests.handlers.support import until
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

NAME = REGISTRATION_ENABLED.name


@pytest.fixture
def owner(server: Server) -> Hired:
    return member(server, "OWNER", email="owner@staff.example")


def switches(api: Api, caller: Hired) -> list[dict[str, Any]]:
    data: dict[str, Any] = api.call("admin.switches.list", headers=caller.headers).json()["data"]
    found: list[dict[str, Any]] = data["items"]
    return found


def turn(api: Api, caller: Hired, *, on: bool, version: int = 0, name: str = NAME, **more: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    body = {"on": on, "reason": WHY} | more
    return api.call("admin.switches.set", body, path=f"/admin/switches/{name}", headers=headers)


class TestList:
    def test_tells_what_each_stops(self, api: Api, owner: Hired) -> None:
        found = {switch["name"]: switch for switch in switches(api, owner)}[NAME]
        assert found == {
            "name": NAME, "meaning": REGISTRATION_ENABLED.meaning, "on": True, "since": None, "by": None,
            "source": None, "reason": None, "until": None, "affects": ["auth.register"],
            "error": "auth.register.closed", "version": 0,
        }  # fmt: skip

    def test_and_who_threw_it_why_since_when_and_until_when(self, api: Api, server: Server, owner: Hired) -> None:
        end = later(hours=1)
        assert turn(api, owner, on=False, until=end).status_code == 200
        (found,) = [switch for switch in switches(api, owner) if switch["name"] == NAME]
        assert (found["on"], found["by"], found["source"], found["reason"]) == (False, str(owner.id), "STAFF", WHY)
        assert (found["since"] is not None, found["until"]) == (True, timestamp(datetime.fromisoformat(end)))
        server.configure(**{NAME: False})
        (found,) = [switch for switch in switches(api, owner) if switch["name"] == NAME]
        assert (found["by"], found["source"], found["reason"], found["version"]) == (None, "COMMAND", None, 2)


class TestSet:
    def test_off_stops_the_feature_at_once_and_without_a_proof(self, api: Api, server: Server) -> None:
        stale = member(server, "OPERATOR", session=STALE)
        answer = turn(api, stale, on=False)
        assert (answer.status_code, answer.headers["ETag"], answer.json()["data"]["on"]) == (200, '"1"', False)
        assert code_of(api.register()) == "auth.register.closed"

    def test_on_asks_for_a_proof(self, api: Api, server: Server, owner: Hired) -> None:
        stale = member(server, "OPERATOR", session=STALE)
        turn(api, stale, on=False)
        answer = turn(api, stale, on=True, version=1)
        assert (answer.status_code, code_of(answer)) == (403, "admin.reauthentication_required")
        assert turn(api, owner, on=True, version=1).status_code == 200
        assert api.register().status_code == 201

    def test_so_does_an_end_of_what_is_off(self, api: Api, server: Server) -> None:
        """It would turn the feature on, only later."""
        stale = member(server, "OPERATOR", session=STALE)
        assert turn(api, stale, on=False, until=later(hours=1)).status_code == 200
        answer = turn(api, stale, on=False, version=1, until=later(minutes=1))
        assert code_of(answer) == "admin.reauthentication_required"
        assert turn(api, stale, on=False, version=1).status_code == 200

    def test_returns_by_itself(self, api: Api, owner: Hired) -> None:
        answer = turn(api, owner, on=False, until=later(milliseconds=700))
        assert answer.json()["data"]["until"] is not None
        until(lambda: api.server.app.config[REGISTRATION_ENABLED])
        (found,) = [switch for switch in switches(api, owner) if switch["name"] == NAME]
        assert (found["on"], found["since"], found["until"]) == (True, None, None)

    def test_ends_in_the_future(self, api: Api, owner: Hired) -> None:
        answer = turn(api, owner, on=False, until=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
        assert (code_of(answer), broken_rules(answer)) == ("admin.config.invalid", {("until", "future")})

    def test_every_owner_is_told_and_it_is_remembered(
        self, api: Api, server: Server, tables: Tables, owner: Hired
    ) -> None:
        member(server, "OWNER", email="other@staff.example", locale="de")
        turn(api, owner, on=False, until="2030-05-01T12:00:00Z")
        (mail,) = api.mails("owner@staff.example")
        assert NAME in mail["text"]
        assert "owner@staff.example" in mail["text"]
        assert WHY in mail["text"]
        assert "2030-05-01 12:00 UTC" in mail["text"]
        assert "abgeschaltet" in api.mails("other@staff.example")[0]["text"]
        (change,) = history(api, owner, NAME)["items"]
        assert (change["to"], change["by"]) == (False, str(owner.id))
        audit = tables.one("SELECT * FROM audit_logs WHERE action = 'admin.switches.set'")
        assert (audit["target_id"], audit["reason"], audit["before"]) == (NAME, WHY, {"on": True})
        turn(api, owner, on=True, version=1)
        assert "turned on" in api.mails("owner@staff.example")[0]["text"]

    def test_whoever_read_another_version_is_refused(self, api: Api, owner: Hired) -> None:
        turn(api, owner, on=False)
        answer = turn(api, owner, on=True)
        assert (answer.status_code, answer.headers["ETag"]) == (412, '"1"')

    def test_what_is_no_switch_is_not_found(self, api: Api, owner: Hired) -> None:
        for name in ("auth.lockout_threshold", "nothing_enabled"):
            assert code_of(turn(api, owner, on=False, name=name)) == "admin.not_found"


@pytest.mark.parametrize("on", [True, False])
def test_on_is_the_feature_whatever_the_key_says(*, on: bool) -> None:
    enabled, thrown = (Switch(key, (), None) for key in (enabled_key("a.b_enabled", "b"), kill_switch_key("C", "c")))
    assert (enabled.value_for(on=on), thrown.value_for(on=on)) == (on, not on)
