"""``biore webhooks``: what providers notified of, without a server."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.handlers.admin.finance.test_webhooks import event
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, bearer
from tests.money import assert_books_agree, balance, begin, press
from tests.processes.test_audit_cli import REASON, Shell


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


def states(tables: Tables) -> dict[str, int]:
    rows = tables.rows("SELECT state, count(*)::int AS n FROM provider_events GROUP BY state")
    return {row["state"]: row["n"] for row in rows}


class TestList:
    def listed(self, shell: Shell, *options: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in shell.said("webhooks", "list", *options) if line.startswith("{")]

    def test_the_latest_first_by_state_and_family(self, shell: Shell, tables: Tables) -> None:
        old = event(tables, state="PARKED", fault="tries", received_at="2026-01-02", payload=b"sealed")
        new = event(tables, family="kyc", received_at="2026-01-03")
        assert [one["id"] for one in self.listed(shell)] == [str(new), str(old)]
        (parked,) = self.listed(shell, "--state", "PARKED")
        assert (parked["id"], parked["fault"], "payload" in parked) == (str(old), "tries", False)
        assert self.listed(shell, "--family", "kyc", "--state", "PARKED") == []

    def test_a_state_that_is_none(self, shell: Shell) -> None:
        result = shell.run("webhooks", "list", "--state", "LOST")
        assert (result.exit_code, "is not one of" in result.output) == (2, True)


class TestReplay:
    def test_one(self, shell: Shell, server: Server, api: Api, tables: Tables) -> None:
        """What it was about is posted, as the provider tells it now."""
        account(api, tables)
        headers = bearer(api.sign_in())
        press(api, begin(api, headers), "pay")
        tables.run("DELETE FROM outbox WHERE topic = 'events.apply'")
        tables.run("UPDATE provider_events SET state = 'PARKED', fault = 'tries', ended_at = now(), parked_at = now()")
        event_id = tables.one("SELECT id FROM provider_events")["id"]
        assert shell.said("webhooks", "replay", str(event_id), *REASON)[-1].startswith("1 of 1 events")
        assert states(tables) == {"RECEIVED": 1}
        server.work_off()
        assert (states(tables), balance(api, headers)) == ({"DONE": 1}, "25.00")
        assert_books_agree(tables)
        (told,) = audited(tables, "admin.finance.webhooks.replay")
        before = {"family": "payment", "provider": "sandbox", "state": "PARKED"}
        assert (told["actor_id"], told["target_id"], told["reason"]) == (None, str(event_id), REASON[1])
        assert (told["details"]["by"], told["before"]) == ("cli", before)

    def test_all_that_failed(self, shell: Shell, tables: Tables) -> None:
        for state in ("PARKED", "PARKED", "UNMATCHED", "DONE", "IGNORED", "WAITING"):
            event(tables, state=state)
        event(tables, state="PARKED", object_ref=None, fault="unreadable")
        assert shell.said("webhooks", "replay", "--failed", *REASON)[-1].startswith("3 of 3 events")
        assert states(tables) == {"RECEIVED": 3, "DONE": 1, "IGNORED": 1, "WAITING": 1, "PARKED": 1}
        jobs = tables.rows("SELECT id FROM outbox WHERE topic = 'events.apply'")
        assert (len(jobs), len(audited(tables, "admin.finance.webhooks.replay"))) == (3, 3)
        assert shell.said("webhooks", "replay", "--failed", *REASON)[-1].startswith("0 of 0 events")

    def test_what_cannot_be_replayed_is_left(self, shell: Shell, tables: Tables) -> None:
        waits, unread = event(tables, state="WAITING"), event(tables, state="PARKED", object_ref=None)
        given = (str(waits), str(unread), str(uuid4()))
        assert shell.said("webhooks", "replay", *given, *REASON)[-1].startswith("0 of 3 events")
        assert states(tables) == {"WAITING": 1, "PARKED": 1}

    def test_it_must_be_said_which(self, shell: Shell, tables: Tables) -> None:
        event_id = event(tables, state="PARKED")
        for which in ((), (str(event_id), "--failed")):
            assert "either ids of events, or --failed" in shell.refused("webhooks", "replay", *which, *REASON)
        assert shell.run("webhooks", "replay", "--failed").exit_code == 2
        assert states(tables) == {"PARKED": 1}
