"""Cases of moderation: who reviews them, and what becomes of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.contract.admin_cases_scenarios import REJECTED, STATEMENT
from tests.creators import Creator, creator, link, signed_in
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert, somebody, topics
from tests.handlers.test_reports import report
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.moderation import ruled
from tests.restrictions import lift
from tests.staff import Hired, member

NOTE = {"note": "The pictures are the owner's own."}
NOW = datetime.now(UTC)
CASE = "SELECT * FROM moderation_cases"


@pytest.fixture
def moderator(server: Server) -> Hired:
    return member(server, "MODERATOR")


@pytest.fixture
def mallory(api: Api, tables: Tables) -> UUID:
    shown = {"display_name": "Ada", "bio": "Pay me.", "avatar_url": "https://cdn.bio.re/a.webp"}
    return account(api, tables, "mallory@example.com", username="mallory", **shown)


@pytest.fixture
def case_id(api: Api, server: Server, mallory: UUID, tables: Tables) -> UUID:
    """Reported by somebody without an account."""
    assert report(api).status_code == 201
    return UUID(str(tables.one(CASE)["id"]))


def made(tables: Tables, **columns: Any) -> UUID:
    user_id = insert(tables, "users", email=f"{uuid4().hex}@example.com")
    row = {"target_type": "USER", "target_id": user_id, "user_id": user_id, "origin": "NOTICE", "evidence": {}}
    return insert(tables, "moderation_cases", **row | columns)


def ask(api: Api, verb: str, case_id: Any, caller: Hired, body: Any = None, **options: Any) -> httpx.Response:
    path = f"/admin/moderation/cases/{case_id}" + ("" if verb == "find" else f"/{verb}")
    return api.call(f"admin.cases.{verb}", body, path=path, headers=caller.headers, **options)


def claim(api: Api, case_id: Any, caller: Hired) -> httpx.Response:
    return ask(api, "claim", case_id, caller)


def approve(api: Api, case_id: Any, caller: Hired) -> httpx.Response:
    return ask(api, "approve", case_id, caller, NOTE)


def reject(api: Api, case_id: Any, caller: Hired, **fields: Any) -> httpx.Response:
    return ask(api, "reject", case_id, caller, REJECTED | fields)


def found(api: Api, case_id: Any, caller: Hired) -> dict[str, Any]:
    response = ask(api, "find", case_id, caller)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def listed(api: Api, caller: Hired, **params: Any) -> list[str]:
    """The ids of the whole list, walked in pages of two."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        response = api.call("admin.cases.list", params={"limit": 2, **params, **more}, headers=caller.headers)
        assert response.status_code == 200, response.text
        ids += [case["id"] for case in response.json()["data"]["items"]]
        cursor = response.json()["data"]["nextCursor"]
        if cursor is None:
            return ids


