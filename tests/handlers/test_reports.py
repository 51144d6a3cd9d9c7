from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.creators import link, page_of
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert, somebody, topics
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.providers.servers import SiteVerifyServer

REPORT = {
    "targetType": "USER",
    "targetId": "mallory",
    "category": "IMPERSONATION",
    "explanation": "This account uses my name and my pictures.",
    "goodFaith": True,
}
STATED = {"name": "Ada Lovelace", "email": "ada@example.com"}


@pytest.fixture
def mallory(api: Api, tables: Tables) -> UUID:
    return account(api, tables, "mallory@example.com", username="mallory", display_name="Ada", bio="Pay me.")


@pytest.fixture
def access(api: Api, tables: Tables) -> str:
    account(api, tables)
    return api.sign_in()


def report(api: Api, access: str | None = None, **fields: Any) -> httpx.Response:
    body = REPORT | ({} if access else STATED) | fields
    body = {name: value for name, value in body.items() if value is not None}
    return api.call("reports.submit", body, headers=bearer(access) if access else None)


class TestSubmit:
    def test_what_nobody_knows_is_not_found(self, api: Api, mallory: UUID, tables: Tables) -> None:
        account(api, tables, "gone@example.com", username="gone", status="DELETED")
        targets = [
            ("USER", "nobody"),
            ("USER", str(uuid4())),
            ("USER", "gone"),
            ("BIO", "mallory"),
            ("LINK", str(mallory)),
        ]
        for kind, given in targets:
            response = report(api, targetType=kind, targetId=given)
            assert (response.status_code, code_of(response)) == (404, "report.target_not_found")
        assert tables.count("moderation_cases") == 0

    def test_messages_cannot_be_reported_yet(self, api: Api, mallory: UUID) -> None:
        assert broken_rules(report(api, targetType="MESSAGE")) == {("targetType", "enum")}

    @pytest.mark.parametrize("field", ["name", "email"])
    def test_a_stranger_says_who_reports(self, api: Api, mallory: UUID, field: str) -> None:
        response = report(api, **{field: None})
        assert (response.status_code, broken_rules(response)) == (400, {(field, "required")})

    def test_who_reports_the_abuse_of_a_child_may_stay_unknown(self, api: Api, mallory: UUID, tables: Tables) -> None:
        assert report(api, category="CHILD_SAFETY", name=None, email=None).status_code == 201
        assert report(api, category="CHILD_SAFETY", name=None, email=None).status_code == 201
        assert tables.one("SELECT notices FROM moderation_cases") == {"notices": 2}
        assert topics(tables) == []

    def test_good_faith_and_an_explanation_are_needed(self, api: Api, mallory: UUID) -> None:
        assert broken_rules(report(api, goodFaith=False)) == {("goodFaith", "enum")}
        assert broken_rules(report(api, explanation="Too short")) == {("explanation", "minLength")}

    def test_the_first_opens_a_case_with_a_copy_of_the_target(
        self, api: Api, access: str, mallory: UUID, tables: Tables
    ) -> None:
        response = report(api, access, targetId=str(mallory).upper())
        assert response.status_code == 201
        case = tables.one("SELECT * FROM moderation_cases")
        shown = {"username": "mallory", "displayName": "Ada", "bio": "Pay me.", "avatarUrl": None}
        assert (case["target_type"], case["target_id"], case["user_id"]) == ("USER", mallory, mallory)
        assert (case["state"], case["origin"], case["category"]) == ("OPEN", "NOTICE", "IMPERSONATION")
        assert (case["notices"], case["evidence"]) == (1, shown)
        notice = tables.one("SELECT * FROM moderation_notices")
        assert (str(notice["id"]), notice["case_id"]) == (response.json()["data"]["id"], case["id"])
        assert (notice["name"], notice["email"]) == (None, None)
        (entry,) = audited(tables, "report.submitted")
        assert (entry["actor_id"], entry["target_id"]) == (notice["user_id"], str(notice["id"]))

    def test_the_page_of_a_creator_is_a_target_of_its_own(self, api: Api, mallory: UUID, tables: Tables) -> None:
        page = insert(tables, "creator_profiles", user_id=mallory)
        assert report(api).status_code == report(api, targetType="BIO").status_code == 201
        found = tables.rows("SELECT target_type, target_id, user_id FROM moderation_cases ORDER BY target_type")
        assert [(row["target_type"], row["target_id"]) for row in found] == [("BIO", page), ("USER", mallory)]
        assert {row["user_id"] for row in found} == {mallory}

    def test_a_page_is_shown_with_its_own_text(self, api: Api, mallory: UUID, tables: Tables) -> None:
        page_of(tables, mallory, bio="Win a prize.")
        assert report(api, targetType="BIO").status_code == 201
        assert tables.one("SELECT evidence FROM moderation_cases")["evidence"]["bio"] == "Win a prize."

    def test_a_link_is_reported_with_title_and_url_of_then(self, api: Api, mallory: UUID, tables: Tables) -> None:
        link_id = link(tables, page_of(tables, mallory), title="Free money", url="https://scam.example/")
        assert report(api, targetType="LINK", targetId=str(link_id).upper()).status_code == 201
        change(tables, "bio_links", link_id, title="Nothing to see")
        case = tables.one("SELECT * FROM moderation_cases")
        assert (case["target_type"], case["target_id"], case["user_id"]) == ("LINK", link_id, mallory)
        assert case["evidence"] == {"username": "mallory", "title": "Free money", "url": "https://scam.example/"}
        assert report(api, targetType="LINK", targetId=str(link_id), email="eve@example.com").status_code == 201
        (look,) = tables.one("SELECT evidence FROM moderation_cases")["evidence"]["later"]
        assert look["title"] == "Nothing to see"

    def test_a_link_that_nobody_sees_is_not_found(self, api: Api, mallory: UUID, tables: Tables) -> None:
        page = page_of(tables, mallory)
        link_id = link(tables, page)
        hidden: list[tuple[str, UUID, dict[str, Any], dict[str, Any]]] = [
            ("bio_links", link_id, {"active": False}, {"active": True}),
            ("bio_links", link_id, {"scheduled_start": "2999-01-01"}, {"scheduled_start": None}),
            ("bio_links", link_id, {"scheduled_end": "2000-01-01"}, {"scheduled_end": None}),
            ("bio_links", link_id, {"statement_id": uuid4()}, {"statement_id": None}),
            ("bio_pages", page, {"published": False}, {"published": True}),
            ("users", mallory, {"status": "SUSPENDED"}, {"status": "ACTIVE"}),
        ]
        for table, row, columns, former in hidden:
            change(tables, table, row, **columns)
            response = report(api, targetType="LINK", targetId=str(link_id))
            assert (response.status_code, code_of(response)) == (404, "report.target_not_found"), columns
            change(tables, table, row, **former)
        assert report(api, targetType="LINK", targetId="mallory").status_code == 404
        assert report(api, targetType="LINK", targetId=str(link_id)).status_code == 201

    def test_further_reports_join_the_open_case(self, api: Api, access: str, mallory: UUID, tables: Tables) -> None:
        report(api, access)
        change(tables, "users", mallory, bio="Nothing to see.")
        report(api, category="SCAM")
        assert tables.one("SELECT notices, category FROM moderation_cases") == {
            "notices": 2,
            "category": "IMPERSONATION",
        }

    def test_what_changed_between_reports_is_kept(
        self, server: Server, api: Api, mallory: UUID, tables: Tables
    ) -> None:
        for bio in ("Pay me.", "Nothing to see.", "Nothing to see.", "Pay me."):
            change(tables, "users", mallory, bio=bio)
            assert report(api, somebody(server)).status_code == 201
        evidence = tables.one("SELECT evidence FROM moderation_cases")["evidence"]
        assert evidence["bio"] == "Pay me."
        assert [look["bio"] for look in evidence["later"]] == ["Nothing to see.", "Pay me."]
        many = {"bio": "x", "later": [{"bio": str(number)} for number in range(20)]}
        tables.run("UPDATE moderation_cases SET evidence = %s", Jsonb(many))
        assert report(api, somebody(server)).status_code == 201
        assert tables.one("SELECT evidence FROM moderation_cases") == {"evidence": many}

    def test_after_a_decision_there_is_another_case(self, api: Api, access: str, mallory: UUID, tables: Tables) -> None:
        report(api, access)
        tables.run("UPDATE moderation_cases SET state = 'APPROVED'")
        assert report(api, access).status_code == 201
        assert tables.count("moderation_cases") == 2

    def test_an_account_has_one_open_report_of_a_target(
        self, api: Api, access: str, mallory: UUID, tables: Tables
    ) -> None:
        report(api, access)
        response = report(api, access)
        assert (response.status_code, code_of(response)) == (409, "report.already_open")
        assert tables.one("SELECT notices FROM moderation_cases") == {"notices": 1}

    def test_a_stranger_does_not_learn_whose_address_reported(self, api: Api, mallory: UUID, tables: Tables) -> None:
        first, second = report(api), report(api, name="Mallory", explanation="Did she report me?")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["data"] == second.json()["data"]
        assert tables.one("SELECT name FROM moderation_notices") == {"name": "Ada Lovelace"}
        assert tables.one("SELECT notices FROM moderation_cases") == {"notices": 1}
        assert topics(tables) == ["email.report_received"]

    def test_whose_own_account_is_gone_is_told(self, api: Api, access: str, mallory: UUID, tables: Tables) -> None:
        tables.run("DELETE FROM users WHERE email = 'ada@example.com'")
        response = report(api, access)
        assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")

    def test_suspended_accounts_may_report(self, server: Server, api: Api, mallory: UUID) -> None:
        assert report(api, somebody(server, status="SUSPENDED")).status_code == 201

    def test_suspended_accounts_may_be_reported(self, api: Api, mallory: UUID, tables: Tables) -> None:
        change(tables, "users", mallory, status="SUSPENDED")
        assert report(api).status_code == 201


