"""What stands before an operation: each scope, whose tools development has, and how networks are counted."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contract.loader import OPENAPI, Contract, load
from contract.policy import SCOPES, ContractError
from domain.clock import utc_now
from domain.errors import ApiError
from domain.users import Client
from runtime.web.call import Call
from runtime.web.guards import CHECKS, Guards
from runtime.web.http.headers import Headers
from runtime.web.limits.local import LocalLimiter
from services.config.live import LiveConfig
from tests.conftest import Databases
from tests.handlers.support import insert, somebody
from tests.harness import Server, Tables, bearer
from tests.runtime.web.wire import Answer, request

BLOCKED = "/api/v1/users/blocked"
SOCIAL = "/api/v1/creators/social"
MAILBOX = "/api/v1/dev/mailbox"
DEV_TOKEN = "the-token-of-the-developers-of-staging"
ANYWHERE = "0.0.0.0"  # noqa: S104 - tests listen on loopback all the same
FORBIDDEN, NO_CREATOR = (403, "auth.forbidden"), (404, "error.creator.not_found")


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Our contract, but that two operations are for admins and for creators."""
    folder = tmp_path_factory.mktemp("contract") / "openapi"
    shutil.copytree(OPENAPI, folder)
    for name, operation, scope in (
        ("users/blocks.yaml", "users.blocks.list", "admin"),
        ("creators.yaml", "creators.social", "creator"),
    ):
        path = folder / "paths" / name
        before, found, after = path.read_text().partition(f"operationId: {operation}\n")
        assert found
        said = {"admin": "admin\n    x-biore-permission: staff"}.get(scope, scope)
        path.write_text(before + found + after.replace("x-biore-scope: user", f"x-biore-scope: {said}", 1))
    return load(folder)


@pytest.fixture(scope="module")
def scoped_server(start_server: Callable[..., Server], scoped: Contract) -> Server:
    return start_server(contract=scoped)


def call(server: Server, target: str, token: str | None = None) -> tuple[int, str | None]:
    headers = () if token is None else tuple(bearer(token).items())
    answer = request(server, "GET", target, None, headers)
    return answer.status, None if answer.status == 200 else answer.code


class TestScopes:
    def test_the_contract_says_so(self, scoped: Contract) -> None:
        assert "auth.forbidden" in scoped.policies["users.blocks.list"].codes
        assert "error.creator.not_found" in scoped.policies["creators.social"].codes

    @pytest.mark.parametrize("target", [BLOCKED, SOCIAL])
    def test_the_anonymous_are_asked_to_sign_in(self, scoped_server: Server, target: str) -> None:
        assert call(scoped_server, target) == (401, "auth.unauthenticated")

    def test_an_ordinary_person_is_neither_admin_nor_creator(self, scoped_server: Server) -> None:
        token = somebody(scoped_server)
        assert call(scoped_server, BLOCKED, token) == FORBIDDEN
        assert call(scoped_server, SOCIAL, token) == NO_CREATOR

    def test_a_creator_is_one_and_no_admin(self, scoped_server: Server) -> None:
        with Tables(scoped_server.database_url) as tables:
            token = somebody(scoped_server)
            user_id = scoped_server.on_loop(scoped_server.app.tokens.read_access(token)).user_id
            others = somebody(scoped_server)
            insert(tables, "creator_profiles", user_id=user_id)
        assert call(scoped_server, SOCIAL, token) == (200, None)
        assert call(scoped_server, BLOCKED, token) == FORBIDDEN
        assert call(scoped_server, SOCIAL, others) == NO_CREATOR

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_a_creator_who_may_not_act_is_refused(self, scoped_server: Server, status: str) -> None:
        with Tables(scoped_server.database_url) as tables:
            token = somebody(scoped_server, status=status)
            user_id = scoped_server.on_loop(scoped_server.app.tokens.read_access(token)).user_id
            insert(tables, "creator_profiles", user_id=user_id)
        assert call(scoped_server, SOCIAL, token) == (403, f"auth.account_{status.lower()}")

    def test_a_session_without_an_account_is_no_creators(self, scoped_server: Server) -> None:
        token = str(scoped_server.app.tokens.access(uuid4(), uuid4())["accessToken"])
        assert call(scoped_server, SOCIAL, token) == (401, "auth.unauthenticated")

    @pytest.mark.parametrize("scope", sorted(SCOPES))
    def test_one_without_a_check_stops_the_start(self, shared_server: Server, scoped: Contract, scope: str) -> None:
        checks = {name: check for name, check in CHECKS.items() if name != scope}
        with pytest.raises(ContractError, match=rf"scopes \['{scope}'\]: write their checks"):
            Guards(
                scoped.policies,
                shared_server.settings,
                shared_server.app.config,
                LocalLimiter(),
                utc_now,
                checks,
                dev_token_header="X",
                staff=shared_server.app.guards.staff,
            )

    def test_there_is_no_check_without_a_scope(self) -> None:
        assert CHECKS.keys() == SCOPES.keys()


