"""Notices of providers as staff sees them, and processes them anew."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.money import begin, press
from tests.staff import Hired, member

LIST, REASON = "admin.finance.webhooks.list", "The provider is back."


def event(tables: Tables, **columns: Any) -> UUID:
    given = {"family": "payment", "provider": "sandbox", "type": "checkout.paid", "object_ref": "s", "state": "DONE"}
    return insert(tables, "provider_events", **given | {"external_id": str(uuid4())} | columns)


def listed(api: Api, caller: Hired, **params: Any) -> list[dict[str, Any]]:
    response = api.call(LIST, params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    return items


def replay(api: Api, caller: Hired, event_id: UUID | str) -> httpx.Response:
    path = f"/admin/webhooks/{event_id}/replay"
    return api.call("admin.finance.webhooks.replay", {"reason": REASON}, path=path, headers=caller.headers)


class TestList:
    def test_the_newest_first_by_every_filter(self, api: Api, tables: Tables, finance: Hired) -> None:
        now = datetime.now(UTC)
        old = event(tables, state="PARKED", fault="tries", received_at=now - timedelta(hours=1))
        kyc = event(tables, family="kyc", object_ref="other", received_at=now)
        assert [one["id"] for one in listed(api, finance)] == [str(kyc), str(old)]
        assert [one["id"] for one in listed(api, finance, state="PARKED")] == [str(old)]
        assert [one["id"] for one in listed(api, finance, family="kyc")] == [str(kyc)]
        assert [one["id"] for one in listed(api, finance, objectRef="s")] == [str(old)]
        assert listed(api, finance, family="kyc", state="PARKED") == []

    def test_what_became_of_one(self, api: Api, tables: Tables, finance: Hired) -> None:
        times = {f"{name}_at": f"2026-01-02T10:00:0{n}Z" for n, name in enumerate(("occurred", "received", "ended"))}
        event(tables, state="PARKED", fault="tries", tries=17, **times)
        (told,) = listed(api, finance)
        assert (told["state"], told["fault"], told["tries"]) == ("PARKED", "tries", 17)
        assert [told[f"{name}At"][17:19] for name in ("occurred", "received", "ended")] == ["00", "01", "02"]

    def test_nothing_of_what_was_sent(self, api: Api, tables: Tables, finance: Hired) -> None:
        event(tables, payload=b"sealed")
        (told,) = listed(api, finance)
        assert "payload" not in told

    def test_pages_go_on(self, api: Api, tables: Tables, finance: Hired) -> None:
        for _ in range(3):
            event(tables)
        assert walked(api, LIST, finance) == [one["id"] for one in listed(api, finance)]

    def test_refusals(self, api: Api, finance: Hired) -> None:
        for params, code in (({"state": "LOST"}, "validation.failed"), ({"cursor": "x"}, "admin.cursor_invalid")):
            assert code_of(api.call(LIST, params=params, headers=finance.headers)) == code


class TestReplay:
    def test_what_was_parked_is_processed(self, api: Api, server: Server, tables: Tables, finance: Hired) -> None:
        account(api, tables)
        session = begin(api, bearer(api.sign_in()))
        press(api, session, "pay")
        tables.run("DELETE FROM outbox")
        tables.run("UPDATE provider_events SET state = 'PARKED', fault = 'tries', ended_at = now()")
        event_id = tables.one("SELECT id FROM provider_events")["id"]
        told = replay(api, finance, event_id)
        assert told.status_code == 202, told.text
        assert (told.json()["data"]["state"], told.json()["data"]["fault"]) == ("RECEIVED", None)
        server.work_off()
        assert tables.one("SELECT status FROM payments")["status"] == "PAID"
        assert tables.one("SELECT state FROM provider_events WHERE id = %s", event_id)["state"] == "DONE"
        (entry,) = audited(tables, "admin.finance.webhooks.replay")
        assert (entry["target_id"], entry["reason"]) == (str(event_id), REASON)

    @pytest.mark.parametrize("columns", [{"state": "RECEIVED"}, {"state": "PARKED", "object_ref": None, "type": ""}])
    def test_what_is_under_way_or_unreadable_is_not(
        self, api: Api, tables: Tables, finance: Hired, columns: dict[str, Any]
    ) -> None:
        told = replay(api, finance, event(tables, **columns))
        assert (told.status_code, code_of(told)) == (400, "admin.transition_invalid")
        assert tables.count("outbox") == 0

    def test_what_is_not_there(self, api: Api, finance: Hired) -> None:
        assert code_of(replay(api, finance, uuid4())) == "admin.not_found"

    def test_who_only_reads_and_no_reason(self, api: Api, server: Server, tables: Tables, finance: Hired) -> None:
        event_id = event(tables)
        assert code_of(replay(api, member(server, "AUDITOR"), event_id)) == "admin.permission_denied"
        path = f"/admin/webhooks/{event_id}/replay"
        bare = api.call("admin.finance.webhooks.replay", {}, path=path, headers=finance.headers)
        assert code_of(bare) == "validation.failed"