class TestCaptcha:
    def test_strangers_solve_one(self, api: Api, mallory: UUID, captcha: SiteVerifyServer) -> None:
        assert code_of(report(api)) == "captcha.required"
        assert code_of(report(api, captchaToken="bad")) == "captcha.invalid"
        assert report(api, captchaToken="good-1").status_code == 201

    def test_who_is_signed_in_solves_none(
        self, server: Server, api: Api, mallory: UUID, captcha: SiteVerifyServer
    ) -> None:
        assert report(api, somebody(server)).status_code == 201
        assert captcha.forms == []

    def test_a_token_that_is_no_good_is_none(self, api: Api, mallory: UUID, captcha: SiteVerifyServer) -> None:
        assert code_of(report(api, "nonsense", **STATED)) == "captcha.required"


class TestMails:
    def test_an_account_is_mailed_in_its_language(self, api: Api, mallory: UUID, tables: Tables) -> None:
        account(api, tables, locale="de")
        number = report(api, api.sign_in()).json()["data"]["id"]
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Ihre Meldung ist angekommen"
        assert "@mallory" in mail["text"]
        assert number in mail["text"]
        assert "versehentlich" not in mail["text"]

    def test_a_stranger_is_mailed_in_the_language_of_the_call(self, api: Api, mallory: UUID) -> None:
        api.headers["Accept-Language"] = "fr"
        assert report(api).status_code == 201
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Nous avons reçu votre signalement"
        assert "par erreur" in mail["text"]
        assert "Lovelace" not in mail["text"]

    def test_strangers_cannot_fill_a_mailbox(self, server: Server, clients: Clients, api: Api, tables: Tables) -> None:
        for name in ("bob", "eve", "mallory"):
            account(api, tables, f"{name}@example.org", username=name)
            assert report(clients(server), targetId=name).status_code == 201
        assert len(api.mails("ada@example.com")) == 1

    def test_nobody_is_mailed_whose_account_is_gone(self, api: Api, access: str, mallory: UUID, tables: Tables) -> None:
        report(api, access)
        tables.run("UPDATE users SET status = 'DELETED' WHERE id <> %s", mallory)
        assert api.mails("ada@example.com") == []
        tables.run("DELETE FROM moderation_notices")