def test_nothing_is_done_before_it_is_known_what_an_admin_stored(shared_server: Server) -> None:
    """A kill switch may be thrown, and a captcha be on."""
    parts = shared_server.app.parts
    unread = LiveConfig(parts.database, parts.keyring, "development", parts.contract.limited, {})
    staff = shared_server.app.guards.staff
    guards = Guards(
        parts.contract.policies, parts.settings, unread, LocalLimiter(), utc_now, dev_token_header="X", staff=staff
    )
    call = Call("", Client("192.0.2.7", "192.0.2.7", None, None, "en"), Headers([]))
    with pytest.raises(ApiError, match=r"service\.unavailable"):
        guards.admit(parts.contract.policies["auth.register"], call)
    shared_server.on_loop(unread.refresh())
    guards.admit(parts.contract.policies["auth.register"], call)


class TestToolsOfDevelopment:
    @pytest.mark.parametrize(
        "host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "127.8.9.1", "[::1]:80"]
    )
    def test_answer_to_names_of_this_machine(self, server: Server, host: str) -> None:
        assert self.ask(server, host).status == 200

    @pytest.mark.parametrize(
        "host",
        ["rebind.evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.nip.io", ANYWHERE, "[::]",
         "192.168.1.7:8000", "2130706433", "localhost%2eevil.example", "127.0.0.1@evil.example"],
    )  # fmt: skip
    def test_answer_to_no_other(self, server: Server, host: str) -> None:
        answer = self.ask(server, host)
        assert answer.status in (400, 403)
        if answer.status == 403:
            assert answer.code == "dev.host_refused"

    def test_answer_to_none_of_strangers_on_the_loopback_of_ipv6(self, start_server: Callable[..., Server]) -> None:
        server = start_server(host="::1")
        assert self.ask(server, "[::1]:8000").status == 200
        assert self.ask(server, "rebind.evil.example").code == "dev.host_refused"

    @pytest.mark.parametrize("host", [b"", b"rebind.evil example", b"[::1"])
    def test_answer_to_nothing_that_is_no_host(self, shared_server: Server, host: bytes) -> None:
        asked = Call("", Client("192.0.2.7", "192.0.2.7", None, None, "en"), Headers([(b"host", host)]))
        with pytest.raises(ApiError, match=r"dev\.host_refused"):
            CHECKS["dev"](shared_server.settings, asked)

    def test_a_target_with_a_host_has_no_other_rule(self, server: Server) -> None:
        assert self.ask(server, "localhost", "http://rebind.evil.example").code == "dev.host_refused"
        assert self.ask(server, "rebind.evil.example", "http://localhost").status == 200

    def test_answer_to_every_name_where_they_are_exposed(self, start_server: Callable[..., Server]) -> None:
        server = start_server(host=ANYWHERE)
        assert self.ask(server, "devbox.example").status == 200

    @pytest.mark.parametrize("host", ["localhost", "rebind.evil.example"])
    def test_metrics_are_one_of_them(self, server: Server, host: str) -> None:
        with server.client(address="127.0.0.1") as client:
            answer = client.get("/metrics", headers={"Host": host})
        assert answer.status_code == (200 if host == "localhost" else 404)

    def ask(self, server: Server, host: str, origin: str = "") -> Answer:
        return request(server, "GET", f"{origin}{MAILBOX}", host=host)


class TestToolsOfStaging:
    def test_guesses_are_counted(self, start_server: Callable[..., Server]) -> None:
        server = start_server(env="staging", dev_token=DEV_TOKEN)
        guess = (("X-Forwarded-For", "192.0.2.7"), ("X-Dev-Token", "guess"))
        codes = [request(server, "GET", MAILBOX, None, guess).code for _ in range(61)]
        assert codes == ["auth.unauthenticated"] * 60 + ["rate_limit.exceeded"]
        right = (("X-Forwarded-For", "192.0.2.7"), ("X-Dev-Token", DEV_TOKEN))
        assert request(server, "GET", MAILBOX, None, right).code == "rate_limit.exceeded"
        assert (
            request(server, "GET", MAILBOX, None, (("X-Dev-Token", DEV_TOKEN),), host="staging.example").status == 200
        )


