"""One form of text for every password: what is typed on one system signs in from another."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, change
from tests.harness import PASSWORD, ROUNDS, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of
from tests.http_server import served
from tests.providers.test_leaked_passwords import LEAKED, RangeServer, digest

COMPOSED, DECOMPOSED = "Passw\u00f6rd-2026", "Passwo\u0308rd-2026"
FORMS = {
    "a diaeresis": (COMPOSED, DECOMPOSED),
    "Korean": ("\ud55c\uae00-Aa-123", "\u1112\u1161\u11ab\u1100\u1173\u11af-Aa-123"),
    "Japanese": ("\u304c\u304e\u3050-Aa-123", "\u304b\u3099\u304d\u3099\u304f\u3099-Aa-123"),
    "Vietnamese, as its keyboards send it": ("Ti\u1ebfng-Vi\u1ec7t-1", "Ti\u00ea\u0301ng-Vi\u00ea\u0323t-1"),
}  # fmt: skip


def login(api: Api, password: str) -> httpx.Response:
    return api.call("auth.login", {"email": "ada@example.com", "password": password})


def verified(api: Api, tables: Tables, password: str) -> UUID:
    registered = api.register(password=password)
    assert registered.status_code == 201, registered.text
    user_id = UUID(registered.json()["data"]["userId"])
    change(tables, "users", user_id, email_verified=True)
    return user_id


def hashed(api: Api, text: str) -> str:
    return str(api.server.on_loop(api.server.app.hasher.hash(text)))


PROOFS: dict[str, dict[str, Any]] = {
    "users.emails.change": {"newEmail": "new@example.com"},
    "auth.two_factor.disable": {},
    "users.deactivate": {},
    "gdpr.delete_legacy": {},
}


class TestForms:
    @pytest.mark.parametrize("name", FORMS)
    @pytest.mark.parametrize("turned", [False, True])
    def test_each_signs_in_with_what_the_other_registered(
        self, api: Api, tables: Tables, name: str, turned: bool
    ) -> None:
        one, other = reversed(FORMS[name]) if turned else FORMS[name]
        verified(api, tables, one)
        assert login(api, other).status_code == 200
        assert login(api, one).status_code == 200

    @pytest.mark.parametrize(
        "different", ["\uff30assw\u00f6rd-2026", f" {COMPOSED}", f"{COMPOSED} ", COMPOSED.lower(), "Password-2026x"]
    )
    def test_nothing_else_is_made_equal(self, api: Api, tables: Tables, different: str) -> None:
        account(api, tables, password_hash=hashed(api, COMPOSED))
        assert code_of(login(api, different)) == "auth.login.invalid_credentials"

    def test_blanks_around_it_belong_to_it(self, api: Api, tables: Tables) -> None:
        verified(api, tables, "  Lead-Trail-1 ")
        assert login(api, "Lead-Trail-1").status_code == 401
        assert login(api, "  Lead-Trail-1 ").status_code == 200

    @pytest.mark.parametrize("operation_id", PROOFS)
    @pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
    def test_either_proves_who_asks(self, api: Api, tables: Tables, operation_id: str, stored: str) -> None:
        account(api, tables, password_hash=hashed(api, stored))
        access = api.sign_in(password=DECOMPOSED)
        body = {"password": DECOMPOSED} | PROOFS[operation_id]
        assert api.call(operation_id, body, headers=bearer(access)).status_code == 200

    def test_the_current_password_in_another_form_is_no_new_one(self, api: Api, tables: Tables) -> None:
        account(api, tables, password_hash=hashed(api, COMPOSED))
        body = {"currentPassword": COMPOSED, "newPassword": DECOMPOSED}
        response = api.call("auth.passwords.change", body, headers=bearer(api.sign_in(password=COMPOSED)))
        assert (response.status_code, code_of(response)) == (400, "auth.change_password.same_as_current")

    def test_a_changed_password_holds_in_either_form(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        body = {"currentPassword": PASSWORD, "newPassword": DECOMPOSED}
        assert api.call("auth.passwords.change", body, headers=bearer(api.sign_in())).status_code == 200
        assert login(api, COMPOSED).status_code == 200

    def test_a_hash_of_the_text_as_it_was_sent_holds(self, api: Api, tables: Tables) -> None:
        account(api, tables, password_hash=hashed(api, DECOMPOSED))
        assert login(api, DECOMPOSED).status_code == 200
        assert login(api, "Passwu\u0308rd-2026").status_code == 401

    def test_known_and_unknown_addresses_take_the_same_hashes(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert refused_with(api, "ada@example.com", "Wrong-Horse-7") == refused_with(
            api, "eve@example.com", "Wrong-Horse-7"
        )
        known = refused_with(api, "ada@example.com", "Wro\u0308ng-Horse-7")
        assert known == refused_with(api, "eve@example.com", "Wro\u0308ng-Horse-7") == (1, 2 * 2**ROUNDS)


def refused_with(api: Api, email: str, password: str) -> tuple[int, int]:
    """Turns and rounds of bcrypt that a refusal took."""
    hasher = api.server.app.hasher
    turns, rounds = hasher.performed, hasher.spent
    response = api.call("auth.login", {"email": email, "password": password})
    assert code_of(response) == "auth.login.invalid_credentials"
    return hasher.performed - turns, hasher.spent - rounds


class TestLength:
    def test_characters_are_counted_composed(self, api: Api, tables: Tables) -> None:
        longest = "Aa1-" + "\u00f6\u00e9" * 62
        assert len(longest) == 128
        verified(api, tables, longest.replace("\u00f6", "o\u0308").replace("\u00e9", "e\u0301"))
        assert login(api, longest).status_code == 200

    def test_one_more_is_too_long(self, api: Api) -> None:
        response = api.register(password="Aa1-" + "o\u0308" * 125)
        assert broken_rules(response) == {("password", "maxLength")}

    def test_seven_are_too_short_however_they_are_sent(self, api: Api) -> None:
        response = api.register(password="Aa1-" + "o\u0308" * 3)
        assert broken_rules(response) == {("password", "minLength")}

    def test_a_hostile_text_is_refused_at_once(self, api: Api) -> None:
        response = api.register(password="a" + "\u0301\u0316" * 1500)
        assert broken_rules(response) == {("password", "maxLength")}
        assert response.elapsed.total_seconds() < 2

    @pytest.mark.parametrize("text", ["Correct-\0Horse-7", "Correct-\ud800Horse-7"])
    def test_what_is_no_text_is_refused(self, api: Api, text: str) -> None:
        body = {"email": "ada@example.com", "password": text, "acceptedTerms": True, "acceptedPrivacy": True}
        raw = json.dumps(body).encode()
        response = api.call("auth.register", content=raw, headers={"Content-Type": "application/json"})
        assert (response.status_code, code_of(response)) == (400, "validation.failed")


class TestScripts:
    @pytest.mark.parametrize(
        "password",
        [
            "\u041f\u0430\u0440\u043e\u043b\u044c-12345",  # Cyrillic
            "\u039a\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2-12345",  # Greek
            "\u00d6sterreich-1",
            "Correct-Horse-\u0667",  # an Arabic-Indic digit
            "Parola-\u06f1\u06f2\u06f3",  # Persian digits
            "\u30d1\u30b9\u30ef\u30fc\u30c9\u306e\u9577-1",  # Japanese, which has no case
            "\u5bc6\u7801\u5f88\u957f2026",  # Chinese
            "\u0643\u0644\u0645\u0629-\u0627\u0644\u0633\u0631-\u0661",  # Arabic
        ],
    )
    def test_letters_and_digits_of_any_script_count(self, api: Api, password: str) -> None:
        assert api.register(password=password).status_code == 201

    @pytest.mark.parametrize(
        ("password", "rule"),
        [
            ("\u043f\u0430\u0440\u043e\u043b\u044c-\u0434\u0430-12345", "uppercase"),
            ("\u041f\u0410\u0420\u041e\u041b\u042c-\u0414\u0410-12345", "lowercase"),
            ("\u041f\u0430\u0440\u043e\u043b\u044c-\u043d\u0435\u0442", "digit"),
            ("Correct-Horse-\u00b2", "digit"),
            ("Correct-Horse-\u2167", "digit"),
        ],
    )
    def test_what_is_missing_is_told(self, api: Api, password: str, rule: str) -> None:
        assert broken_rules(api.register(password=password)) == {("password", rule)}


class TestGuessable:
    @pytest.mark.parametrize("password", ["Password1", "Qwerty123", "P@ssw0rd1", "Sunshine2026!"])
    def test_a_common_one_is_refused(self, api: Api, tables: Tables, password: str) -> None:
        assert broken_rules(api.register(password=password)) == {("password", "common_password")}
        assert tables.count("users") == 0

    def test_a_common_one_may_still_be_shown_by_who_has_it(self, api: Api, tables: Tables) -> None:
        account(api, tables, password_hash=hashed(api, "Password1"))
        assert login(api, "Password1").status_code == 200

    def test_our_name_the_address_and_the_username_are_refused(self, api: Api) -> None:
        for password in ("BioRe2026", "Ada.Lovelace1", "Countess1815"):
            response = api.register("ada.lovelace@example.com", username="countess", password=password)
            assert broken_rules(response) == {("password", "personal_password")}, password

    @pytest.mark.parametrize(
        ("password", "rule"), [("Password1", "common_password"), ("Lovelace-1815", "personal_password")]
    )
    def test_the_same_holds_for_a_later_one(self, api: Api, tables: Tables, password: str, rule: str) -> None:
        account(api, tables, username="lovelace")
        body = {"currentPassword": PASSWORD, "newPassword": password}
        changed = api.call("auth.passwords.change", body, headers=bearer(api.sign_in()))
        assert broken_rules(changed) == {("newPassword", rule)}
        api.call("auth.passwords.forgot", {"email": "ada@example.com"})
        match = TOKEN.search(api.mails("ada@example.com")[0]["text"])
        assert match is not None
        reset = api.call("auth.passwords.reset", {"token": match[1], "newPassword": password})
        assert broken_rules(reset) == {("newPassword", rule)}
        assert login(api, PASSWORD).status_code == 200


class TestLeaked:
    @pytest.fixture
    def service(self, server: Server) -> Iterator[RangeServer]:
        stand_in = RangeServer()
        with served(stand_in) as url:
            server.configure(
                **{
                    "external.leaked_passwords.active_provider": "pwned_passwords",
                    "external.leaked_passwords.pwned_passwords.base_url": url,
                }
            )
            yield stand_in

    def test_a_leaked_one_is_refused_wherever_one_is_chosen(
        self, api: Api, tables: Tables, service: RangeServer
    ) -> None:
        assert broken_rules(api.register("new@example.com", password=LEAKED)) == {("password", "leaked_password")}
        account(api, tables)
        body = {"currentPassword": PASSWORD, "newPassword": LEAKED}
        changed = api.call("auth.passwords.change", body, headers=bearer(api.sign_in()))
        assert broken_rules(changed) == {("newPassword", "leaked_password")}
        api.call("auth.passwords.forgot", {"email": "ada@example.com"})
        match = TOKEN.search(api.mails("ada@example.com")[0]["text"])
        assert match is not None
        reset = api.call("auth.passwords.reset", {"token": match[1], "newPassword": LEAKED})
        assert broken_rules(reset) == {("newPassword", "leaked_password")}
        assert {path for _, path, _, _ in service.asked} == {f"/range/{digest(LEAKED)[:5]}"}

    def test_others_are_taken_and_one_that_signs_in_is_not_looked_up(
        self, api: Api, tables: Tables, service: RangeServer
    ) -> None:
        verified(api, tables, PASSWORD)
        service.asked.clear()
        assert login(api, PASSWORD).status_code == 200
        assert service.asked == []

    def test_an_outage_keeps_nobody_out(self, api: Api, service: RangeServer) -> None:
        service.outage = (503, b"")
        assert api.register(password=LEAKED).status_code == 201
