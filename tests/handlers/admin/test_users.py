"""Staff finds accounts, views them, and helps their owners."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, insert, statements, topics
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import grant, hired, member

REASON = "Ticket 1042."
MASKED = {"email": "a***@e***.com", "phone": "***12"}
WHOLE = {"email": "ada@example.com", "phone": "+905551112212"}
PHONE = WHOLE["phone"]
CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
)


@pytest.fixture
def support(server: Server) -> dict[str, str]:
    return hired(server, "SUPPORT")


@pytest.fixture
def admin(server: Server) -> dict[str, str]:
    return hired(server, "ADMIN")


def listed(api: Api, headers: dict[str, str], **filters: Any) -> httpx.Response:
    return api.call("admin.users.list", params=filters, headers=headers)


def found(api: Api, headers: dict[str, str], **filters: Any) -> list[dict[str, Any]]:
    response = listed(api, headers, **filters)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    return items


def usernames(api: Api, headers: dict[str, str], **filters: Any) -> list[Any]:
    return [item["username"] for item in found(api, headers, **filters) if item["username"]]


def viewed(api: Api, headers: dict[str, str], user_id: object) -> httpx.Response:
    return api.call("admin.users.get", path=f"/admin/users/{user_id}", headers=headers)


def act(api: Api, headers: dict[str, str], user_id: object, verb: str, **body: Any) -> httpx.Response:
    given = {"reason": REASON} | body
    return api.call(f"admin.users.{verb}", given, path=f"/admin/users/{user_id}/{verb}", headers=headers)


class TestList:
    @pytest.fixture(autouse=True)
    def _people(self, tables: Tables, api: Api) -> None:
        day = datetime(2026, 3, 1, tzinfo=UTC)
        ada = account(
            api, tables, username="ada", display_name="Ada Lovelace", phone=PHONE, created_at=day,
            registration_country="TR",
        )  # fmt: skip
        insert(tables, "creator_profiles", user_id=ada)
        later = {"created_at": day + timedelta(days=1), "last_login_at": day + timedelta(days=9)}
        account(api, tables, "adam@example.com", username="adam", registration_country="DE", **later)
        factor = {"two_factor_enabled": True, "two_factor_secret": "sealed"}
        latest = {"created_at": day + timedelta(days=2), "last_login_at": day + timedelta(days=3)}
        account(api, tables, "eve@example.com", username="eve", status="BANNED", **latest, **factor)

    @pytest.mark.parametrize(
        ("q", "names"),
        [
            ("ada@example.com", ["ada"]),
            ("  ADA@Example.COM ", ["ada"]),
            ("ada@EXAMPLE.org", []),
            (PHONE, ["ada"]),
            ("+90 (555) 111-22-12", ["ada"]),
            ("0090 555 111 22 12", ["ada"]),
            ("+905551112213", []),
            ("ada", ["adam", "ada"]),
            ("@ada", ["adam", "ada"]),
            ("ADAM", ["adam"]),
            ("dam", []),
            ("_", []),
            ("%", None),
            ("Ada Lovelace", None),
        ],
    )
    def test_what_is_searched_for_follows_from_its_form(
        self, api: Api, support: dict[str, str], q: str, names: list[str] | None
    ) -> None:
        if names is None:
            assert code_of(listed(api, support, q=q)) == "admin.search_invalid"
        else:
            assert usernames(api, support, q=q) == names

    def test_by_id(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        user_id = tables.one("SELECT id FROM users WHERE username = 'eve'")["id"]
        assert usernames(api, support, q=str(user_id)) == usernames(api, support, q=str(user_id).upper()) == ["eve"]
        assert usernames(api, support, q=str(uuid4())) == []

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ({}, ["eve", "adam", "ada"]),
            ({"status": "BANNED"}, ["eve"]),
            ({"status": "ACTIVE"}, ["adam", "ada"]),
            ({"role": "creator"}, ["ada"]),
            ({"country": "de"}, ["adam"]),
            ({"twoFactor": "true"}, ["eve"]),
            ({"createdFrom": "2026-03-02T00:00:00Z"}, ["eve", "adam"]),
            ({"createdTo": "2026-03-02T00:00:00.000Z"}, ["ada"]),
            ({"createdFrom": "2026-03-02T00:00:00Z", "createdTo": "2026-03-03T00:00:00Z"}, ["adam"]),
            ({"country": "TR", "role": "creator", "q": "ad"}, ["ada"]),
            ({"country": "TR", "status": "BANNED"}, []),
            ({"sort": "createdAt"}, ["ada", "adam", "eve"]),
            ({"sort": "-lastLoginAt"}, ["adam", "eve", "ada"]),
        ],
    )
    def test_filters_and_orders(
        self, api: Api, support: dict[str, str], filters: dict[str, str], names: list[str]
    ) -> None:
        assert usernames(api, support, **filters) == names

    def test_staff(self, api: Api, support: dict[str, str], server: Server) -> None:
        gone = member(server, username="gone")
        grant(server, gone.id, "SUPPORT", expires_at=datetime.now(UTC) - timedelta(hours=1))
        member(server, "FINANCE", "SUPPORT", username="hired")
        assert usernames(api, support, role="staff") == ["hired"]
        assert found(api, support, q="hired")[0]["roles"] == ["FINANCE", "SUPPORT"]
        assert found(api, support, q="gone")[0]["roles"] == []

    def test_personal_data_are_masked_unless_one_may_see_them(
        self, api: Api, support: dict[str, str], admin: dict[str, str]
    ) -> None:
        rows = [found(api, headers, q="ada@example.com")[0] for headers in (support, admin)]
        assert [{name: row[name] for name in MASKED} for row in rows] == [MASKED, WHOLE]
        assert rows[0]["isCreator"]

    def test_a_row_tells_whose_account_it_is_and_since_when(self, api: Api, support: dict[str, str]) -> None:
        (row,) = found(api, support, q="ada@example.com")
        told = {name: row[name] for name in ("username", "displayName", "country", "createdAt")}
        assert told == {
            "username": "ada", "displayName": "Ada Lovelace", "country": "TR", "createdAt": "2026-03-01T00:00:00.000Z",
        }  # fmt: skip

    @pytest.mark.parametrize("sort", ["-createdAt", "createdAt", "-lastLoginAt"])
    def test_a_walk_page_by_page(self, api: Api, support: dict[str, str], sort: str) -> None:
        whole = [row["id"] for row in found(api, support, sort=sort)]
        walked, cursor = [], None
        for _ in whole:
            page = listed(api, support, sort=sort, limit=1, **({"cursor": cursor} if cursor else {})).json()["data"]
            walked += [row["id"] for row in page["items"]]
            cursor = page["nextCursor"]
        assert (walked, cursor) == (whole, None)

    def test_a_cursor_of_another_list_is_refused(self, api: Api, support: dict[str, str]) -> None:
        cursor = listed(api, support, limit=1).json()["data"]["nextCursor"]
        for other in ({"sort": "createdAt"}, {"status": "ACTIVE"}, {"q": "ada"}):
            refused = listed(api, support, cursor=cursor, **other)
            assert (refused.status_code, code_of(refused)) == (400, "admin.cursor_invalid")
        assert listed(api, support, cursor=cursor, limit=2, count="true").status_code == 200

    def test_they_are_counted_with_the_same_filters(self, api: Api, support: dict[str, str]) -> None:
        counted = listed(api, support, count="true", q="ada", limit=1).json()["data"]
        assert (counted["count"], counted["exact"], len(counted["items"])) == (2, True, 1)
        assert "count" not in listed(api, support, q="ada").json()["data"]

    def test_the_count_ends_at_ten_thousand(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        tables.run(
            "INSERT INTO users (id, email, registration_country) "
            "SELECT gen_random_uuid(), n || '@example.org', 'XX' FROM generate_series(1, 10001) n"
        )
        for narrowed in ({"country": "XX"}, {}):
            told = listed(api, support, count="true", limit=1, **narrowed).json()["data"]
            assert (told["count"], told["exact"]) == (10_000, False)
        tables.run("DELETE FROM users WHERE email = '1@example.org'")
        exact = listed(api, support, count="true", limit=1, country="XX").json()["data"]
        assert (exact["count"], exact["exact"]) == (10_000, True)

    @pytest.mark.parametrize(
        ("given", "broken"),
        [
            ({"status": "GONE"}, ("status", "enum")),
            ({"role": "OWNER"}, ("role", "enum")),
            ({"country": "TUR"}, ("country", "maxLength")),
            ({"twoFactor": "yes"}, ("twoFactor", "type")),
            ({"createdFrom": "yesterday"}, ("createdFrom", "pattern")),
            ({"createdTo": "2026-02-30T00:00:00Z"}, ("createdTo", "format")),
            ({"createdTo": "2026-02-20T24:00:00Z"}, ("createdTo", "format")),
            ({"sort": "email"}, ("sort", "enum")),
            ({"limit": "101"}, ("limit", "maximum")),
            ({"q": ""}, ("q", "minLength")),
        ],
    )
    def test_bad_input(self, api: Api, support: dict[str, str], given: dict[str, str], broken: tuple[str, str]) -> None:
        assert broken in broken_rules(listed(api, support, **given))

    def test_a_list_is_not_audited_and_asks_once(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        before = tables.fingerprints()
        with statements(api.server) as asked:
            found(api, support)
        assert sum("FROM users" in text and "creator_profiles" in text for text in asked) == 1
        assert tables.changed_since(before) == set()


class TestCsv:
    @staticmethod
    def exported(api: Api, headers: dict[str, str], **filters: Any) -> list[dict[str, str]]:
        response = api.call("admin.users.csv", params=filters, headers=headers)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.text.partition("\n")[0].endswith("lastLoginAt\r")
        return list(csv.DictReader(StringIO(response.text, newline="")))

    def test_it_has_the_rows_of_the_list(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
            account(api, tables, f"{day}@example.com", registration_country="TR", created_at=day)
        account(api, tables, "eve@example.com", registration_country="DE")
        rows = self.exported(api, admin, country="TR", createdFrom="2026-01-02T00:00:00Z")
        shown = found(api, admin, country="TR", createdFrom="2026-01-02T00:00:00Z")
        assert [(row["id"], row["email"], row["createdAt"]) for row in rows] == [
            (item["id"], item["email"], item["createdAt"]) for item in shown
        ]
        assert len(rows) == 2
        assert self.exported(api, admin, country="XX") == []

    def test_of_more_than_are_read_at_a_time_none_is_lost(
        self, api: Api, admin: dict[str, str], tables: Tables
    ) -> None:
        tables.run(
            "INSERT INTO users (id, email, registration_country) "
            "SELECT gen_random_uuid(), n || '@example.org', 'XX' FROM generate_series(1, 2001) n"
        )
        assert len({row["id"] for row in self.exported(api, admin, country="XX")}) == 2001

    def test_nothing_is_a_formula(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        names = ["=1+1", "+1", "-1", "@SUM(A1)", '"=1"', "a=1", "a,b", "two\nlines"]
        for number, name in enumerate(names):
            account(api, tables, f"{number}@example.org", display_name=name, phone=f"+9055511122{number}",
                    registration_country="XX")  # fmt: skip
        rows = self.exported(api, admin, country="XX")
        told = {row["displayName"] for row in rows}
        assert told == {"'=1+1", "'+1", "'-1", "'@SUM(A1)", '"=1"', "a=1", "a,b", "two\nlines"}
        assert {row["phone"][:2] for row in rows} == {"'+"}

    def test_it_is_audited_without_what_was_searched_for(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        caller = member(server, "ADMIN")
        self.exported(api, caller.headers, q="ada@example.com", status="ACTIVE")
        (row,) = audited(tables, "admin.users.csv")
        assert row["actor_id"] == caller.id
        assert row["details"] == {"filters": {"q": "email", "status": "ACTIVE"}, "rows": 1}

    def test_who_may_not_and_who_must_prove_themselves(self, api: Api, server: Server, support: dict[str, str]) -> None:
        assert code_of(api.call("admin.users.csv", headers=support)) == "admin.permission_denied"
        stale = member(server, "ADMIN", session={"confirmed_at": None})
        assert code_of(api.call("admin.users.csv", headers=stale.headers)) == "admin.reauthentication_required"
        refused = api.call("admin.users.csv", params={"q": "%"}, headers=hired(server, "ADMIN"))
        assert code_of(refused) == "admin.search_invalid"


class TestGet:
    @pytest.fixture
    def ada(self, api: Api, tables: Tables) -> UUID:
        names = {"username": "ada", "display_name": "Ada Lovelace"}
        origin = {"registration_country": "TR", "registration_device": CHROME}
        return account(api, tables, phone=PHONE, bio="Notes.", **names, **origin)

    def test_it_shows_the_account(self, api: Api, support: dict[str, str], tables: Tables, ada: UUID) -> None:
        creator = insert(tables, "creator_profiles", user_id=ada)
        insert(tables, "social_accounts", user_id=ada, platform="x", platform_user_id="1")
        insert(tables, "appeals", user_id=ada, type="ban", reason="It was not me.", status="PENDING")
        insert(tables, "user_notes", user_id=ada, author_id=uuid4(), text="Called.")
        insert(tables, "block_list", owner_id=account(api, tables, "eve@example.com"), blocked_id=ada)
        api.sign_in()
        response = viewed(api, support, ada)
        data = response.json()["data"]
        assert {name: data[name] for name in MASKED} == MASKED
        assert (data["creator"]["id"], data["country"], data["bio"]) == (str(creator), "TR", "Notes.")
        assert (data["displayName"], data["device"]) == ("Ada Lovelace", "Chrome on macOS")
        assert data["hasPassword"]
        counts = {"sessions": 1, "socialAccounts": 1, "uploads": 0, "appeals": 1, "notes": 1, "blockedBy": 1}
        assert data["counts"] == counts
        assert response.headers["etag"] == f'"{data["version"]}"'

    def test_who_may_see_it_sees_it_whole(self, api: Api, admin: dict[str, str], ada: UUID) -> None:
        data = viewed(api, admin, ada).json()["data"]
        assert {name: data[name] for name in WHOLE} == WHOLE

    def test_it_tells_what_was_done_but_not_who_looked(
        self, api: Api, support: dict[str, str], tables: Tables, ada: UUID
    ) -> None:
        api.sign_in()
        for number in range(25):
            insert(tables, "audit_logs", action=f"n{number:02}", result="success", target_id=str(ada), details={},
                   created_at=datetime(2026, 1, 1, 0, number, tzinfo=UTC))  # fmt: skip
        viewed(api, support, ada)
        actions = [event["action"] for event in viewed(api, support, ada).json()["data"]["events"]]
        assert actions == ["auth.login.success", *(f"n{number:02}" for number in range(24, 5, -1))]

    def test_open_cases(self, api: Api, support: dict[str, str], tables: Tables, ada: UUID) -> None:
        row = {"target_type": "USER", "target_id": ada, "user_id": ada, "origin": "NOTICE", "evidence": {}}
        case = insert(tables, "moderation_cases", **row, state="CLAIMED", category="hate", notices=2)
        insert(tables, "moderation_cases", **row, state="REJECTED")
        (shown,) = viewed(api, support, ada).json()["data"]["cases"]
        assert (shown["id"], shown["state"], shown["category"], shown["notices"]) == (str(case), "CLAIMED", "hate", 2)

    def test_restrictions_in_force(self, api: Api, support: dict[str, str], tables: Tables, ada: UUID) -> None:
        told = {"facts": "f" * 10, "source": "NOTICE", "ground": "TERMS", "reference": "4.2", "explanation": "e" * 10}
        row = told | {"user_id": ada, "type": "VISIBILITY_REMOVED", "target_type": "BIO", "starts_at": "2026-01-01"}
        live = insert(tables, "statements_of_reasons", **row)
        insert(tables, "statements_of_reasons", **row, lifted_at="2026-01-02", ended_as="LIFTED")
        (shown,) = viewed(api, support, ada).json()["data"]["statements"]
        assert (shown["id"], shown["type"], shown["reference"]) == (str(live), "VISIBILITY_REMOVED", "4.2")

    def test_every_look_is_audited(self, api: Api, server: Server, tables: Tables, ada: UUID) -> None:
        caller = member(server, "SUPPORT")
        viewed(api, caller.headers, ada)
        (row,) = audited(tables, "admin.users.viewed")
        assert (row["actor_id"], row["target_id"], row["role"]) == (caller.id, str(ada), "SUPPORT")

    def test_a_wish_to_leave_is_told(self, api: Api, support: dict[str, str], tables: Tables, ada: UUID) -> None:
        assert viewed(api, support, ada).json()["data"]["deletionDueAt"] is None
        insert(tables, "gdpr_requests", user_id=ada, kind="DELETION", grace_ends_at="2026-05-01T00:00:00Z")
        assert viewed(api, support, ada).json()["data"]["deletionDueAt"] == "2026-05-01T00:00:00.000Z"

    def test_nobody(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        response = viewed(api, support, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert broken_rules(viewed(api, support, "no")) == {("id", "format")}
        assert audited(tables, "admin.users.viewed") == []


class TestReveal:
    def test_it_shows_what_was_asked_for(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        ada = account(api, tables, phone=PHONE)
        api.sign_in()
        assert act(api, admin, ada, "reveal", fields=["email"]).json()["data"] == {"email": "ada@example.com"}
        everything = act(api, admin, ada, "reveal", fields=["ip", "phone", "email"]).json()["data"]
        assert everything == WHOLE | {"ip": api.address}

    def test_each_look_is_audited_without_the_values(self, api: Api, server: Server, tables: Tables) -> None:
        ada, caller = account(api, tables, phone=PHONE), member(server, "ADMIN")
        act(api, caller.headers, ada, "reveal", fields=["phone", "email", "phone"])
        (row,) = audited(tables, "admin.users.reveal")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (caller.id, str(ada), REASON)
        assert row["details"] == {"fields": ["email", "phone"]}
        assert not any(value in json.dumps(row, default=str) for value in WHOLE.values())

    def test_nobody_and_nothing(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        assert code_of(act(api, admin, uuid4(), "reveal", fields=["ip"])) == "admin.not_found"
        ada = account(api, tables)
        assert act(api, admin, ada, "reveal", fields=["ip", "phone"]).json()["data"] == {"ip": None, "phone": None}
        assert broken_rules(act(api, admin, ada, "reveal", fields=[])) == {("fields", "minItems")}
        assert ("fields.0", "enum") in broken_rules(act(api, admin, ada, "reveal", fields=["password"]))
        assert broken_rules(act(api, admin, ada, "reveal", fields=["ip"], reason="x")) == {("reason", "minLength")}

    def test_who_may_not(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        assert code_of(act(api, support, account(api, tables), "reveal", fields=["ip"])) == "admin.permission_denied"


class TestAssist:
    def test_a_link_to_verify_goes_to_the_owner_alone(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        ada = account(api, tables, email_verified=False)
        response = act(api, support, ada, "assist", act="VERIFY_EMAIL")
        assert (response.status_code, response.json()["data"]) == (200, None)
        token = api.verification_token()
        assert api.call("auth.verify_email", {"token": token}).status_code == 200
        assert token not in response.text

    def test_a_link_to_reset_the_password(self, api: Api, support: dict[str, str], tables: Tables) -> None:
        ada = account(api, tables, status="DEACTIVATED")
        assert act(api, support, ada, "assist", act="PASSWORD_RESET").status_code == 200
        match = TOKEN.search(api.mails("ada@example.com")[0]["text"])
        assert match is not None
        body = {"token": match[1], "newPassword": "Correct-Horse-8"}
        assert api.call("auth.passwords.reset", body).status_code == 200

    def test_a_mail_that_was_just_sent_is_not_sent_again(
        self, api: Api, support: dict[str, str], tables: Tables
    ) -> None:
        ada = account(api, tables)
        for _ in range(2):
            assert act(api, support, ada, "assist", act="PASSWORD_RESET").status_code == 200
        assert len(api.mails("ada@example.com")) == 1

    def test_a_locked_owner_signs_in_from_everywhere(
        self, api: Api, server: Server, support: dict[str, str], tables: Tables
    ) -> None:
        ada = account(api, tables)
        api.sign_in()  # so that this device is known, and counted by itself
        server.configure(**{"auth.lockout_threshold": 3})
        with server.client() as elsewhere:
            for place in (api, elsewhere):
                for _ in range(3):
                    place.call("auth.login", {"email": "ada@example.com", "password": "Wrong-Horse-7"})
                assert code_of(self.login(place)) == "auth.login.account_locked"
            assert act(api, support, ada, "assist", act="UNLOCK").status_code == 200
            assert [self.login(place).status_code for place in (api, elsewhere)] == [200, 200]

    def test_what_is_wrong_afterwards_counts_anew(
        self, api: Api, server: Server, support: dict[str, str], tables: Tables
    ) -> None:
        ada = account(api, tables)
        server.configure(**{"auth.lockout_threshold": 3})
        act(api, support, ada, "assist", act="UNLOCK")
        wrong = {"email": "ada@example.com", "password": "Wrong-Horse-7"}
        assert {code_of(api.call("auth.login", wrong)) for _ in range(3)} == {"auth.login.invalid_credentials"}
        assert code_of(self.login(api)) == "auth.login.account_locked"

    def test_guesses_of_who_is_signed_in_are_forgotten(
        self, api: Api, server: Server, support: dict[str, str], tables: Tables
    ) -> None:
        ada = account(api, tables)
        server.configure(**{"auth.lockout_threshold": 3, "ratelimit.auth.passwords.change": "99/minute"})
        access = bearer(api.sign_in())
        wrong = {"currentPassword": "Wrong-Horse-7", "newPassword": "Correct-Horse-8"}
        for _ in range(3):
            api.call("auth.passwords.change", wrong, headers=access)
        assert code_of(api.call("auth.passwords.change", wrong, headers=access)) == "auth.password.locked"
        act(api, support, ada, "assist", act="UNLOCK")
        right = wrong | {"currentPassword": PASSWORD}
        assert api.call("auth.passwords.change", right, headers=access).status_code == 200

    @pytest.mark.parametrize(
        ("columns", "help_", "refusal"),
        [
            ({}, "VERIFY_EMAIL", "admin.user.already_verified"),
            ({"email_verified": False, "status": "SUSPENDED"}, "VERIFY_EMAIL", "admin.user.status_forbids"),
            ({"status": "DEACTIVATED"}, "VERIFY_EMAIL", "admin.user.status_forbids"),
            ({"status": "BANNED"}, "PASSWORD_RESET", "admin.user.status_forbids"),
            ({"status": "DELETED"}, "PASSWORD_RESET", "admin.user.status_forbids"),
            ({"status": "DELETED"}, "UNLOCK", "admin.user.status_forbids"),
        ],
    )
    def test_what_would_help_nobody_is_refused(
        self, api: Api, support: dict[str, str], tables: Tables, columns: dict[str, Any], help_: str, refusal: str
    ) -> None:
        response = act(api, support, account(api, tables, **columns), "assist", act=help_)
        assert (response.status_code, code_of(response)) == (409, refusal)
        assert topics(tables) == []
        assert audited(tables, "admin.users.assist") == []

    def test_it_is_audited(self, api: Api, server: Server, tables: Tables) -> None:
        ada, caller = account(api, tables), member(server, "SUPPORT")
        act(api, caller.headers, ada, "assist", act="UNLOCK")
        (row,) = audited(tables, "admin.users.assist")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (caller.id, str(ada), REASON)
        assert row["details"] == {"act": "UNLOCK"}

    def test_staff_is_for_who_manages_staff(self, api: Api, server: Server, support: dict[str, str]) -> None:
        other = member(server, "FINANCE")
        assert code_of(act(api, support, other.id, "assist", act="UNLOCK")) == "admin.user.is_staff"
        owner = hired(server, "OWNER")
        assert act(api, owner, other.id, "assist", act="UNLOCK").status_code == 200

    def test_nobody(self, api: Api, support: dict[str, str]) -> None:
        assert code_of(act(api, support, uuid4(), "assist", act="UNLOCK")) == "admin.not_found"
        assert broken_rules(act(api, support, uuid4(), "assist", act="DELETE")) == {("act", "enum")}

    @staticmethod
    def login(place: Api) -> httpx.Response:
        return place.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


class TestExport:
    def test_the_archive_goes_to_the_owner(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        ada = account(api, tables, status="SUSPENDED")
        response = act(api, admin, ada, "export")
        assert response.status_code == 200
        request_id = response.json()["data"]["id"]
        texts = [mail["text"] for mail in api.mails("ada@example.com")]
        assert len(texts) == 2
        assert "Our team requested a copy of your data on your behalf." in texts[-1]
        refused = api.call("gdpr.export_status", path=f"/gdpr/export/{request_id}/status", headers=admin)
        assert code_of(refused) == "error.gdpr.not_owner"
        owner = bearer(owners_token(api, tables, ada))
        status = api.call("gdpr.export_status", path=f"/gdpr/export/{request_id}/status", headers=owner)
        assert status.json()["data"]["status"] == "COMPLETED"

    def test_one_at_a_time(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        ada = account(api, tables)
        assert act(api, admin, ada, "export").status_code == 200
        again = act(api, admin, ada, "export")
        assert (again.status_code, code_of(again)) == (409, "error.gdpr.export_already_pending")
        assert len(audited(tables, "admin.users.export")) == 1

    def test_who_was_erased_has_no_data(self, api: Api, admin: dict[str, str], tables: Tables) -> None:
        erased = account(api, tables, status="DELETED")
        assert code_of(act(api, admin, erased, "export")) == "admin.user.status_forbids"
        assert code_of(act(api, admin, uuid4(), "export")) == "admin.not_found"

    def test_staff_is_for_who_manages_staff(self, api: Api, server: Server, admin: dict[str, str]) -> None:
        assert code_of(act(api, admin, member(server, "SUPPORT").id, "export")) == "admin.user.is_staff"

    def test_it_is_audited(self, api: Api, server: Server, tables: Tables) -> None:
        ada, caller = account(api, tables), member(server, "ADMIN")
        request_id = act(api, caller.headers, ada, "export").json()["data"]["id"]
        (row,) = audited(tables, "admin.users.export")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (caller.id, str(ada), REASON)
        assert row["details"] == {"request": request_id}


def owners_token(api: Api, tables: Tables, user_id: UUID) -> str:
    now = datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1), "confirmed_at": now}
    session_id = insert(tables, "sessions", user_id=user_id, **lives)
    return str(api.server.app.tokens.access(user_id, session_id)["accessToken"])
