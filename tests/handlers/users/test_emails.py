from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.dns_server import DnsServer
from tests.handlers.auth.test_passwords import reset, reset_token
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert, tombstone
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of

NEW = "ada@example.org"
PARALLEL = 5  # as many hashes as one account may have under way on a single core


def wish(api: Api, access: str, email: str = NEW, password: str = PASSWORD, **options: Any) -> httpx.Response:
    headers = bearer(access) | options
    return api.call("users.emails.change", {"newEmail": email, "password": password}, headers=headers)


def change_token(api: Api, access: str, email: str = NEW) -> str:
    """The token that the new address is mailed."""
    assert wish(api, access, email).status_code == 200
    match = TOKEN.search(api.mails(email)[0]["text"])
    assert match is not None
    return match[1]


def verify(api: Api, token: str) -> httpx.Response:
    return api.call("auth.verify_email_change", {"token": token})


def address_of(tables: Tables, user_id: UUID) -> str:
    return str(tables.one("SELECT email FROM users WHERE id = %s", user_id)["email"])


class TestChange:
    def test_a_wrong_password_is_refused_before_the_address_is_looked_at(
        self, api: Api, access: str, tables: Tables
    ) -> None:
        account(api, tables, "eve@example.com")
        for email in (NEW, "eve@example.com"):
            response = wish(api, access, email, "Wrong-Horse-7")
            assert (response.status_code, code_of(response)) == (400, "error.user.password_incorrect")
        assert tables.count("email_changes") == 0

    def test_an_account_without_password_is_refused(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, password_hash=None)
        response = wish(api, access)
        assert (response.status_code, code_of(response)) == (400, "error.user.password_required")

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert code_of(wish(api, access)) == "error.user.not_found"

    @pytest.mark.parametrize("email", ["ada@example.com", " ADA@Example.com "])
    def test_the_present_address_is_refused_in_every_spelling(self, api: Api, access: str, email: str) -> None:
        response = wish(api, access, email)
        assert (response.status_code, code_of(response)) == (400, "error.user.email_same")

    @pytest.mark.parametrize("email", ["ada@mailinator.com", "a" * 65 + "@example.com"])
    def test_an_unusable_address_is_refused(self, api: Api, access: str, email: str) -> None:
        response = wish(api, access, email)
        assert (response.status_code, code_of(response)) == (400, "auth.register.invalid_email")

    def test_a_taken_address_is_refused_as_at_sign_up(self, api: Api, access: str, tables: Tables) -> None:
        account(api, tables, "eve@example.com")
        response = wish(api, access, "eve@example.com")
        assert (response.status_code, code_of(response)) == (409, "auth.register.email_exists")

    def test_the_address_of_an_erased_account_is_refused(self, api: Api, access: str, tables: Tables) -> None:
        insert(tables, "users", email=tombstone(api.server, NEW), status="DELETED")
        response = wish(api, access)
        assert (response.status_code, code_of(response)) == (409, "auth.register.account_previously_deleted")

    def test_what_is_no_address_is_refused(self, api: Api, access: str) -> None:
        response = wish(api, access, "nowhere", "short")
        assert broken_rules(response) == {("newEmail", "pattern"), ("password", "minLength")}

    def test_both_addresses_are_told_and_nothing_changes_yet(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        response = wish(api, access)
        assert response.json()["data"]["message"].startswith("Verification email sent to your new address")
        (link,) = api.mails(NEW)
        assert "/verify-email-change?token=" in link["text"]
        (notice,) = api.mails("ada@example.com")
        assert "a***@e***.org" in notice["text"]
        assert not TOKEN.search(notice["text"])
        assert address_of(tables, user_id) == "ada@example.com"
        assert audited(tables, "user.change_email.requested")

    def test_no_token_and_no_address_is_kept_in_clear(self, api: Api, access: str, tables: Tables) -> None:
        wish(api, access)
        kept = str(tables.rows("SELECT payload FROM outbox")) + str(tables.rows("SELECT * FROM audit_logs"))
        assert "ada@" not in kept

    def test_a_later_wish_replaces_the_earlier(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        first = change_token(api, access)
        second = change_token(api, access, "countess@example.org")
        assert code_of(verify(api, first)) == "auth.verify_email.invalid_token"
        assert verify(api, second).status_code == 200
        assert address_of(tables, user_id) == "countess@example.org"

    def test_a_wish_that_was_replaced_before_its_mail_is_not_mailed(self, api: Api, access: str) -> None:
        wish(api, access)
        wish(api, access, "countess@example.org")
        assert (len(api.mails(NEW)), len(api.mails("countess@example.org"))) == (0, 1)

    def test_parallel_wishes_leave_one_open(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        callers = [clients(server) for _ in range(PARALLEL)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = pool.map(lambda n: wish(callers[n], access, f"a{n}@example.org").status_code, range(PARALLEL))
        assert list(answers) == [200] * PARALLEL
        live = "SELECT 1 FROM email_changes WHERE used_at IS NULL AND invalidated_at IS NULL"
        assert (len(tables.rows(live)), tables.count("email_changes")) == (1, PARALLEL)


class TestDeliverability:
    @pytest.fixture
    def asking(self, start_server: Callable[..., Server]) -> Iterator[Server]:
        with DnsServer({"no-mail.test": {"TXT": ['"nothing here"']}}) as dns:
            server = start_server(dns_resolver=dns.address)
            server.configure(**{"auth.email_mx_check": True})
            yield server

    def test_a_domain_without_mail_is_refused(self, asking: Server, clients: Clients) -> None:
        api = clients(asking)
        with Tables(asking.database_url) as tables:
            account(api, tables)
        response = wish(api, api.sign_in(), "ada@no-mail.test")
        assert (response.status_code, code_of(response)) == (400, "auth.register.invalid_email")


class TestVerifyEmailChange:
    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_a_token_that_never_was_is_refused(self, api: Api, token: str) -> None:
        assert verify(api, token).status_code == 400

    def test_an_expired_token_is_refused(self, api: Api, access: str, tables: Tables) -> None:
        token = change_token(api, access)
        tables.run("UPDATE email_changes SET expires_at = now() - interval '1 second'")
        assert code_of(verify(api, token)) == "auth.verify_email.invalid_token"

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_is_not_active_keeps_its_address(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        token = change_token(api, access)
        change(tables, "users", user_id, status=status)
        assert code_of(verify(api, token)) == "auth.verify_email.invalid_token"
        assert address_of(tables, user_id) == "ada@example.com"

    def test_the_account_has_the_new_address_and_its_sessions(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        assert verify(api, change_token(api, access)).status_code == 200
        assert address_of(tables, user_id) == NEW
        assert api.call("auth.me", headers=bearer(access)).json()["data"]["email"] == NEW
        assert api.sign_in(NEW)
        gone = api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})
        assert code_of(gone) == "auth.login.invalid_credentials"
        (entry,) = audited(tables, "auth.verify_email_change.success")
        assert entry["target_id"] == str(user_id)

    def test_the_former_address_is_told_what_to_do(self, api: Api, access: str) -> None:
        verify(api, change_token(api, access))
        newest = api.mails("ada@example.com")[0]
        assert "was changed" in newest["subject"]
        assert "/undo-change?token=" in newest["text"]
        assert NEW not in newest["text"]

    def test_the_same_token_again_is_no_harm(self, api: Api, access: str, tables: Tables) -> None:
        token = change_token(api, access)
        verify(api, token)
        before = tables.fingerprints()
        assert verify(api, token).status_code == 200
        assert tables.changed_since(before) == set()

    def test_but_not_after_the_address_changed_once_more(self, api: Api, access: str) -> None:
        token = change_token(api, access)
        verify(api, token)
        verify(api, change_token(api, access, "countess@example.org"))
        assert code_of(verify(api, token)) == "auth.verify_email.invalid_token"

    def test_a_link_to_reset_the_password_that_the_former_address_got_is_void(self, api: Api, access: str) -> None:
        token = change_token(api, access)
        link = reset_token(api)
        verify(api, token)
        assert code_of(reset(api, link)) == "auth.reset_password.invalid_token"

    def test_a_new_password_stops_the_change(self, api: Api, access: str) -> None:
        token = change_token(api, access)
        assert reset(api, reset_token(api)).status_code == 200
        assert code_of(verify(api, token)) == "auth.verify_email.invalid_token"

    def test_an_address_taken_meanwhile_is_refused(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        token = change_token(api, access)
        account(api, tables, NEW)
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == (409, "auth.register.email_exists")
        assert address_of(tables, user_id) == "ada@example.com"

    def test_who_never_proved_it_gives_way_to_who_shows_the_password_with_the_mail(
        self, api: Api, access: str, user_id: UUID, tables: Tables
    ) -> None:
        token = change_token(api, access)
        api.register(NEW)
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == (409, "auth.register.email_exists")
        shown = {"token": token, "password": PASSWORD}
        assert api.call("auth.verify_email_change", shown).status_code == 200
        assert [row["id"] for row in tables.rows("SELECT id FROM users")] == [user_id]
        assert address_of(tables, user_id) == NEW

    def test_an_address_erased_meanwhile_is_refused(self, api: Api, access: str, tables: Tables) -> None:
        token = change_token(api, access)
        insert(tables, "users", email=tombstone(api.server, NEW), status="DELETED")
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == (409, "auth.register.account_previously_deleted")

    def test_of_two_accounts_with_one_wish_the_constraint_gives_it_to_one(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        api.server.configure(**{"mail.same_address_minutes": 0})
        account(api, tables, "eve@example.com")
        tokens = [change_token(api, access)]
        tokens.append(change_token(api, api.sign_in("eve@example.com")))
        callers = [clients(server) for _ in tokens]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda n: verify(callers[n], tokens[n]).status_code, range(2)))
        assert sorted(answers) == [200, 409]

    def test_parallel_clicks_on_one_link_all_succeed_and_count_once(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        token = change_token(api, access)
        callers = [clients(server) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda caller: verify(caller, token).status_code, callers))
        assert answers == [200] * 16
        assert len(audited(tables, "auth.verify_email_change.success")) == 1
