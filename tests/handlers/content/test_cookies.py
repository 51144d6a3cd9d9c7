"""What visitors choose of cookies, and what they are asked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, change, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.persistence.test_gdpr_completeness import erase

CHOICE = {"analytics": True, "marketing": False, "functional": True}


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def access(api: Api, user_id: UUID) -> str:
    return api.sign_in()


def save(api: Api, access: str | None = None, **fields: Any) -> httpx.Response:
    return api.call("content.cookies.save", CHOICE | fields, headers=bearer(access) if access else None)


def status(api: Api, access: str | None = None) -> dict[str, Any]:
    response = api.call("content.cookies.status", headers=bearer(access) if access else None)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestSave:
    def test_a_visitor_leaves_a_record_of_nobodys_account(self, api: Api, tables: Tables) -> None:
        response = save(api)
        assert (response.status_code, response.json()["data"]) == (200, None)
        row = tables.one("SELECT * FROM consent_records")
        assert (row["user_id"], row["kind"], row["version"]) == (None, "COOKIE_CONSENT", "1.0")
        assert (row["granted"], row["details"]) == (True, CHOICE)
        assert (row["ip_address"], row["user_agent"]) == (api.address, "tests")

    def test_of_an_account_it_is_the_accounts(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        save(api, access)
        assert tables.one("SELECT user_id FROM consent_records") == {"user_id": user_id}
        (told,) = api.call("users.consents.list", headers=bearer(access)).json()["data"]
        assert (told["documentType"], told["accepted"]) == ("COOKIE_CONSENT", True)

    def test_the_address_is_kept_only_for_analytics(self, api: Api, tables: Tables) -> None:
        save(api, analytics=False, functional=False)
        row = tables.one("SELECT granted, details, ip_address, user_agent FROM consent_records")
        nothing = dict.fromkeys(CHOICE, False)
        assert row == {"granted": False, "details": nothing, "ip_address": None, "user_agent": "tests"}

    def test_each_call_adds_a_record(self, api: Api, access: str, tables: Tables) -> None:
        for analytics in (True, False, True):
            assert save(api, access, analytics=analytics).status_code == 200
        rows = tables.rows("SELECT details FROM consent_records ORDER BY created_at")
        assert [row["details"]["analytics"] for row in rows] == [True, False, True]

    def test_it_is_for_the_version_in_force(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"legal.privacy_version": "2.0"})
        save(api)
        assert tables.one("SELECT version FROM consent_records") == {"version": "2.0"}

    @pytest.mark.parametrize("field", list(CHOICE))
    def test_each_choice_is_made(self, api: Api, field: str) -> None:
        body = {name: value for name, value in CHOICE.items() if name != field}
        assert broken_rules(api.call("content.cookies.save", body)) == {(field, "required")}
        assert broken_rules(save(api, **{field: "yes"})) == {(field, "type")}

    def test_a_network_saves_so_many_a_minute(self, api: Api, tables: Tables) -> None:
        assert [save(api).status_code for _ in range(11)] == [200] * 10 + [429]
        assert tables.count("consent_records") == 10

    def test_who_is_shut_out_may_choose_too(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, status="SUSPENDED")
        assert save(api, access).status_code == 200

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = save(api, access)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_an_archive_has_what_was_chosen(self, api: Api, access: str, server: Server) -> None:
        save(api)
        save(api, access)
        (told,) = archive(api.get(built(api, server, bearer(access))))["consent_records.json"]
        assert (told["kind"], told["details"], told["ip_address"]) == ("COOKIE_CONSENT", CHOICE, api.address)

    def test_an_erasure_leaves_the_choice_and_nothing_that_leads_to_anybody(
        self, api: Api, access: str, user_id: UUID, server: Server, tables: Tables
    ) -> None:
        save(api, access)
        erase(server, tables, user_id)
        row = tables.one("SELECT details, ip_address, user_agent FROM consent_records")
        assert row == {"details": CHOICE, "ip_address": None, "user_agent": None}

    def test_records_of_visitors_are_forgotten_in_time(
        self, api: Api, user_id: UUID, server: Server, tables: Tables
    ) -> None:
        row = {"kind": "COOKIE_CONSENT", "version": "1.0", "granted": True}
        for age in (394, 396):
            made = datetime.now(UTC) - timedelta(days=age)
            insert(tables, "consent_records", user_id=None, user_agent=str(age), created_at=made, **row)
            insert(tables, "consent_records", user_id=user_id, user_agent=f"own {age}", created_at=made, **row)
        server.let_time_come("housekeeping.forget_visitors")
        left = {row["user_agent"] for row in tables.rows("SELECT user_agent FROM consent_records")}
        assert left == {"394", "own 394", "own 396"}


class TestStatus:
    def test_a_visitor_is_asked(self, api: Api) -> None:
        save(api)
        assert status(api) == {"currentVersion": "1.0", "userVersion": None, "requiresReConsent": True}

    def test_an_account_is_asked_until_it_chose(self, api: Api, access: str) -> None:
        assert status(api, access) == {"currentVersion": "1.0", "userVersion": None, "requiresReConsent": True}
        save(api, access, analytics=False, functional=False)
        assert status(api, access) == {"currentVersion": "1.0", "userVersion": "1.0", "requiresReConsent": False}

    def test_other_consents_are_no_choice(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        insert(tables, "consent_records", user_id=user_id, kind="privacy", version="1.0", granted=True)
        save(api)
        assert status(api, access)["userVersion"] is None

    def test_the_newest_choice_counts(self, api: Api, access: str, server: Server) -> None:
        save(api, access)
        server.configure(**{"legal.privacy_version": "2.0"})
        assert status(api, access) == {"currentVersion": "2.0", "userVersion": "1.0", "requiresReConsent": True}
        save(api, access)
        assert status(api, access) == {"currentVersion": "2.0", "userVersion": "2.0", "requiresReConsent": False}


class TestPolicy:
    def test_only_what_is_essential_is_required(self, api: Api) -> None:
        categories = api.call("content.cookies.policy").json()["data"]["categories"]
        assert {row["id"]: row["required"] for row in categories} == {
            "essential": True,
            "functional": False,
            "analytics": False,
            "marketing": False,
        }

    def test_both_languages_are_told_whatever_the_caller_speaks(self, api: Api) -> None:
        response = api.call("content.cookies.policy", headers={"Accept-Language": "de"})
        first, *_, last = response.json()["data"]["categories"]
        assert first["name"] == {"en": "Essential", "tr": "Zorunlu"}
        assert first["description"]["en"] == "Required for the site to function"
        assert last["name"] == {"en": "Marketing", "tr": "Pazarlama"}
