"""Devices and networks that an account was signed in to from: counted apart, and others told to the owner."""

from http.cookies import SimpleCookie
from uuid import UUID, uuid4

import httpx
import pytest

from domain.auth.devices import MAX_KNOWN, write_device
from tests.handlers.auth.test_passwords import NEW, reset, reset_token
from tests.handlers.auth.test_refresh import refresh, rotated
from tests.handlers.auth.test_two_factor import WRONG, Factor
from tests.handlers.conftest import Clients
from tests.handlers.support import account, change, insert
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of, refresh_token

ADA = "ada@example.com"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"}
MADE_UP = {"User-Agent": "Mozilla/5.0 (compatible; Visit-evil.example-NowBot/1.0)"}


def login(api: Api, password: str = PASSWORD, email: str = ADA, **options: str) -> httpx.Response:
    return api.call("auth.login", {"email": email, "password": password}, headers=options)


def device(response: httpx.Response) -> str:
    """The value of the cookie that an answer sets."""
    for header in response.headers.get_list("set-cookie"):
        cookie = SimpleCookie(header)
        if "biore_device" in cookie:
            return cookie["biore_device"].value
    raise AssertionError("no cookie of a device was set")


def keep_device(api: Api, response: httpx.Response) -> None:
    api.cookies.clear()
    api.cookies.set("biore_device", device(response), path="/api/v1/auth")


def attack(server: Server, clients: Clients, failures: int = 10) -> None:
    """Wrong passwords from a network of their own each, until the address is locked for strangers."""
    server.configure(**{"auth.lockout_account_threshold": failures})
    for _ in range(failures):
        assert code_of(login(clients(server), "Wrong-Horse-7")) == "auth.login.invalid_credentials"
    assert code_of(login(clients(server))) == "auth.login.account_locked"


def subjects(api: Api, email: str = ADA) -> list[str]:
    return [mail["subject"] for mail in api.mails(email)]