class TestList:
    def test_by_age_and_by_reports(self, api: Api, tables: Tables, moderator: Hired) -> None:
        counts = [3, 1, 3, 0, 2]
        ids = [
            str(made(tables, created_at=NOW - timedelta(hours=10 - age), notices=count))
            for age, count in enumerate(counts)
        ]
        assert listed(api, moderator) == ids[::-1]
        assert listed(api, moderator, sort="createdAt") == ids
        by_count = listed(api, moderator, sort="-notices")
        assert [counts[ids.index(case_id)] for case_id in by_count] == [3, 3, 2, 1, 0]

    def test_filters_narrow_it(self, api: Api, tables: Tables, moderator: Hired) -> None:
        other = member(api.server, "MODERATOR")
        mine = made(tables, state="CLAIMED", assignee_id=moderator.id, category="SCAM")
        theirs = made(tables, state="APPROVED", assignee_id=other.id, origin="RULE")
        open_ = made(tables, target_type="BIO", category="SPAM")
        told = {
            "state=OPEN": [open_],
            "origin=RULE": [theirs],
            "targetType=BIO": [open_],
            "category=SCAM": [mine],
            "assignee=me": [mine],
            "assignee=none": [open_],
            f"assignee={other.id}": [theirs],
            "state=OPEN&category=SCAM": [],
        }
        for query, ids in told.items():
            params = dict(part.split("=") for part in query.split("&"))
            assert listed(api, moderator, **params) == [str(case_id) for case_id in ids], query

    def test_a_cursor_of_another_order_is_refused(self, api: Api, tables: Tables, moderator: Hired) -> None:
        for _ in range(2):
            made(tables)
        first = api.call("admin.cases.list", params={"limit": 1}, headers=moderator.headers)
        params = {"cursor": first.json()["data"]["nextCursor"], "sort": "-notices"}
        response = api.call("admin.cases.list", params=params, headers=moderator.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestFind:
    def test_an_unknown_one_is_not_found(self, api: Api, moderator: Hired) -> None:
        response = ask(api, "find", uuid4(), moderator)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_tells_what_was_reported_and_by_whom(
        self, api: Api, server: Server, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        change(tables, "users", mallory, bio="Nothing to see.")
        reporter = account(api, tables, "eve@example.com")
        report(api, api.sign_in("eve@example.com"), category="SCAM")
        told = found(api, case_id, moderator)
        assert (told["username"], told["notices"], told["category"]) == ("mallory", 2, "IMPERSONATION")
        assert (told["evidence"]["bio"], told["evidence"]["flags"]) == ("Pay me.", [])
        newest, oldest = told["reports"]
        assert (newest["userId"], newest["email"], newest["category"]) == (str(reporter), None, "SCAM")
        assert [look["bio"] for look in told["evidence"]["later"]] == ["Nothing to see."]
        assert (oldest["userId"], oldest["name"], oldest["email"]) == (None, "Ada Lovelace", "a***@e***.com")
        whole = found(api, case_id, member(server, "ADMIN"))
        assert whole["reports"][1]["email"] == "ada@example.com"

    def test_tells_what_rules_flagged(self, api: Api, server: Server, mallory: UUID, tables: Tables) -> None:
        rule_id = ruled(server, "scam")
        access = api.sign_in("mallory@example.com")
        api.call("users.update_profile", {"bio": "A scam."}, headers=bearer(access))
        told = found(api, tables.one(CASE)["id"], member(server, "AUDITOR"))
        (flag,) = told["evidence"]["flags"]
        assert (flag["scope"], flag["text"], flag["rules"]) == ("bio", "A scam.", [str(rule_id)])
        assert (told["origin"], told["reports"]) == ("RULE", [])

    def test_tells_what_staff_did(self, api: Api, case_id: UUID, moderator: Hired) -> None:
        claim(api, case_id, moderator)
        approve(api, case_id, moderator)
        newest, oldest = found(api, case_id, moderator)["history"]
        assert (newest["action"], newest["reason"]) == ("admin.cases.approve", NOTE["note"])
        assert (oldest["action"], oldest["actorId"], oldest["reason"]) == ("admin.cases.claim", str(moderator.id), None)

    def test_of_an_erased_account_nothing_is_left(
        self, api: Api, case_id: UUID, tables: Tables, moderator: Hired
    ) -> None:
        tables.run("UPDATE moderation_cases SET evidence = '{}'")
        told = found(api, case_id, moderator)
        assert told["evidence"] == {
            "username": None,
            "displayName": None,
            "bio": None,
            "avatarUrl": None,
            "title": None,
            "url": None,
            "later": [],
            "flags": [],
        }


class TestClaim:
    def test_it_is_the_callers(self, api: Api, case_id: UUID, tables: Tables, moderator: Hired) -> None:
        told = claim(api, case_id, moderator).json()["data"]
        assert (told["state"], told["assigneeId"]) == ("CLAIMED", str(moderator.id))
        assert claim(api, case_id, moderator).json()["data"] == told
        assert len(audited(tables, "admin.cases.claim")) == 1

    def test_somebody_elses_is_refused(self, api: Api, case_id: UUID, moderator: Hired) -> None:
        claim(api, case_id, moderator)
        response = claim(api, case_id, member(api.server, "MODERATOR"))
        assert (response.status_code, code_of(response)) == (409, "admin.case.taken")

    def test_a_claim_ends(self, api: Api, case_id: UUID, tables: Tables, moderator: Hired) -> None:
        claim(api, case_id, moderator)
        change(tables, "moderation_cases", case_id, claimed_at=NOW - timedelta(hours=24, seconds=1))
        other = member(api.server, "MODERATOR")
        assert claim(api, case_id, other).json()["data"]["assigneeId"] == str(other.id)
        assert code_of(approve(api, case_id, moderator)) == "admin.case.taken"

    def test_a_decided_one_is_refused(self, api: Api, case_id: UUID, moderator: Hired) -> None:
        approve(api, case_id, moderator)
        response = claim(api, case_id, moderator)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": "APPROVED", "to": "CLAIMED"}

    @pytest.mark.parametrize("verb", ["claim", "approve", "reject"])
    def test_an_unknown_one_is_not_found(self, api: Api, moderator: Hired, verb: str) -> None:
        body = {"claim": None, "approve": NOTE, "reject": REJECTED}[verb]
        assert code_of(ask(api, verb, uuid4(), moderator, body)) == "admin.not_found"

    def test_of_two_at_once_one_has_it(self, server: Server, clients: Clients, case_id: UUID) -> None:
        callers = [member(server, "MODERATOR") for _ in range(8)]
        apis = [clients(server) for _ in callers]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda pair: claim(pair[0], case_id, pair[1]), zip(apis, callers, strict=True)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


class TestApprove:
    def test_closes_the_case_and_restricts_nothing(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        told = approve(api, case_id, moderator).json()["data"]
        assert (told["state"], told["assigneeId"]) == ("APPROVED", str(moderator.id))
        assert tables.one("SELECT bio, status FROM users WHERE id = %s", mallory) == {
            "bio": "Pay me.",
            "status": "ACTIVE",
        }
        assert tables.count("statements_of_reasons") == 0
        (entry,) = audited(tables, "admin.cases.approve")
        assert (entry["target_id"], entry["reason"]) == (str(case_id), NOTE["note"])

    @pytest.mark.parametrize("decide", [approve, reject])
    def test_somebody_elses_is_refused(
        self, api: Api, case_id: UUID, moderator: Hired, decide: Callable[..., httpx.Response]
    ) -> None:
        claim(api, case_id, moderator)
        assert code_of(decide(api, case_id, member(api.server, "MODERATOR"))) == "admin.case.taken"
        assert decide(api, case_id, moderator).status_code == 200

    @pytest.mark.parametrize("decide", [approve, reject])
    def test_nothing_is_decided_twice(
        self, api: Api, case_id: UUID, moderator: Hired, decide: Callable[..., httpx.Response]
    ) -> None:
        approve(api, case_id, moderator)
        assert code_of(decide(api, case_id, moderator)) == "admin.transition_invalid"

    def test_each_reporter_is_mailed_once(
        self, api: Api, server: Server, case_id: UUID, tables: Tables, moderator: Hired
    ) -> None:
        account(api, tables, "eve@example.com", locale="de")
        report(api, api.sign_in("eve@example.com"))
        api.mails("eve@example.com")
        approve(api, case_id, moderator)
        server.work_off()
        tables.run("INSERT INTO outbox (id, topic, payload) SELECT gen_random_uuid(), 'reports.notify', "
                   "jsonb_build_object('case', id) FROM moderation_cases")  # fmt: skip
        told, _ = api.mails("ada@example.com")
        assert told["subject"] == "Our decision on your report"
        assert "no violation" in told["text"]
        german, _ = api.mails("eve@example.com")
        assert german["subject"] == "Unsere Entscheidung zu Ihrer Meldung"
        assert "keinen Verstoß" in german["text"]
        assert len(api.mails("mallory@example.com")) == 0

    def test_a_report_beside_it_joins_it_or_opens_another(
        self, server: Server, clients: Clients, case_id: UUID, tables: Tables, moderator: Hired
    ) -> None:
        """Whatever comes first: no report is in a case that was decided without it being counted."""
        apis, reporters = [clients(server) for _ in range(9)], [somebody(server) for _ in range(8)]
        with ThreadPoolExecutor(9) as pool:
            reported = [pool.submit(report, apis[n], reporters[n]) for n in range(8)]
            decided = pool.submit(approve, apis[8], case_id, moderator)
        assert {answer.result().status_code for answer in reported} == {201}
        assert decided.result().status_code == 200
        cases = tables.rows("SELECT id, state, notices FROM moderation_cases")
        assert sum(case["notices"] for case in cases) == 9
        for case in cases:
            held = tables.one("SELECT count(*) AS n FROM moderation_notices WHERE case_id = %s", case["id"])
            assert held == {"n": case["notices"]}
        server.work_off()
        untold = tables.rows("SELECT 1 FROM moderation_notices WHERE case_id = %s AND told_at IS NULL", case_id)
        assert untold == []


class TestReject:
    def test_removes_what_can_be_seen_with_a_statement(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        told = reject(api, case_id, moderator).json()["data"]
        assert (told["state"], told["assigneeId"]) == ("REJECTED", str(moderator.id))
        shown = tables.one("SELECT username, display_name, bio, avatar_url, status FROM users WHERE id = %s", mallory)
        assert shown == {"username": "mallory", "status": "ACTIVE"} | dict.fromkeys(
            ("display_name", "bio", "avatar_url")
        )
        statement = tables.one("SELECT * FROM statements_of_reasons")
        assert (statement["user_id"], statement["case_id"]) == (mallory, case_id)
        assert (statement["type"], statement["source"], statement["decided_by"]) == (
            "VISIBILITY_REMOVED", "NOTICE", moderator.id,
        )  # fmt: skip
        assert statement["report_id"] == tables.one("SELECT id FROM moderation_notices")["id"]
        assert statement["before"]["bio"] == "Pay me."
        (entry,) = audited(tables, "admin.cases.reject")
        assert (entry["target_id"], entry["reason"]) == (str(case_id), REJECTED["reason"])
        assert entry["after"]["statement"] == str(statement["id"])

    def test_removes_the_parts_that_are_named(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        assert reject(api, case_id, moderator, parts=["username"]).status_code == 200
        shown = tables.one("SELECT username, bio FROM users WHERE id = %s", mallory)
        assert shown == {"username": None, "bio": "Pay me."}
        assert tables.one("SELECT target_type FROM statements_of_reasons") == {"target_type": "USERNAME"}

    @pytest.mark.parametrize(("kind", "status"), [("ACCOUNT_SUSPENDED", "SUSPENDED"), ("ACCOUNT_BANNED", "BANNED")])
    def test_shuts_the_account_out(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired, kind: str, status: str
    ) -> None:
        access = api.sign_in("mallory@example.com")
        until = (NOW + timedelta(days=7)).isoformat()
        assert reject(api, case_id, moderator, type=kind, until=until).status_code == 200
        assert tables.one("SELECT status FROM users WHERE id = %s", mallory) == {"status": status}
        assert tables.one("SELECT until FROM bans")["until"] == datetime.fromisoformat(until)
        assert api.call("users.profile", headers=bearer(access)).status_code == 401

    def test_who_reported_and_who_is_restricted_are_mailed(self, api: Api, case_id: UUID, moderator: Hired) -> None:
        reject(api, case_id, moderator)
        told, _ = api.mails("ada@example.com")
        assert "found a violation" in told["text"]
        (statement,) = api.mails("mallory@example.com")
        assert STATEMENT["facts"] in statement["text"]
        assert "ada@example.com" not in statement["text"]
        assert "Lovelace" not in statement["text"]

    def test_a_case_of_a_rule_says_so(self, api: Api, server: Server, mallory: UUID, tables: Tables) -> None:
        ruled(server, "scam")
        access = api.sign_in("mallory@example.com")
        api.call("users.update_profile", {"bio": "A scam."}, headers=bearer(access))
        assert reject(api, tables.one(CASE)["id"], member(server, "MODERATOR")).status_code == 200
        statement = tables.one("SELECT source, automated_detection, report_id FROM statements_of_reasons")
        assert statement == {"source": "OWN_INITIATIVE", "automated_detection": True, "report_id": None}

    def test_a_dry_run_leaves_nothing(self, api: Api, case_id: UUID, tables: Tables, moderator: Hired) -> None:
        before = tables.fingerprints()
        response = ask(api, "reject", case_id, moderator, REJECTED, params={"dryRun": "true"})
        assert (response.status_code, response.json()["dryRun"]) == (200, True)
        assert response.json()["data"]["state"] == "REJECTED"
        assert tables.changed_since(before) <= {"sessions"}

    def test_a_time_that_has_passed_is_no_end(self, api: Api, case_id: UUID, moderator: Hired) -> None:
        assert broken_rules(reject(api, case_id, moderator, until="2020-01-01T00:00:00Z")) == {("until", "minimum")}

    def test_staff_is_for_who_manages_staff(self, api: Api, server: Server, tables: Tables, moderator: Hired) -> None:
        colleague = member(server, "SUPPORT")
        case_id = made(tables, user_id=colleague.id, target_id=colleague.id)
        assert code_of(reject(api, case_id, moderator)) == "admin.user.is_staff"
        assert reject(api, case_id, member(server, "OWNER")).status_code == 200

    def test_the_last_owner_stays(self, api: Api, server: Server, tables: Tables) -> None:
        owner = member(server, "OWNER")
        case_id = made(tables, user_id=owner.id, target_id=owner.id)
        response = reject(api, case_id, owner, type="ACCOUNT_BANNED")
        assert (response.status_code, code_of(response)) == (409, "admin.staff.last_owner")
        assert tables.one(CASE)["state"] == "OPEN"

    def test_an_erased_account_is_told(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        change(tables, "users", mallory, status="DELETED")
        assert code_of(reject(api, case_id, moderator)) == "admin.user.erased"
        assert tables.one(CASE)["state"] == "OPEN"

    def test_who_is_shut_out_already_is_told(
        self, api: Api, case_id: UUID, mallory: UUID, tables: Tables, moderator: Hired
    ) -> None:
        change(tables, "users", mallory, status="BANNED")
        assert code_of(reject(api, case_id, moderator, type="ACCOUNT_BANNED")) == "admin.transition_invalid"
        assert tables.one(CASE)["state"] == "OPEN"

    def test_of_decisions_at_once_one_holds(self, server: Server, clients: Clients, case_id: UUID) -> None:
        callers, apis = [member(server, "MODERATOR") for _ in range(6)], [clients(server) for _ in range(6)]
        decisions = [approve, reject] * 3
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda n: decisions[n](apis[n], case_id, callers[n]), range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
        state = server.tables.one(CASE)["state"]
        assert server.tables.count("statements_of_reasons") == (1 if state == "REJECTED" else 0)
        assert topics(server.tables).count("reports.notify") == 1


class TestForgetting:
    def test_strangers_are_forgotten_when_nobody_can_object_any_more(
        self, server: Server, case_id: UUID, tables: Tables
    ) -> None:
        names = "SELECT name, email FROM moderation_notices"
        for days, kept in ((183, True), (185, False)):
            change(tables, "moderation_cases", case_id, state="APPROVED", decided_at=NOW - timedelta(days=days))
            server.let_time_come("housekeeping.forget_sessions")
            assert (tables.one(names)["email"] is not None) is kept
        assert tables.one(names) == {"name": None, "email": None}


class TestLinks:
    """A link that is removed is hidden, and stays so whatever its owner does."""

    @pytest.fixture
    def eve(self, api: Api, tables: Tables) -> Creator:
        return creator(api, tables, "eve@example.com", "eve")

    @pytest.fixture
    def link_id(self, eve: Creator, tables: Tables) -> UUID:
        return link(tables, eve.page_id, title="Free money")

    @pytest.fixture
    def of_link(self, api: Api, link_id: UUID, tables: Tables) -> UUID:
        assert report(api, targetType="LINK", targetId=str(link_id)).status_code == 201
        return UUID(str(tables.one(CASE)["id"]))

    def test_staff_sees_what_it_was(self, api: Api, moderator: Hired, of_link: UUID) -> None:
        evidence = found(api, of_link, moderator)["evidence"]
        assert (evidence["title"], evidence["url"]) == ("Free money", "https://shop.example.com/")
        assert (evidence["username"], evidence["bio"]) == ("eve", None)

    def test_its_owner_is_told_and_cannot_show_it(
        self, api: Api, moderator: Hired, eve: Creator, link_id: UUID, of_link: UUID, tables: Tables
    ) -> None:
        page = tables.one("SELECT version FROM bio_pages")["version"]
        assert reject(api, of_link, moderator, parts=["username"]).status_code == 200
        assert tables.one("SELECT version FROM bio_pages")["version"] == page + 1
        statement = tables.one("SELECT * FROM statements_of_reasons")
        assert (statement["type"], statement["target_type"]) == ("VISIBILITY_REMOVED", "LINK")
        assert (statement["target_id"], statement["user_id"]) == (str(link_id), eve.user_id)
        assert tables.one("SELECT username, status FROM users WHERE id = %s", eve.user_id) == {
            "username": "eve",
            "status": "ACTIVE",
        }
        owner = signed_in(api, eve)
        told = api.call("users.statements.list", headers=owner).json()["data"]["items"][0]
        shown = api.call("creators.links.update", {"active": True}, path=f"/creators/links/{link_id}", headers=owner)
        assert shown.json()["data"]["statementId"] == told["id"] == str(statement["id"])
        assert "link of yours" in api.mails("eve@example.com")[0]["text"]

    def test_when_the_restriction_ends_it_is_as_its_owner_has_it(
        self, api: Api, server: Server, moderator: Hired, link_id: UUID, of_link: UUID, tables: Tables
    ) -> None:
        reject(api, of_link, moderator)
        version = tables.one("SELECT version FROM bio_pages")["version"]
        statement = UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"]))
        lift(server, statement)
        assert tables.one("SELECT active, statement_id FROM bio_links") == {"active": True, "statement_id": None}
        assert tables.one("SELECT version FROM bio_pages") == {"version": version + 1}

    def test_nobody_sees_it_until_the_restriction_ends(
        self, api: Api, server: Server, moderator: Hired, link_id: UUID, of_link: UUID, tables: Tables
    ) -> None:
        def shown() -> list[str]:
            page = api.call("creators.bio.public", path="/bio/eve").json()["data"]["bioPage"]
            return [each["id"] for each in page["links"]]

        assert shown() == [str(link_id)]
        assert reject(api, of_link, moderator).status_code == 200
        assert shown() == []
        lift(server, UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"])))
        assert shown() == [str(link_id)]

    def test_the_end_of_a_restriction_is_none_of_a_later_one(
        self, api: Api, server: Server, moderator: Hired, of_link: UUID, tables: Tables
    ) -> None:
        reject(api, of_link, moderator)
        statement, later = UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"])), uuid4()
        tables.run("UPDATE bio_links SET statement_id = %s", later)
        lift(server, statement)
        assert tables.one("SELECT statement_id FROM bio_links") == {"statement_id": later}

    def test_one_that_is_gone_is_not_found(
        self, api: Api, server: Server, moderator: Hired, link_id: UUID, of_link: UUID, tables: Tables
    ) -> None:
        tables.run("DELETE FROM bio_links")
        response = reject(api, of_link, moderator)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert tables.one("SELECT state FROM moderation_cases") == {"state": "OPEN"}
        assert tables.count("statements_of_reasons") == 0
        assert reject(api, of_link, moderator, type="ACCOUNT_SUSPENDED").status_code == 200

    def test_one_that_is_gone_does_not_come_back(
        self, api: Api, server: Server, moderator: Hired, of_link: UUID, tables: Tables
    ) -> None:
        reject(api, of_link, moderator)
        tables.run("DELETE FROM bio_links")
        assert lift(server, UUID(str(tables.one("SELECT id FROM statements_of_reasons")["id"]))) is not None
        assert tables.count("bio_links") == 0

    def test_rejections_beside_flagged_texts_of_the_page_come_to_an_end(
        self, api: Api, server: Server, clients: Clients, eve: Creator, of_link: UUID, tables: Tables
    ) -> None:
        ruled(server, "scam", scopes=["bio"])
        server.configure(**{"ratelimit.enabled": False})
        moderator, owner = member(server, "MODERATOR"), signed_in(api, eve)
        report(api, targetType="USER", targetId="eve", email="bob@example.com")

        def edit(number: int) -> int:
            path = f"/creators/{eve.creator_id}/bio" if number % 2 else None
            operation = "creators.bio.update" if number % 2 else "users.update_profile"
            return clients(server).call(operation, {"bio": f"Scam {number}"}, path=path, headers=owner).status_code

        with ThreadPoolExecutor(9) as pool:
            edits = [pool.submit(edit, number) for number in range(8)]
            decided = pool.submit(reject, api, of_link, moderator)
            assert {one.result() for one in edits} == {200}
            assert decided.result().status_code == 200

    def test_rejections_beside_flagged_edits_come_to_an_end(
        self, api: Api, server: Server, clients: Clients, eve: Creator, link_id: UUID, of_link: UUID, tables: Tables
    ) -> None:
        """Both take the account, a case and the page."""
        ruled(server, "scam", scopes=["link_title"])
        server.configure(**{"ratelimit.enabled": False})
        moderator, owner = member(server, "MODERATOR"), signed_in(api, eve)
        report(api, targetType="USER", targetId="eve", email="bob@example.com")

        def edit(number: int) -> int:
            body = {"title": f"Scam {number}"}
            path = f"/creators/links/{link_id}"
            return clients(server).call("creators.links.update", body, path=path, headers=owner).status_code

        with ThreadPoolExecutor(9) as pool:
            edits = [pool.submit(edit, number) for number in range(8)]
            decided = pool.submit(reject, api, of_link, moderator)
            assert {one.result() for one in edits} == {200}
            assert decided.result().status_code == 200
        assert tables.one("SELECT statement_id IS NOT NULL AS hidden FROM bio_links") == {"hidden": True}
