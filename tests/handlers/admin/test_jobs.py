"""What staff sees of jobs, and what it may do with those that were given up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.jobs import MAX_ATTEMPTS
from tests.contract.admin_jobs_scenarios import REASON, SPAN, TOPIC
from tests.handlers.support import audited, insert
from tests.harness import Api, Server, Tables, code_of
from tests.providers.servers import closed_port
from tests.staff import Hired, member

NOW = datetime.now(UTC)
LATER, BEFORE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
# The columns of a job in each state.
STATES: dict[str, dict[str, Any]] = {
    "DUE": {"available_at": BEFORE, "leased_until": BEFORE},
    "RUNNING": {"available_at": BEFORE, "lease": uuid4(), "leased_until": LATER},
    "SCHEDULED": {"available_at": LATER},
    "DEAD": {"dead_at": BEFORE, "attempts": 16},
    "DONE": {"done_at": BEFORE},
    "DISCARDED": {"dead_at": BEFORE, "discarded_at": NOW, "discarded_by": uuid4(), "discard_reason": "No use."},
}
MANY = """
INSERT INTO outbox (id, topic, payload, dead_at)
SELECT gen_random_uuid(), %s, '{}', %s FROM generate_series(1, 1001)
"""
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def operator(server: Server) -> Hired:
    return member(server, "OPERATOR")


def job(tables: Tables, **columns: Any) -> UUID:
    return insert(tables, "outbox", **({"topic": TOPIC, "payload": {}} | columns))


def dead(tables: Tables, **columns: Any) -> UUID:
    return job(tables, **(STATES["DEAD"] | columns))


class TestList:
    def ids(self, api: Api, caller: Hired, **params: Any) -> list[str]:
        response = api.call("admin.jobs.list", params=params, headers=caller.headers)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["data"]["items"]]

    @pytest.mark.parametrize("state", STATES)
    def test_has_the_jobs_of_a_state(self, api: Api, tables: Tables, operator: Hired, state: str) -> None:
        jobs = {name: job(tables, **columns) for name, columns in STATES.items()}
        assert self.ids(api, operator, state=state) == [str(jobs[state])]
        found = api.call("admin.jobs.get", path=f"/admin/jobs/{jobs[state]}", headers=operator.headers)
        assert found.json()["data"]["state"] == state

    def test_is_of_dead_ones_of_a_topic(self, api: Api, tables: Tables, operator: Hired) -> None:
        ours = dead(tables)
        dead(tables, topic="email.password_changed")
        assert self.ids(api, operator, topic=TOPIC) == [str(ours)]
        assert len(self.ids(api, operator)) == 2
        assert self.ids(api, operator, topic="none.such") == []

    @pytest.mark.parametrize("state", STATES)
    def test_is_walked(self, api: Api, tables: Tables, operator: Hired, state: str) -> None:
        expected = {str(job(tables, **(STATES[state]))) for _ in range(5)}
        found: list[str] = []
        params: dict[str, Any] = {"state": state, "limit": 2}
        while True:
            page = api.call("admin.jobs.list", params=params, headers=operator.headers).json()["data"]
            found += [item["id"] for item in page["items"]]
            if page["nextCursor"] is None:
                break
            params["cursor"] = page["nextCursor"]
        assert (len(found), set(found)) == (5, expected)

    def test_one_that_was_given_up_tells_why_and_for_whom(
        self, api: Api, server: Server, tables: Tables, operator: Hired
    ) -> None:
        """Also by its id, and which call it came from."""
        url = f"smtp://127.0.0.1:{closed_port()}?tls=none"
        server.configure(**{"external.email.smtp.url": url, "external.email.active_provider": "smtp"})
        call = api.register()
        tables.run("UPDATE outbox SET attempts = %s WHERE topic = %s", MAX_ATTEMPTS - 1, TOPIC)
        server.work_off()
        page = api.call("admin.jobs.list", params={"topic": TOPIC}, headers=operator.headers).json()["data"]
        (item,) = page["items"]
        found = api.call("admin.jobs.get", path=f"/admin/jobs/{item['id']}", headers=operator.headers)
        assert found.json()["data"] == item
        assert (item["state"], item["attempts"]) == ("DEAD", MAX_ATTEMPTS)
        assert item["lastError"].startswith("ProviderUnavailable: ")
        user = tables.one("SELECT id FROM users WHERE email = 'ada@example.com'")["id"]
        assert item["payload"] == {"user": str(user)}
        assert item["correlationId"] == call.headers["x-correlation-id"]

    def test_bad_cursors_and_states(self, api: Api, operator: Hired) -> None:
        assert code_of(api.call("admin.jobs.list", params={"cursor": "x"}, headers=operator.headers)) == (
            "admin.cursor_invalid"
        )
        assert api.call("admin.jobs.list", params={"state": "LOST"}, headers=operator.headers).status_code == 400


class TestGet:
    def test_tells_no_secret(self, api: Api, tables: Tables, operator: Hired) -> None:
        payload = {"user": "7", "address": "ada@example.com", "sealed": "00.ff", "token": "plain"}
        payload["url"] = f"https://example.com/?token={SECRET}"
        job_id = dead(tables, payload=payload, last_error=f"550 ada@example.com {SECRET}")
        response = api.call("admin.jobs.get", path=f"/admin/jobs/{job_id}", headers=operator.headers)
        assert not any(text in response.text for text in ("ada@example.com", SECRET, "00.ff", "plain"))
        told = response.json()["data"]
        assert told["payload"].keys() == {"user", "address", "token", "url"}
        assert told["lastError"] == "550 (hidden) (hidden)"

    def test_none_of_this_id(self, api: Api, operator: Hired) -> None:
        found = api.call("admin.jobs.get", path=f"/admin/jobs/{uuid4()}", headers=operator.headers)
        assert code_of(found) == "admin.not_found"


class TestAct:
    def act(self, api: Api, caller: Hired, act: str, key: str | None = None, **selection: Any) -> Any:
        headers = caller.headers | ({"Idempotency-Key": key} if key else {})
        body = {"act": act, "reason": REASON} | selection
        return api.call("admin.jobs.act", body, headers=headers)

    def outcomes(self, response: Any) -> dict[str, str]:
        assert response.status_code == 200, response.text
        return {told["id"]: told["outcome"] for told in response.json()["data"]["results"]}

    def test_a_retried_job_runs_again(self, api: Api, server: Server, tables: Tables, operator: Hired) -> None:
        api.register()
        tables.run("UPDATE outbox SET dead_at = now(), attempts = 16, last_error = 'x' WHERE topic = %s", TOPIC)
        job_id = tables.one("SELECT id FROM outbox WHERE topic = %s", TOPIC)["id"]
        assert self.outcomes(self.act(api, operator, "RETRY", ids=[str(job_id)])) == {str(job_id): "DONE"}
        assert len(api.mails("ada@example.com")) == 1
        row = tables.one("SELECT done_at, dead_at, attempts FROM outbox WHERE id = %s", job_id)
        assert (row["done_at"] is not None, row["dead_at"], row["attempts"]) == (True, None, 1)

    def test_a_discarded_one_never_does_and_tells_who_did_it(
        self, api: Api, server: Server, tables: Tables, operator: Hired
    ) -> None:
        job_id = dead(tables, payload={"user": "7", "sealed": "00.ff"})
        assert self.outcomes(self.act(api, operator, "DISCARD", ids=[str(job_id)])) == {str(job_id): "DONE"}
        row = tables.one("SELECT * FROM outbox")
        assert (row["discarded_by"], row["discard_reason"], row["payload"]) == (operator.id, REASON, {"user": "7"})
        told = api.call("admin.jobs.get", path=f"/admin/jobs/{job_id}", headers=operator.headers).json()["data"]
        assert (told["state"], told["discarded"]["by"], told["discarded"]["reason"]) == (
            "DISCARDED", str(operator.id), REASON,
        )  # fmt: skip
        for act in ("RETRY", "DISCARD"):
            assert self.outcomes(self.act(api, operator, act, ids=[str(job_id)])) == {str(job_id): "UNCHANGED"}
        server.work_off()
        assert tables.one("SELECT done_at FROM outbox") == {"done_at": None}

    @pytest.mark.parametrize("state", [state for state in STATES if state != "DEAD"])
    def test_what_is_not_dead_is_left_alone(self, api: Api, tables: Tables, operator: Hired, state: str) -> None:
        job_id = job(tables, **STATES[state])
        before = tables.fingerprints()["outbox"]
        for act in ("RETRY", "DISCARD"):
            assert self.outcomes(self.act(api, operator, act, ids=[str(job_id)])) == {str(job_id): "UNCHANGED"}
        assert tables.fingerprints()["outbox"] == before

    def test_what_there_is_not_is_told(self, api: Api, operator: Hired) -> None:
        unknown = str(uuid4())
        (told,) = self.act(api, operator, "RETRY", ids=[unknown]).json()["data"]["results"]
        assert told == {"id": unknown, "outcome": "FAILED", "code": "admin.not_found"}

    def test_all_of_a_topic_that_died_in_a_time(self, api: Api, tables: Tables, operator: Hired) -> None:
        ours = dead(tables)
        others = (dead(tables, topic="email.password_changed"), dead(tables, dead_at=BEFORE - timedelta(days=1)))
        span = {"topic": TOPIC, "from": (BEFORE - timedelta(hours=1)).isoformat(), "to": NOW.isoformat()}
        response = self.act(api, operator, "RETRY", dead=span)
        assert self.outcomes(response) == {str(ours): "DONE"}
        assert response.json()["data"]["more"] is False
        left = {row["id"] for row in tables.rows("SELECT id FROM outbox WHERE dead_at IS NOT NULL")}
        assert left == set(others)

    def test_a_thousand_at_a_time(self, api: Api, tables: Tables, operator: Hired) -> None:
        tables.run(MANY, TOPIC, BEFORE)
        span = {"topic": TOPIC, "from": "2026-01-01T00:00:00Z", "to": NOW.isoformat()}
        told = self.act(api, operator, "RETRY", dead=span).json()["data"]
        assert (len(told["results"]), told["more"]) == (1000, True)
        assert len(tables.rows("SELECT id FROM outbox WHERE dead_at IS NOT NULL")) == 1

    @pytest.mark.parametrize(
        "selection",
        [
            {},
            {"ids": [str(uuid4())], "dead": SPAN},
            {"dead": SPAN | {"from": SPAN["to"], "to": SPAN["from"]}},
        ],
    )
    def test_it_must_be_said_which(self, api: Api, operator: Hired, selection: dict[str, Any]) -> None:
        assert code_of(self.act(api, operator, "RETRY", **selection)) == "admin.jobs.selection_invalid"

    @pytest.mark.parametrize("topic", ["gdpr.erase", "gdpr.remove_archive", "storage.delete_file"])
    def test_what_people_are_owed_is_not_discarded(self, api: Api, tables: Tables, operator: Hired, topic: str) -> None:
        """Nor is anything that was named beside it."""
        owed, other = dead(tables, topic=topic), dead(tables)
        refused = self.act(api, operator, "DISCARD", ids=[str(other), str(owed)])
        assert (refused.status_code, code_of(refused)) == (409, "admin.jobs.required")
        assert tables.rows("SELECT id FROM outbox WHERE discarded_at IS NOT NULL") == []
        assert set(self.outcomes(self.act(api, operator, "RETRY", ids=[str(owed)])).values()) == {"DONE"}

    def test_two_who_retry_at_once_do_it_once(self, server: Server, tables: Tables) -> None:
        ids = [str(dead(tables)) for _ in range(20)]

        members = [member(server, "OPERATOR") for _ in range(4)]

        def retry(number: int) -> dict[str, str]:
            with server.client() as api:
                return self.outcomes(self.act(api, members[number], "RETRY", ids=ids[::-1] if number % 2 else ids))

        with ThreadPoolExecutor(4) as beside:
            told = list(beside.map(retry, range(4)))
        for job_id in ids:
            assert sorted(outcome[job_id] for outcome in told) == ["DONE", "UNCHANGED", "UNCHANGED", "UNCHANGED"]

    def test_a_repetition_gets_the_same_answer(self, api: Api, tables: Tables, operator: Hired) -> None:
        job_id = str(dead(tables))
        first, second = (self.act(api, operator, "RETRY", key="k", ids=[job_id]) for _ in range(2))
        assert (first.content, second.headers["idempotency-replayed"]) == (second.content, "true")
        assert len(audited(tables, "admin.jobs.act")) == 1

    def test_is_recorded(self, api: Api, tables: Tables, operator: Hired) -> None:
        job_id = str(dead(tables))
        self.act(api, operator, "DISCARD", ids=[job_id])
        (row,) = audited(tables, "admin.jobs.act")
        assert (row["actor_id"], row["reason"], row["role"]) == (operator.id, REASON, "OPERATOR")
        assert row["details"] == {"act": "DISCARD", "jobs": 1, "ids": [job_id]}


class TestDepths:
    def test_what_is_discarded_is_dead_no_more(self, api: Api, server: Server, tables: Tables) -> None:
        dead(tables)
        job(tables, **STATES["DISCARDED"])
        assert server.on_loop(_depths(server))["dead"] == 1


async def _depths(server: Server) -> dict[str, int]:
    async with server.app.parts.database.reading() as db:
        return await db.outbox.depths()
