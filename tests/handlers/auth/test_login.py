import asyncio
import os
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any
from uuid import UUID

import httpx
import jwt
import orjson
import pytest

from services.turns import Caller, Standing
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, statements
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of, refresh_token
from tests.processes.biore import until
from tests.providers.servers import SiteVerifyServer

WRONG = "Wrong-Horse-7"


def login(api: Api, email: str = "ada@example.com", password: str = PASSWORD, **fields: str) -> httpx.Response:
    return api.call("auth.login", {"email": email, "password": password} | fields)


def fail(api: Api, times: int, email: str = "ada@example.com") -> None:
    for _ in range(times):
        assert code_of(login(api, email, WRONG)) == "auth.login.invalid_credentials"


def unlock(tables: Tables) -> None:
    """The lock has run out; the count stays."""
    assert tables.run("UPDATE login_attempts SET locked_until = now() - interval '1 second'")


def locked_for(response: httpx.Response) -> int:
    assert (response.status_code, code_of(response)) == (401, "auth.login.account_locked")
    return int(response.headers["retry-after"])


class TestLogin:
    def test_anybody_may_and_a_bad_token_does_no_harm(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        body = {"email": "ada@example.com", "password": PASSWORD}
        assert api.call("auth.login", body, headers={"Authorization": "Bearer nonsense"}).status_code == 200

    def test_the_password_of_another_account_is_wrong(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        eve = api.register("eve@example.com", password="Other-Horse-7").json()["data"]["userId"]
        change(tables, "users", UUID(eve), email_verified=True)
        assert code_of(login(api, "eve@example.com")) == "auth.login.invalid_credentials"

    def test_a_malformed_body_is_refused(self, api: Api) -> None:
        response = api.call("auth.login", {"email": 1, "password": "x" * 1025, "remember": True})
        assert code_of(response) == "validation.failed"
        assert broken_rules(response) == {("email", "type"), ("password", "maxLength"), ("remember", "unknown")}

    def test_no_captcha_token_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        response = login(api)
        assert (response.status_code, code_of(response)) == (400, "captcha.required")
        assert tables.count("login_attempts") == 0

    def test_a_bad_captcha_token_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        response = login(api, captchaToken="bad")
        assert (response.status_code, code_of(response)) == (400, "captcha.invalid")
        assert tables.count("login_attempts") == 0

    def test_a_solved_captcha_passes_under_both_names(
        self, api: Api, captcha: SiteVerifyServer, tables: Tables
    ) -> None:
        registered = api.register(captchaToken="good-0")
        change(tables, "users", UUID(registered.json()["data"]["userId"]), email_verified=True)
        assert login(api, captchaToken="good-1").status_code == 200
        assert login(api, turnstileToken="good-2").status_code == 200

    def test_a_captcha_vendor_that_is_down_lets_nobody_pass(self, api: Api, captcha: SiteVerifyServer) -> None:
        captcha.outage = (500, b"")
        assert code_of(login(api, captchaToken="good-1")) == "service.unavailable"

    def test_unknown_and_wrong_cannot_be_told_apart(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        fail(clients(server), 1)  # what a first call does once, such as opening a connection, is done
        wrong = self._refused(clients(server), "ada@example.com")
        unknown = self._refused(clients(server), "eve@example.com")
        assert wrong["status"] == 401
        assert unknown == wrong
        assert wrong["hashes"] == 1

    @staticmethod
    def _refused(api: Api, email: str) -> dict[str, Any]:
        """Everything that a stranger can observe of the refusal, and the work behind it."""
        performed = api.server.app.hasher.performed
        with statements(api.server) as asked:
            response = login(api, email, WRONG)
        error = response.json()["error"]
        assert error.pop("correlationId") == response.headers["x-correlation-id"]
        return {
            "status": response.status_code,
            "error": error,
            "headers": [pair for pair in response.headers.items() if pair[0] not in ("x-correlation-id", "date")],
            "hashes": api.server.app.hasher.performed - performed,
            "statements": asked,
        }

    def test_an_account_without_a_password_is_as_an_unknown_one(self, api: Api, tables: Tables) -> None:
        account(api, tables, password_hash=None)
        assert code_of(login(api)) == "auth.login.invalid_credentials"

    @pytest.mark.parametrize(
        ("columns", "status", "code"),
        [
            ({"status": "SUSPENDED"}, 401, "auth.login.account_suspended"),
            ({"status": "BANNED"}, 401, "auth.login.account_suspended"),
            ({"status": "DEACTIVATED"}, 401, "auth.login.account_deactivated"),
            ({"status": "DELETED"}, 401, "auth.login.invalid_credentials"),
            ({"email_verified": False}, 403, "auth.login.email_not_verified"),
            ({"status": "SUSPENDED", "email_verified": False}, 401, "auth.login.account_suspended"),
        ],
    )
    def test_the_state_of_the_account_is_told_after_the_right_password_only(
        self, api: Api, tables: Tables, columns: dict[str, Any], status: int, code: str
    ) -> None:
        user_id = account(api, tables, **columns)
        assert code_of(login(api, password=WRONG)) == "auth.login.invalid_credentials"
        response = login(api)
        assert (response.status_code, code_of(response)) == (status, code)
        assert "set-cookie" not in response.headers
        assert tables.count("sessions") == 0
        reasons = [entry["details"]["refusal"] for entry in audited(tables, "auth.login.failure")]
        assert reasons == ["auth.login.invalid_credentials", code]
        assert tables.one("SELECT last_login_at FROM users WHERE id = %s", user_id)["last_login_at"] is None

    def test_an_access_token_is_answered(self, api: Api, server: Server, tables: Tables) -> None:
        user_id = account(api, tables)
        response = login(api, " ADA@Example.com ")
        data = response.json()["data"]
        assert response.status_code == 200
        assert data.keys() == {"accessToken", "expiresIn"}
        assert data["expiresIn"] == 900
        header = jwt.get_unverified_header(data["accessToken"])
        assert header == {"alg": "HS256", "typ": "at+jwt", "kid": server.app.parts.keyring.current}
        claims = jwt.decode(data["accessToken"], options={"verify_signature": False})
        assert claims.keys() == {"sub", "sid", "jti", "iat", "exp"}
        assert claims["exp"] - claims["iat"] == 900
        assert (UUID(claims["sub"]), UUID(claims["sid"])) == (user_id, tables.one("SELECT id FROM sessions")["id"])
        assert api.call("auth.me", headers=bearer(data["accessToken"])).status_code == 200

    def test_the_life_of_the_tokens_is_configured(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        lives = {"auth.access_token_ttl_seconds": 60, "auth.refresh_idle_days": 2, "auth.refresh_absolute_days": 2}
        server.configure(**lives)
        response = login(api)
        assert response.json()["data"]["expiresIn"] == 60
        assert "Max-Age=172800;" in response.headers["set-cookie"]

    def test_the_refresh_token_is_in_the_cookie_alone(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = login(api)
        token = refresh_token(response)
        assert token not in response.text
        _device, refresh = response.headers.get_list("set-cookie")
        assert (
            refresh == f"biore_refresh={token}; Max-Age=2592000; Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict"
        )

    def test_production_shares_the_cookie_among_its_hosts(
        self, start_server: Callable[..., Server], clients: Clients
    ) -> None:
        server = start_server(env="production")
        server.configure(**{"auth.email_mx_check": False})
        with Tables(server.database_url) as tables:
            account(clients(server), tables)
        response = login(clients(server))
        device, *_, refresh = response.headers.get_list("set-cookie")
        assert refresh.endswith("; Domain=.bio.re")
        assert "Domain" not in device

    def test_a_session_and_a_trace_are_left(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        before = datetime.now(UTC)
        api.headers["cf-ipcountry"] = "TR"
        login(api)
        session = tables.one("SELECT * FROM sessions")
        assert (session["user_id"], session["counter"], session["revoked_at"]) == (user_id, 0, None)
        assert (session["user_agent"], session["ip"], session["country"]) == ("tests", api.address, "TR")
        assert 90 * 86400 - 60 < (session["expires_at"] - before).total_seconds() < 90 * 86400 + 60
        assert tables.one("SELECT last_login_at FROM users")["last_login_at"] >= before
        (entry,) = audited(tables, "auth.login.success")
        assert (entry["actor_id"], UUID(entry["target_id"])) == (user_id, session["id"])
        assert tables.count("login_attempts") == 0

    def test_each_login_is_a_session_of_its_own(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert refresh_token(login(api)) != refresh_token(login(api))
        assert tables.count("sessions") == 2

    def test_a_failure_leaves_no_clear_address(self, api: Api, tables: Tables) -> None:
        fail(api, 1)
        for table in ("login_attempts", "audit_logs"):
            text = "".join(row["text"] for row in tables.rows(f"SELECT t::text AS text FROM {table} t"))  # noqa: S608
            assert "ada@example.com" not in text
            assert re.search(rf"{re.escape(api.address)}(?!/24)", text) is None  # the network may end like it
        (entry,) = audited(tables, "auth.login.failure")
        assert (entry["result"], entry["actor_id"], entry["target_id"]) == ("failure", None, None)

    def test_a_known_account_is_named_in_the_trace_of_a_failure(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        fail(api, 1)
        (entry,) = audited(tables, "auth.login.failure")
        assert UUID(entry["target_id"]) == user_id


class TestLockout:
    def test_from_the_fifth_failure_on_tries_are_refused(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        fail(api, 5)
        performed = server.app.hasher.performed
        assert 59 <= locked_for(login(api, password=WRONG)) <= 60
        assert 59 <= locked_for(login(api)) <= 60
        assert server.app.hasher.performed == performed
        assert tables.count("sessions") == 0

    def test_an_unknown_address_is_locked_the_same_way(self, api: Api, clients: Clients, tables: Tables) -> None:
        account(api, tables)
        answers = []
        for email in ("ada@example.com", "nobody@example.com"):
            client = clients(api.server)
            fail(client, 5, email)
            error = login(client, email).json()["error"]
            answers.append({name: value for name, value in error.items() if name != "correlationId"})
        assert answers[0] == answers[1]
        assert answers[0]["code"] == "auth.login.account_locked"

    def test_a_lock_holds_for_one_network_and_one_address(self, api: Api, clients: Clients, tables: Tables) -> None:
        account(api, tables)
        account(api, tables, "eve@example.com")
        fail(api, 5)
        assert login(clients(api.server)).status_code == 200
        assert login(api, "eve@example.com").status_code == 200
        locked_for(login(api))

    def test_a_network_is_the_half_of_an_ipv6_address(self, api: Api, clients: Clients, tables: Tables) -> None:
        account(api, tables)
        fail(clients(api.server, "2001:db8:0:1::1"), 5)
        locked_for(login(clients(api.server, "2001:db8:0:1:ffff::2")))
        assert login(clients(api.server, "2001:db8:0:2::1")).status_code == 200

    def test_the_lock_grows_to_its_bound(self, api: Api, tables: Tables) -> None:
        fail(api, 5)
        waits = [locked_for(login(api))]
        for _ in range(5):
            unlock(tables)
            fail(api, 1)
            waits.append(locked_for(login(api)))
        assert [round(wait / 60) for wait in waits] == [1, 2, 4, 8, 15, 15]

    def test_tries_while_locked_do_not_prolong_it(self, api: Api, tables: Tables) -> None:
        fail(api, 5)
        before = tables.fingerprints()
        locked_for(login(api))
        assert tables.changed_since(before) == set()

    def test_the_right_password_works_after_the_lock(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        fail(api, 5)
        locked_for(login(api))
        unlock(tables)
        assert login(api).status_code == 200
        assert tables.count("login_attempts") == 0

    def test_a_success_forgets_the_failures(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        for _ in range(2):
            fail(api, 4)
            assert login(api).status_code == 200

    def test_the_right_password_of_a_suspended_account_forgets_them_too(self, api: Api, tables: Tables) -> None:
        account(api, tables, status="SUSPENDED")
        fail(api, 2)
        login(api)
        assert tables.count("login_attempts") == 0

    def test_a_quiet_day_forgets_them(self, api: Api, tables: Tables) -> None:
        fail(api, 4)
        tables.run("UPDATE login_attempts SET updated_at = now() - interval '25 hours'")
        fail(api, 1)
        counts = tables.rows("SELECT failures, locked_until FROM login_attempts")
        assert counts == [{"failures": 1, "locked_until": None}] * 2  # from this network, and from anywhere

    def test_failures_from_many_networks_lock_the_address_later(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        account(api, tables)
        server.configure(**{"auth.lockout_account_threshold": 10})
        for _ in range(5):
            fail(clients(server), 2)
        assert 1 <= locked_for(login(clients(server))) <= 60

    def test_its_numbers_are_configured(self, api: Api, server: Server) -> None:
        server.configure(
            **{"auth.lockout_threshold": 3, "auth.lockout_base_seconds": 30, "auth.lockout_max_seconds": 40}
        )
        fail(api, 3)
        assert 29 <= locked_for(login(api)) <= 30


class TestCostOfHashes:
    """A raised ``auth.salt_rounds`` reaches everybody who signs in, and tells strangers nothing."""

    @pytest.fixture
    def raised(self, server: Server, api: Api, tables: Tables) -> None:
        account(api, tables)
        server.configure(**{"auth.salt_rounds": 10})

    def test_the_right_password_is_hashed_anew(self, api: Api, tables: Tables, raised: None) -> None:
        assert login(api).status_code == 200
        renewed = tables.one("SELECT password_hash FROM users")["password_hash"]
        assert renewed.startswith("$2b$10$")
        performed = api.server.app.hasher.performed
        assert login(api).status_code == 200
        assert api.server.app.hasher.performed - performed == 1
        assert tables.one("SELECT password_hash FROM users")["password_hash"] == renewed

    def test_a_hash_of_the_text_as_it_was_sent_is_replaced(self, api: Api, server: Server, tables: Tables) -> None:
        sent = "Passwo\u0308rd-2026"
        account(api, tables, password_hash=server.on_loop(server.app.hasher.hash(sent)))
        assert login(api, password="Passw\u00f6rd-2026").status_code == 401
        assert login(api, password=sent).status_code == 200
        assert login(api, password="Passw\u00f6rd-2026").status_code == 200

    def test_a_wrong_one_changes_nothing(self, api: Api, tables: Tables, raised: None) -> None:
        login(api, password=WRONG)
        assert tables.one("SELECT password_hash FROM users")["password_hash"].startswith("$2b$04$")

    def test_a_password_that_changed_meanwhile_stays_changed(
        self, api: Api, server: Server, tables: Tables, raised: None
    ) -> None:
        async def renew() -> None:
            async with server.app.parts.database.unit() as db:
                user = await db.users.find_by_email("ada@example.com")
                assert user is not None
                await db.users.renew_password(user.id, "the hash of before", "another")

        server.on_loop(renew())
        assert tables.one("SELECT password_hash FROM users")["password_hash"].startswith("$2b$04$")

    def test_failures_take_the_same_work_for_old_new_and_unknown(
        self, api: Api, server: Server, tables: Tables, raised: None
    ) -> None:
        new = server.on_loop(server.app.hasher.hash(PASSWORD))
        account(api, tables, "new@example.com", password_hash=new)
        account(api, tables, "none@example.com", password_hash=None)
        names = ("ada", "new", "none", "eve")
        assert [self.spent(api, f"{name}@example.com") for name in names] == [2**10] * 4

    def test_they_do_so_too_after_the_cost_was_lowered(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.salt_rounds": 11})
        server.on_loop(server.app.config.keep_up())  # a change of the cost is what makes it look again
        account(api, tables, password_hash=server.on_loop(server.app.hasher.hash(PASSWORD)))
        server.configure(**{"auth.salt_rounds": 10})
        server.on_loop(server.app.config.keep_up())
        assert [self.spent(api, f"{name}@example.com") for name in ("ada", "eve")] == [2**11] * 2

    @staticmethod
    def spent(api: Api, email: str) -> int:
        before = api.server.app.hasher.spent
        assert code_of(login(api, email, WRONG)) == "auth.login.invalid_credentials"
        return int(api.server.app.hasher.spent - before)


@contextmanager
def held_up(server: Server) -> Iterator[None]:
    """Every thread of the hasher is busy meanwhile. How long is not measured, for the work ends with a fault."""
    release, threads, turns = Event(), os.cpu_count() or 1, server.app.hasher._turns

    def hold() -> None:
        release.wait()
        raise InterruptedError

    async def occupy() -> None:
        await asyncio.gather(*(turns.run(Caller(), 1, hold) for _ in range(threads)), return_exceptions=True)

    with ThreadPoolExecutor(1) as pool:
        occupied = pool.submit(server.on_loop, occupy())
        try:
            until(lambda: server.app.hasher.running == threads, "the threads to be busy")
            yield
        finally:
            release.set()
            occupied.result()


class TestQueue:
    """Passwords wait in one queue, where a crowd of strangers stands in nobody's way."""

    def test_a_crowd_of_one_network_is_turned_away_and_others_get_in(
        self, api: Api, server: Server, tables: Tables, clients: Clients
    ) -> None:
        account(api, tables)
        crowd = [clients(server, address=f"198.51.100.{n}") for n in range(1, 11)]
        with ThreadPoolExecutor(len(crowd) + 1) as pool:
            with held_up(server):
                guesses = [pool.submit(login, one, f"nobody{n}@example.com", WRONG) for n, one in enumerate(crowd)]
                until(lambda: sum(guess.done() for guess in guesses) == 6, "all but four to be turned away")
                assert server.app.hasher.waiting == 4
                owner = pool.submit(login, clients(server, address="203.0.113.7"))
                until(lambda: server.app.hasher.waiting == 5, "the owner to wait")
            assert owner.result().status_code == 200
        refused = [answer for guess in guesses if (answer := guess.result()).status_code != 401]
        assert {(answer.status_code, code_of(answer)) for answer in refused} == {(503, "service.unavailable")}
        assert len(refused) == 6
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)

    def test_whoever_signed_in_before_comes_before_strangers_of_many_networks(
        self, server: Server, tables: Tables, clients: Clients
    ) -> None:
        owner = clients(server, address="203.0.113.7")
        account(owner, tables)
        assert login(owner).status_code == 200
        crowd = [clients(server, address=f"10.77.{n}.1") for n in range(8)]
        turns = server.app.hasher._turns
        with ThreadPoolExecutor(len(crowd) + 1) as pool:
            with held_up(server):
                for number, one in enumerate(crowd):
                    pool.submit(login, one, f"nobody{number}@example.com", WRONG)
                until(lambda: server.app.hasher.waiting == len(crowd), "the crowd to wait")
                mine = pool.submit(login, owner)
                until(lambda: server.app.hasher.waiting == len(crowd) + 1, "the owner to wait")
                standings = [turn.standing for turn in turns._waiting]
            assert mine.result().status_code == 200
        assert standings == [Standing.KNOWN, *[Standing.STRANGER] * len(crowd)]

    def test_nothing_is_hashed_for_a_client_that_left(self, server: Server, api: Api, tables: Tables) -> None:
        hasher, before = server.app.hasher, server.app.hasher.performed
        body = orjson.dumps({"email": "nobody@example.com", "password": WRONG})
        head = (
            f"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {api.address}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with held_up(server):
            sockets = [socket.create_connection(("127.0.0.1", server.settings.port)) for _ in range(3)]
            for number, one in enumerate(sockets):
                one.sendall(head.encode() + body.replace(b"nobody", b"body%02d" % number))
            until(lambda: hasher.waiting == 3, "three to wait")
            for one in sockets:
                one.close()
            until(lambda: hasher.waiting == 0, "the turns to be given up")
        assert hasher.performed == before