CHECK_USERNAME = "/api/v1/users/check-username?username=ada"
OPERATION = "users.usernames.check"


class TestNetworks:
    """Providers give a customer up to a /48 of IPv6, which holds 65536 networks of /64."""

    @pytest.fixture
    def limited(self, start_server: Callable[..., Server], databases: Databases) -> Server:
        server = start_server()
        server.configure(**{f"ratelimit.{OPERATION}": "3/hour"})
        return server

    def ask(self, server: Server, address: str) -> Answer:
        return request(server, "GET", CHECK_USERNAME, None, (("X-Forwarded-For", address),))

    def admitted(self, server: Server, addresses: list[str]) -> int:
        return sum(self.ask(server, address).status == 200 for address in addresses)

    def test_a_64_has_the_limit(self, limited: Server) -> None:
        assert self.admitted(limited, [f"2001:db8:1:1::{n:x}" for n in range(6)]) == 3

    def test_a_56_has_four_times_the_limit(self, limited: Server) -> None:
        assert self.admitted(limited, [f"2001:db8:2:{n:x}::1" for n in range(20)]) == 12
        assert self.admitted(limited, ["2001:db8:2:1ff::1"]) == 1

    def test_a_48_has_sixteen_times_the_limit(self, limited: Server) -> None:
        assert self.admitted(limited, [f"2001:db8:3:{n:02x}00::1" for n in range(60)]) == 48
        assert self.admitted(limited, ["2001:db8:4::1"]) == 1

    def test_an_ipv4_address_is_counted_alone(self, limited: Server) -> None:
        assert self.admitted(limited, [f"192.0.2.{n}" for n in range(60)]) == 60
        assert self.admitted(limited, ["::ffff:192.0.2.1"] * 4) == 2

    def test_the_headers_tell_of_the_nearest_end(self, limited: Server) -> None:
        def told(address: str) -> tuple[Any, ...]:
            answer = self.ask(limited, address)
            return answer.status, *answer.all("ratelimit-policy"), answer.all("ratelimit")[0].split(";")[1]

        assert told("2001:db8:5:1::1") == (200, f'"{OPERATION}";q=3;w=3600', "r=2")
        for n in range(2, 12):
            self.ask(limited, f"2001:db8:5:{n:x}::1")
        assert told("2001:db8:5:c::1") == (200, f'"{OPERATION}";q=12;w=3600', "r=0")
        assert told("2001:db8:5:d::1") == (429, f'"{OPERATION}";q=12;w=3600', "r=0")

    def test_a_session_has_the_limit_and_its_account_four_times_as_much(self, limited: Server) -> None:
        limited.configure(**{"ratelimit.auth.me": "2/hour"})

        def told(token: str) -> tuple[Any, ...]:
            answer = request(limited, "GET", "/api/v1/auth/me", None, tuple(bearer(token).items()))
            return answer.status, *answer.all("ratelimit-policy"), answer.all("ratelimit")[0].split(";")[1]

        first = somebody(limited)
        copied = [told(first) for _ in range(4)]
        policy = '"auth.me";q={};w=3600'.format
        assert copied == [(200, policy(2), "r=1"), (200, policy(2), "r=0")] + [(429, policy(2), "r=0")] * 2
        for _ in range(3):
            owner = another_session(limited, first)
            assert [told(owner)[0] for _ in range(3)] == [200, 200, 429]
        assert told(another_session(limited, first)) == (429, policy(8), "r=0")

    def test_a_signed_in_person_is_counted_alone(self, limited: Server) -> None:
        limited.configure(**{"ratelimit.auth.me": "2/hour"})
        for n in range(20):
            headers = (*bearer(somebody(limited)).items(), ("X-Forwarded-For", f"2001:db8:6:{n:x}::1"))
            assert request(limited, "GET", "/api/v1/auth/me", None, headers).status == 200


def another_session(server: Server, token: str) -> str:
    """An access token of another session of the same account."""
    principal = server.on_loop(server.app.tokens.read_access(token))
    now = datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1), "confirmed_at": now}
    with Tables(server.database_url) as tables:
        session_id = insert(tables, "sessions", user_id=principal.user_id, **lives)
    return str(server.app.tokens.access(principal.user_id, session_id)["accessToken"])
