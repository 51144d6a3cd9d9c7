"""What staff reads of the audit log, takes away, and has compared."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.admin.audit import MOST_EXPORTED
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, hired, member

SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
MANY = """
INSERT INTO audit_logs (id, action, result, created_at)
SELECT gen_random_uuid(), 'many', 'success', now() - n * interval '1 ms' FROM generate_series(1, %s) n
"""


@pytest.fixture
def auditor(server: Server) -> Hired:
    return member(server, "AUDITOR")


def entry(tables: Tables, **columns: Any) -> UUID:
    return insert(tables, "audit_logs", **({"action": "a.b", "result": "success"} | columns))


def seal(server: Server) -> None:
    server.let_time_come("audit.seal")


class TestList:
    def list(self, api: Api, caller: Hired, **filters: Any) -> list[str]:
        response = api.call("admin.audit.list", params=filters, headers=caller.headers)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["data"]["items"]]

    def test_tells_who_did_what_when(self, api: Api, server: Server, tables: Tables, auditor: Hired) -> None:
        actor = uuid4()
        told = {"actor_id": actor, "target_id": "t", "correlation_id": "c", "ip_prefix": "192.0.2.0/24"}
        told |= {"role": "OWNER", "reason": "Because.", "before": {"a": 1}, "after": {"a": 2}, "details": {"b": [True]}}
        entry_id = entry(tables, action="admin.x.y", result="refused", **told)
        seal(server)
        (item,) = api.call("admin.audit.list", headers=auditor.headers).json()["data"]["items"]
        assert item.pop("createdAt").endswith("Z")
        assert item == {
            "id": str(entry_id), "action": "admin.x.y", "result": "refused", "actorId": str(actor), "role": "OWNER",
            "targetId": "t", "reason": "Because.", "before": {"a": 1}, "after": {"a": 2}, "details": {"b": [True]},
            "network": "192.0.2.0/24", "correlationId": "c", "seal": 1,
        }  # fmt: skip

    def test_every_filter_narrows_it(self, api: Api, tables: Tables, auditor: Hired) -> None:
        actor, now = uuid4(), datetime.now(UTC)
        entry(tables, created_at=now - timedelta(days=1), action="other.action")
        entry(tables, created_at=now - timedelta(days=1), action="a_b")
        ours = entry(
            tables, created_at=now - timedelta(days=3), actor_id=actor, target_id="t", correlation_id="c",
            result="failure", action="a.b.c",
        )  # fmt: skip
        since, until = ((now - timedelta(days=days)).isoformat() for days in (4, 2))
        for filters in (
            {"actor": str(actor)},
            {"target": "t"},
            {"correlationId": "c"},
            {"result": "failure"},
            {"action": "a."},
            {"action": "a.b.c"},
            {"createdTo": until},
            {"createdFrom": since, "createdTo": until, "actor": str(actor), "action": "a.b", "result": "failure"},
        ):
            assert self.list(api, auditor, **filters) == [str(ours)], filters
        assert self.list(api, auditor, createdFrom=now.isoformat()) == []
        assert len(self.list(api, auditor)) == 3

    def test_what_looks_like_a_secret_is_hidden(self, api: Api, tables: Tables, auditor: Hired) -> None:
        """None should be there; whoever reads is not who may see one."""
        planted = {"note": f"of ada@example.com with {SECRET}", "token": "plain", "inner": {"password": "plain"}}
        entry(tables, details=planted, before=planted, after=planted, reason="asked by ada@example.com")
        text = api.call("admin.audit.list", headers=auditor.headers).text
        assert not any(secret in text for secret in ("ada@example.com", SECRET, "plain"))

    @pytest.mark.parametrize("sort", ["-createdAt", "createdAt"])
    def test_a_walk_beside_new_entries_misses_none(
        self, api: Api, server: Server, tables: Tables, auditor: Hired, sort: str
    ) -> None:
        tables.run(MANY, 60)
        before = {str(row["id"]) for row in tables.rows("SELECT id FROM audit_logs WHERE action = 'many'")}
        found: list[str] = []

        def write() -> None:
            with Tables(server.database_url) as beside:
                for _ in range(100):
                    entry(beside, action="meanwhile")

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            cursor: str | None = None
            while True:
                params = {"limit": 7, "sort": sort} | ({"cursor": cursor} if cursor else {})
                page = api.call("admin.audit.list", params=params, headers=auditor.headers).json()["data"]
                found += [item["id"] for item in page["items"]]
                cursor = page["nextCursor"]
                if cursor is None:
                    break
            writing.result()
        assert len(set(found)) == len(found)
        assert before <= set(found)

    def test_a_cursor_of_another_list(self, api: Api, tables: Tables, auditor: Hired) -> None:
        tables.run(MANY, 3)
        page = api.call("admin.audit.list", params={"limit": 1}, headers=auditor.headers).json()["data"]
        other = {"limit": 1, "action": "many", "cursor": page["nextCursor"]}
        assert code_of(api.call("admin.audit.list", params=other, headers=auditor.headers)) == "admin.cursor_invalid"

    @pytest.mark.parametrize(
        "filters", [{"actor": "x"}, {"action": "a%"}, {"action": ""}, {"result": "x"}, {"createdFrom": "yesterday"}]
    )
    def test_bad_filters_are_told(self, api: Api, auditor: Hired, filters: dict[str, str]) -> None:
        response = api.call("admin.audit.list", params=filters, headers=auditor.headers)
        assert (response.status_code, response.json()["error"]["details"][0]["field"]) == (400, *filters)


class TestGet:
    def test_one_entry(self, api: Api, tables: Tables, auditor: Hired) -> None:
        entry_id = entry(tables)
        found = api.call("admin.audit.get", path=f"/admin/audit/{entry_id}", headers=auditor.headers)
        assert found.json()["data"]["id"] == str(entry_id)
        assert found.json()["data"]["seal"] is None

    def test_none(self, api: Api, auditor: Hired) -> None:
        found = api.call("admin.audit.get", path=f"/admin/audit/{uuid4()}", headers=auditor.headers)
        assert code_of(found) == "admin.not_found"


class TestGrant:
    def test_a_role_that_was_given_is_told_whole_wherever_it_is_read(
        self, api: Api, server: Server, tables: Tables, auditor: Hired
    ) -> None:
        owner, ada = member(server, "OWNER"), account(api, tables)
        body = {"email": "ada@example.com", "role": "OPERATOR", "reason": "Joins the operations team."}
        given = api.call("admin.staff.grant", body, headers=owner.headers)
        seal(server)
        listed = api.call("admin.audit.list", params={"action": "admin.staff.grant"}, headers=auditor.headers)
        (item,) = listed.json()["data"]["items"]
        found = api.call("admin.audit.get", path=f"/admin/audit/{item['id']}", headers=auditor.headers)
        assert found.json()["data"] == item
        assert item == {
            "id": item["id"], "createdAt": item["createdAt"], "action": "admin.staff.grant", "result": "success",
            "actorId": str(owner.id), "role": "OWNER", "targetId": str(ada), "reason": body["reason"], "before": None,
            "after": {"role": "OPERATOR", "expiresAt": None}, "details": {}, "network": item["network"],
            "correlationId": given.headers["x-correlation-id"], "seal": 1,
        }  # fmt: skip
        assert item["network"].endswith("/24")


class TestExport:
    def test_every_line_is_an_entry_with_its_seal(
        self, api: Api, server: Server, tables: Tables, auditor: Hired
    ) -> None:
        first = entry(tables, action="ours", details={"é": 1})
        entry(tables)
        seal(server)
        later = entry(tables, action="ours")
        response = api.call("admin.audit.export", params={"action": "ours"}, headers=auditor.headers)
        assert response.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in response.text.splitlines()]
        digest = tables.one("SELECT digest FROM audit_seals")["digest"].hex()
        told = [(line["id"], line["seal"], line["sealDigest"]) for line in lines]
        assert told == [(str(first), 1, digest), (str(later), None, None)]
        assert lines[0]["details"] == {"é": 1}

    def test_is_recorded_with_filters_and_number(self, api: Api, tables: Tables, auditor: Hired) -> None:
        entry(tables)
        for name in ("admin.audit.export", "admin.audit.export_csv"):
            api.call(name, params={"action": "a.", "createdTo": "2999-01-01T00:00:00Z"}, headers=auditor.headers)
            (row,) = audited(tables, name)
            assert (row["actor_id"], row["details"]["entries"]) == (auditor.id, 1)
            assert row["details"]["filter"] == {"action": "a.", "created_to": "2999-01-01T00:00:00.000Z"}

    @pytest.mark.parametrize("name", ["admin.audit.export", "admin.audit.export_csv"])
    def test_too_many_are_refused(self, api: Api, tables: Tables, auditor: Hired, name: str) -> None:
        tables.run(MANY, MOST_EXPORTED + 1)
        refused = api.call(name, headers=auditor.headers)
        assert (code_of(refused), refused.json()["error"]["i18nVars"]) == (
            "admin.audit.export_too_large", {"limit": MOST_EXPORTED},
        )  # fmt: skip
        assert audited(tables, name) == []

    def test_is_for_few(self, api: Api, server: Server) -> None:
        refused = api.call("admin.audit.export", headers=hired(server, "ADMIN"))
        assert code_of(refused) == "admin.permission_denied"


class TestExportCsv:
    def test_a_table_has_no_formulas(self, api: Api, tables: Tables, auditor: Hired) -> None:
        for text in ("=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1", 'plain, "quoted"\nand long'):
            entry(tables, target_id=text)
        response = api.call("admin.audit.export_csv", headers=auditor.headers)
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
        told = {row["targetId"] for row in rows}
        assert told == {"'=1+1", "'+1", "'-1", "'@x", "'\t=1", "'\uff1d1", 'plain, "quoted"\nand long'}
        assert [row["actorId"] for row in rows] == [""] * len(rows)


class TestVerify:
    def verify(self, api: Api, caller: Hired, **params: str) -> dict[str, Any]:
        found: dict[str, Any] = api.call("admin.audit.verify", params=params, headers=caller.headers).json()["data"]
        return found

    def test_a_log_as_it_was(self, api: Api, server: Server, tables: Tables, auditor: Hired) -> None:
        empty = {"ok": True, "complete": True, "checked": 0, "seals": 0, "firstBad": None, "until": None, "head": None}
        assert self.verify(api, auditor) == empty
        entry(tables)
        seal(server)
        found = self.verify(api, auditor)
        assert (found["ok"], found["complete"], found["checked"], found["head"]["number"]) == (True, True, 1, 1)
        assert found["head"]["digest"] == tables.one("SELECT digest FROM audit_seals")["digest"].hex()
        nothing = self.verify(api, auditor, sealedFrom="2999-01-01T00:00:00Z")
        assert (nothing["ok"], nothing["checked"]) == (True, 0)
        assert self.verify(api, auditor, sealedTo="2000-01-01T00:00:00Z")["checked"] == 0

    def test_one_that_was_changed(self, api: Api, server: Server, tables: Tables, auditor: Hired) -> None:
        entry(tables)
        seal(server)
        tables.run("SET session_replication_role = replica")
        try:
            tables.run("UPDATE audit_logs SET result = 'failure'")
        finally:
            tables.run("SET session_replication_role = origin")
        found = self.verify(api, auditor)
        assert (found["ok"], found["complete"], found["firstBad"]) == (False, False, {"number": 1, "fault": "DIGEST"})


class TestHead:
    def test_is_logged_stored_and_mailed(self, api: Api, server: Server, tables: Tables, auditor: Hired) -> None:
        """The file is for nobody to read through the API."""
        server.configure(**{"security.alert_email": "alert@example.com"})
        for topic in ("audit.head", "audit.mail_head"):
            server.let_time_come(topic)
        assert api.mails("alert@example.com") == []
        entry(tables)
        for topic in ("audit.seal", "audit.head", "audit.mail_head"):
            server.let_time_come(topic)
        head = tables.one("SELECT number, digest FROM audit_seals ORDER BY number DESC LIMIT 1")
        (mail,) = api.mails("alert@example.com")
        assert head["digest"].hex() in mail["text"]
        (file,) = (server.settings.data_dir / "uploads" / "audit" / "heads").glob(f"*/{head['number']}.json")
        kept = json.loads(file.read_bytes())
        assert (kept["number"], kept["digest"]) == (head["number"], head["digest"].hex())
        day = file.parent.name
        assert api.get(f"{server.origin}/files/audit/heads/{day}/{file.name}").status_code == 404


class TestRefused:
    """Calls of staff operations that were refused, whichever they were."""

    def refused(self, tables: Tables, caller: Hired) -> list[tuple[str, str]]:
        query = "SELECT action, details FROM audit_logs WHERE result = 'refused' AND actor_id = %s ORDER BY created_at"
        return [(row["action"], row["details"]["code"]) for row in tables.rows(query, caller.id)]

    def test_leave_an_entry_a_minute(self, api: Api, server: Server, tables: Tables) -> None:
        support = member(server, "SUPPORT")
        for _ in range(3):
            refused = api.call("admin.audit.list", headers=support.headers)
        api.call("admin.jobs.list", headers=support.headers)
        assert self.refused(tables, support) == [
            ("admin.audit.list", "admin.permission_denied"), ("admin.jobs.list", "admin.permission_denied"),
        ]  # fmt: skip
        row = tables.rows("SELECT * FROM audit_logs WHERE result = 'refused'")[0]
        assert (row["ip_prefix"].endswith("/24"), row["correlation_id"] is not None) == (True, True)
        assert row["correlation_id"] != refused.headers["x-correlation-id"]

    def test_tell_of_strangers_too(self, api: Api, server: Server, tables: Tables) -> None:
        stranger = member(server)
        api.call("admin.audit.list", headers=stranger.headers)
        assert self.refused(tables, stranger) == [("admin.audit.list", "auth.forbidden")]

    def test_tell_of_a_session_without_a_proof(self, api: Api, server: Server, tables: Tables) -> None:
        caller = member(server, "OPERATOR", session={"confirmed_at": None})
        body = {"act": "RETRY", "ids": [str(uuid4())], "reason": "A test."}
        for key in ("a", "b"):
            api.call("admin.jobs.act", body, headers=caller.headers | {"Idempotency-Key": key})
        assert self.refused(tables, caller) == [("admin.jobs.act", "admin.reauthentication_required")]
        assert tables.one("SELECT role FROM audit_logs WHERE result = 'refused'") == {"role": "OPERATOR"}

    def test_do_not_tell_of_mistakes(self, api: Api, tables: Tables, auditor: Hired) -> None:
        api.call("admin.audit.list", params={"actor": "x"}, headers=auditor.headers)
        api.call("admin.audit.get", path=f"/admin/audit/{uuid4()}", headers=auditor.headers)
        api.call("admin.audit.list")
        assert tables.rows("SELECT id FROM audit_logs WHERE result = 'refused'") == []

    def test_stay_refused_where_nothing_can_be_written(self, api: Api, server: Server, tables: Tables) -> None:
        support = member(server, "SUPPORT")
        tables.run("ALTER TABLE audit_logs ADD CONSTRAINT nothing CHECK (false) NOT VALID")
        try:
            refused = api.call("admin.audit.list", headers=support.headers)
        finally:
            tables.run("ALTER TABLE audit_logs DROP CONSTRAINT nothing")
        assert (refused.status_code, code_of(refused)) == (403, "admin.permission_denied")