class TestCookie:
    def test_a_sign_in_sets_it_for_the_host_alone(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        (cookie,) = [text for text in login(api).headers.get_list("set-cookie") if "biore_device" in text]
        value = cookie.partition("=")[2].partition(";")[0]
        attributes = "Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict"
        assert cookie == f"biore_device={value}; Max-Age=31536000; {attributes}"

    def test_what_failed_sets_none(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert "set-cookie" not in login(api, "Wrong-Horse-7").headers

    def test_the_next_sign_in_keeps_the_device(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        first = login(api)
        keep_device(api, first)
        assert device(login(api)) == device(first)
        assert tables.count("known_devices") == 1

    @pytest.mark.parametrize("value", ["", "x", "AAAA", "A" * 66, "é", "AQ" * 600])
    def test_what_is_none_of_ours_is_replaced(self, api: Api, tables: Tables, value: str) -> None:
        account(api, tables)
        response = api.call(
            "auth.login", {"email": ADA, "password": PASSWORD}, headers={"Cookie": f"biore_device={value}".encode()}
        )
        assert response.status_code == 200
        assert device(response) != value

    def test_the_table_knows_neither_device_nor_network_in_clear(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        assert api.address not in str(tables.rows("SELECT * FROM known_devices"))

    def test_two_accounts_on_one_device_cannot_be_told_by_it(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        account(api, tables, "bob@example.com")
        keep_device(api, login(api))
        login(api, email="bob@example.com")
        hashes = {bytes(row["device_hash"]) for row in tables.rows("SELECT device_hash FROM known_devices")}
        assert len(hashes) == 2

    def test_an_account_remembers_so_many_and_no_more(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        for n in range(MAX_KNOWN + 3):
            row = {"device_hash": bytes([n]), "network": b"n", "area": b"a", "last_seen_at": f"2026-01-01 00:00:{n:02}"}
            insert(tables, "known_devices", user_id=user_id, **row)
        login(api)
        assert tables.count("known_devices") == MAX_KNOWN

    def test_what_was_not_seen_for_long_is_forgotten(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        tables.run("UPDATE known_devices SET last_seen_at = now() - interval '373 days'")
        api.server.let_time_come("housekeeping.forget_sessions")
        assert tables.count("known_devices") == 0


class TestLocks:
    def test_strangers_lock_no_network_that_signed_in_before(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        login(api)
        attack(server, clients)
        assert login(api).status_code == 200

    def test_strangers_lock_no_device_that_signed_in_before(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        travelling = clients(server)
        keep_device(travelling, login(api))
        attack(server, clients)
        assert login(travelling).status_code == 200

    def test_the_neighbours_in_its_network_lock_no_known_device(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        keep_device(api, login(api))
        neighbour = clients(server, api.address)
        for _ in range(5):
            login(neighbour, "Wrong-Horse-7")
        assert code_of(login(neighbour)) == "auth.login.account_locked"
        assert login(api).status_code == 200

    def test_a_known_network_has_a_bound_of_its_own(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        for _ in range(5):
            login(api, "Wrong-Horse-7")
        assert code_of(login(api)) == "auth.login.account_locked"

    def test_a_thief_of_the_cookie_has_one_counter_everywhere(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        stolen = device(login(api))
        for _ in range(5):
            thief = clients(server)
            thief.cookies.set("biore_device", stolen, path="/api/v1/auth")
            assert code_of(login(thief, "Wrong-Horse-7")) == "auth.login.invalid_credentials"
        thief = clients(server)
        thief.cookies.set("biore_device", stolen, path="/api/v1/auth")
        assert code_of(login(thief)) == "auth.login.account_locked"
        assert login(api).status_code == 200  # the owner's network is known

    def test_a_cookie_of_another_account_or_key_opens_no_counter(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        account(api, tables, "eve@example.com")
        own = device(login(api, email="eve@example.com"))
        attack(server, clients)
        for value in (own, write_device(uuid4(), b"another key")):
            stranger = clients(server)
            stranger.cookies.set("biore_device", value, path="/api/v1/auth")
            assert code_of(login(stranger)) == "auth.login.account_locked"

    def test_an_unknown_address_is_locked_as_a_known_one(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        server.configure(**{"auth.lockout_account_threshold": 10})
        account(clients(server), tables)
        codes = []
        for email in (ADA, "nobody@example.com"):
            answers = [code_of(login(clients(server), "Wrong-Horse-7", email)) for _ in range(12)]
            codes.append(answers)
        assert codes[0] == codes[1]

    def test_a_success_lifts_the_lock_of_strangers(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        login(api)
        attack(server, clients)
        login(api)
        assert login(clients(server)).status_code == 200


class TestTheft:
    """Somebody shows a token that the owner's session left behind long ago."""

    @pytest.fixture
    def estranged(self, api: Api, server: Server, clients: Clients, tables: Tables) -> Api:
        account(api, tables)
        answer = login(api)
        keep_device(api, answer)
        stale = refresh_token(answer)
        rotated(clients(server), rotated(clients(server), stale))
        assert code_of(refresh(clients(server), stale)) == "auth.refresh.token_reuse_detected"
        return api

    def test_the_owner_is_no_stranger_by_it(self, estranged: Api, server: Server, clients: Clients) -> None:
        attack(server, clients)
        assert login(estranged).status_code == 200

    def test_but_the_next_sign_in_is_told(self, estranged: Api) -> None:
        for _ in range(2):
            assert login(estranged).status_code == 200
        assert subjects(estranged).count("New sign-in to your account") == 1


class TestForgetting:
    def test_a_reset_of_the_password_forgets_all(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        assert reset(api, reset_token(api)).status_code == 200
        assert tables.count("known_devices") == 0

    def test_a_change_of_the_password_forgets_the_others(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        login(clients(server))
        access = api.sign_in()
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert api.call("auth.passwords.change", body, headers=bearer(access)).status_code == 200
        assert tables.count("known_devices") == 1
        assert login(api, NEW).status_code == 200
        assert subjects(api).count("New sign-in to your account") == 1  # the caller's own, before the change

    def test_ending_all_other_sessions_forgets_the_others(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        login(clients(server))
        assert api.call("auth.sessions.revoke_all", headers=bearer(api.sign_in())).status_code == 200
        assert tables.count("known_devices") == 1


class TestNotices:
    def test_the_first_sign_in_is_not_mailed(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        assert subjects(api) == []

    def test_nor_is_another_of_the_same_device_in_the_same_network(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api, **FIREFOX)
        login(api, **FIREFOX)
        assert subjects(api) == []

    def test_a_new_device_is_mailed(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        login(api, **FIREFOX)
        (mail,) = api.mails(ADA)
        assert mail["subject"] == "New sign-in to your account"
        assert "Firefox on Linux" in mail["text"]
        assert api.address.rpartition(".")[0] + ".***" in mail["text"]

    def test_a_new_network_is_mailed(self, api: Api, server: Server, clients: Clients, tables: Tables) -> None:
        account(api, tables, locale="de")
        login(api)
        elsewhere = clients(server, "203.0.113.7")
        elsewhere.headers["cf-ipcountry"] = "TR"
        login(elsewhere)
        (mail,) = api.mails(ADA)
        assert mail["subject"] == "Neue Anmeldung bei Ihrem Konto"
        assert "unbekanntes Gerät" in mail["text"]
        assert "TR, 203.0.113.***" in mail["text"]

    def test_a_known_device_is_not_mailed_from_nearby_but_from_far_away(
        self, server: Server, clients: Clients, tables: Tables
    ) -> None:
        home = clients(server, "198.51.100.5")
        account(home, tables)
        first = login(home)
        for address, mails in (("198.51.100.77", 0), ("203.0.113.9", 1), ("203.0.113.10", 1)):
            travelling = clients(server, address)
            keep_device(travelling, first)
            assert login(travelling).status_code == 200
            assert len(subjects(home)) == mails

    def test_a_device_name_is_never_a_text_of_its_sender(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api, **FIREFOX)
        access = login(api, **MADE_UP).json()["data"]["accessToken"]
        (mail,) = api.mails(ADA)
        assert "evil" not in mail["text"] + mail["html"]
        assert "an unknown device" in mail["text"]
        listed = api.call("auth.sessions.list", headers=bearer(access)).json()["data"]["sessions"]
        assert {session["device"] for session in listed} == {"Firefox on Linux", None}

    def test_the_mail_of_a_changed_password_names_no_text_of_its_sender(self, api: Api, tables: Tables) -> None:
        account(api, tables, locale="fr")
        token = reset_token(api)
        body = {"token": token, "newPassword": NEW}
        assert api.call("auth.passwords.reset", body, headers=MADE_UP).status_code == 200
        mail = api.mails(ADA)[0]
        assert "evil" not in mail["text"] + mail["html"]
        assert "appareil inconnu" in mail["text"]

    def test_a_second_factor_comes_first(self, api: Api, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        api.server.work_off()
        api.headers.update(FIREFOX)
        challenge = factor.start_sign_in()
        assert "New sign-in to your account" not in subjects(api)
        finished = factor.finish(challenge, factor.code())
        assert finished.status_code == 200
        assert device(finished)
        assert subjects(api)[0] == "New sign-in to your account"

    def test_several_failures_before_a_success_are_told(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        for _ in range(5):
            login(api, "Wrong-Horse-7")
        tables.run("UPDATE login_attempts SET locked_until = NULL")
        assert login(api).status_code == 200
        assert subjects(api) == ["Sign-in after several failed attempts"]

    def test_failures_of_strangers_are_told_too(
        self, server: Server, api: Api, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        login(api)
        for _ in range(5):
            login(clients(server), "Wrong-Horse-7")
        login(api)
        assert subjects(api) == ["Sign-in after several failed attempts"]

    def test_a_few_failures_are_not(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        login(api)
        for _ in range(4):
            login(api, "Wrong-Horse-7")
        login(api)
        assert subjects(api) == []

    def test_wrong_second_factors_are_told_once_an_hour(self, api: Api, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        for _ in range(2):
            challenge = factor.start_sign_in()
            for _ in range(3):
                assert code_of(factor.finish(challenge, WRONG)) == "auth.2fa.invalid_code"
        assert subjects(api).count("Wrong codes at your second factor") == 1

    def test_the_owner_of_an_erased_account_is_told_nothing(self, api: Api, tables: Tables) -> None:
        user_id: UUID = account(api, tables)
        login(api)
        login(api, **FIREFOX)
        change(tables, "users", user_id, status="DELETED")
        assert subjects(api) == []