class TestErasure:
    def test_what_a_person_stated_goes_and_the_report_stays(
        self, server: Server, api: Api, mallory: UUID, tables: Tables
    ) -> None:
        """With the account, and before there was one."""
        report(api)
        ada = account(api, tables)
        tables.run("UPDATE users SET username = 'eve', display_name = 'Eve' WHERE id = %s", mallory)
        report(api, api.sign_in(), targetId="eve", category="SCAM")
        gone = {"kind": "DELETION", "status": "PENDING", "grace_ends_at": datetime.now(UTC)}
        insert(tables, "gdpr_requests", user_id=ada, **gone)
        server.let_time_come("gdpr.erase_due")
        told = tables.rows("SELECT user_id, name, email, category FROM moderation_notices ORDER BY created_at")
        nobody = {"user_id": None, "name": None, "email": None}
        assert told == [nobody | {"category": "IMPERSONATION"}, nobody | {"category": "SCAM"}]

    def test_of_who_was_reported_no_copy_is_kept(self, server: Server, api: Api, mallory: UUID, tables: Tables) -> None:
        report(api)
        gone = {"kind": "DELETION", "status": "PENDING", "grace_ends_at": datetime.now(UTC)}
        insert(tables, "gdpr_requests", user_id=mallory, **gone)
        server.let_time_come("gdpr.erase_due")
        assert tables.one("SELECT evidence FROM moderation_cases") == {"evidence": {}}


class TestRace:
    def test_twenty_reports_at_once_open_one_case(self, server: Server, clients: Clients, mallory: UUID) -> None:
        tables, reporters = server.tables, [somebody(server) for _ in range(20)]
        callers = [clients(server) for _ in reporters]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(report, callers, reporters))
        assert [answer.status_code for answer in answers] == [201] * 20
        assert tables.one("SELECT notices FROM moderation_cases") == {"notices": 20}
        assert tables.count("moderation_notices") == 20

    def test_two_reports_of_one_account_at_once_are_one(self, server: Server, clients: Clients, mallory: UUID) -> None:
        reporter = somebody(server)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda client: report(client, reporter), [clients(server) for _ in range(8)]))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
        assert server.tables.one("SELECT notices FROM moderation_cases") == {"notices": 1}
