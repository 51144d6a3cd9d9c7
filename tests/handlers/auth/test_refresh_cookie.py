"""The refresh cookie as browsers send it: several of one name, from pages of others, bound to a domain or a host."""

from collections.abc import Callable, Iterator
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, audited, change
from tests.harness import Api, Server, Tables, code_of

NAME = "biore_refresh"
PATH = "/api/v1/auth"
HOST_ONLY = f"{NAME}=; Max-Age=0; Path={PATH}; HttpOnly; Secure; SameSite=Strict"
SAFE = "HttpOnly; Secure; SameSite=Strict"
APP = "https://app.example.com"
EVIL = "https://evil.example"
TOKEN = "A" * 76


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


def signed_in(api: Api, email: str = "ada@example.com") -> str:
    """The refresh token of a new session; the client keeps none."""
    api.sign_in(email)
    token = api.cookies[NAME]
    api.cookies.clear()
    return token


def send(
    api: Api, operation: str, *tokens: str, body: str | None = None, name: str = NAME, **headers: str
) -> httpx.Response:
    """With these cookies, in this order; headers with ``_`` for ``-``."""
    api.cookies.clear()
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    if tokens:
        sent["Cookie"] = "; ".join(f"{name}={token}" for token in tokens)
    response = api.call(operation, None if body is None else {"refreshToken": body}, headers=sent)
    api.cookies.clear()
    return response


def moved(api: Api, token: str) -> str:
    (cookie,) = send(api, "auth.refresh", token).headers.get_list("set-cookie")
    return cookie.partition("=")[2].partition(";")[0]


def outcome(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, None if response.status_code < 400 else code_of(response)


def live(tables: Tables) -> int:
    return int(tables.one("SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL")["n"])


@pytest.mark.usefixtures("user_id")
class TestSeveral:
    @pytest.fixture
    def older(self, api: Api) -> tuple[str, str]:
        """The current token of a session, and one that two rotations left behind."""
        first = signed_in(api)
        return moved(api, moved(api, first)), first

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_stale_one_beside_the_current_one_is_no_theft(
        self, api: Api, tables: Tables, older: tuple[str, str], turned: bool
    ) -> None:
        other = signed_in(api)
        assert send(api, "auth.refresh", *(reversed(older) if turned else older)).status_code == 200
        assert live(tables) == 2
        assert audited(tables, "auth.refresh.reuse_detected") == []
        assert send(api, "auth.refresh", other).status_code == 200

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("other", ["garbage", TOKEN, "", '"\\000"', "%00", "\u00e9", "x" * 5000])
    def test_a_broken_one_does_not_refuse_a_good_one(self, api: Api, other: str, turned: bool) -> None:
        tokens = [signed_in(api), other]
        sent = [token.encode("latin-1").decode("latin-1") for token in (reversed(tokens) if turned else tokens)]
        cookie = "; ".join(f"{NAME}={token}" for token in sent).encode("latin-1")
        response = api.call("auth.refresh", headers=[(b"Cookie", cookie)])
        assert response.status_code == 200

    @pytest.mark.parametrize("turned", [False, True])
    def test_one_of_an_ended_session_neither(self, api: Api, turned: bool) -> None:
        ended, good = signed_in(api), signed_in(api)
        assert send(api, "auth.logout", ended).status_code == 200
        assert send(api, "auth.refresh", *((good, ended) if turned else (ended, good))).status_code == 200

    @pytest.mark.parametrize("turned", [False, True])
    def test_one_of_a_suspended_account_neither(self, api: Api, tables: Tables, turned: bool) -> None:
        eve = account(api, tables, "eve@example.com")
        tokens = [signed_in(api, "eve@example.com"), signed_in(api)]
        change(tables, "users", eve, status="SUSPENDED")
        assert send(api, "auth.refresh", *(reversed(tokens) if turned else tokens)).status_code == 200
        assert outcome(send(api, "auth.refresh", tokens[0])) == (401, "auth.refresh.account_suspended")

    def test_the_current_one_comes_before_its_predecessor(self, api: Api, tables: Tables) -> None:
        first = signed_in(api)
        second = moved(api, first)
        assert send(api, "auth.refresh", first, second).status_code == 200
        assert tables.one("SELECT counter FROM sessions")["counter"] == 2

    def test_two_stale_ones_are_a_theft(self, api: Api, tables: Tables, older: tuple[str, str]) -> None:
        current, stale = older
        newest = moved(api, moved(api, current))
        assert outcome(send(api, "auth.refresh", stale, current)) == (401, "auth.refresh.token_reuse_detected")
        assert live(tables) == 0
        assert send(api, "auth.refresh", newest).status_code == 401

    def test_a_theft_ends_the_sessions_of_each_account_that_was_robbed(self, api: Api, tables: Tables) -> None:
        account(api, tables, "eve@example.com")
        stale = [signed_in(api), signed_in(api, "eve@example.com")]
        for token in stale:
            moved(api, moved(api, token))
        assert outcome(send(api, "auth.refresh", *stale)) == (401, "auth.refresh.token_reuse_detected")
        assert live(tables) == 0
        assert len(audited(tables, "auth.refresh.reuse_detected")) == 2

    def test_lines_and_blanks_are_read(self, api: Api) -> None:
        lines = [(b"Cookie", b"a=b; biore_refresh=garbage"), (b"Cookie", f"c ;{NAME}= {signed_in(api)} ;d=e".encode())]
        assert api.call("auth.refresh", headers=lines).status_code == 200

    def test_a_name_is_the_whole_name(self, api: Api) -> None:
        good = signed_in(api)
        for name in (f"x{NAME}", f"{NAME}x", NAME.upper(), f"__Host-{NAME}", f"__Secure-{NAME}"):
            assert outcome(send(api, "auth.refresh", good, name=name)) == (401, "auth.refresh.invalid_token")

    def test_logout_ends_each_one(self, api: Api, tables: Tables, older: tuple[str, str]) -> None:
        _, stale = older
        kept, other = signed_in(api), signed_in(api)
        response = send(api, "auth.logout", "garbage", stale, other, other)
        assert response.headers.get_list("set-cookie") == [HOST_ONLY]
        assert live(tables) == 1
        assert len(audited(tables, "auth.logout.success")) == 2
        assert send(api, "auth.refresh", kept).status_code == 200


@pytest.mark.usefixtures("user_id")
@pytest.mark.parametrize("operation", ["auth.refresh", "auth.logout"])
class TestCookieAndBody:
    def test_that_differ_are_refused(self, api: Api, tables: Tables, operation: str) -> None:
        tokens = [signed_in(api), signed_in(api)]
        before = tables.fingerprints()
        for cookie, body in (tokens, ("garbage", tokens[0]), (tokens[0], "garbage")):
            assert outcome(send(api, operation, cookie, body=body)) == (400, "auth.session.tokens_differ")
        assert tables.changed_since(before) == set()

    def test_that_agree_are_one(self, api: Api, operation: str) -> None:
        token = signed_in(api)
        assert send(api, operation, "garbage", token, body=token).status_code == 200

    def test_an_empty_one_is_none(self, api: Api, tables: Tables, operation: str) -> None:
        token = signed_in(api)
        assert send(api, operation, token, body="").status_code == 200
        token = signed_in(api)
        assert send(api, operation, "", body=token).status_code == 200


OURS = [
    {},
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "same-origin", "Origin": APP},
    {"Origin": APP},
    {"Sec_Fetch_Site": "cross-site", "Origin": APP},
    {"Origin": "http://api.example.com:8080", "Host": "api.example.com:8080"},
    {"Origin": "https://api.example.com", "Host": "API.example.com"},
]
THEIRS = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "Same-Origin"},
    {"Sec_Fetch_Site": "nonsense"},
    {"Sec_Fetch_Site": ""},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": f"{APP}.evil.example"},
    {"Origin": "http://app.example.com"},
    {"Origin": f"{APP}, {EVIL}"},
    {"Sec_Fetch_Site": "cross-site", "Origin": EVIL},
    {"Origin": "https://api.example.com:444", "Host": "api.example.com"},
]


@pytest.fixture(scope="module")
def shared(start_server: Callable[..., Server]) -> Server:
    return start_server(cors_origins=(APP,))


@pytest.fixture
def origins(shared: Server) -> Iterator[tuple[Api, Tables]]:
    """A server that pages of the app may call."""
    shared.reset()
    with shared.client() as api, Tables(shared.database_url) as tables:
        account(api, tables)
        yield api, tables


@pytest.mark.parametrize("operation", ["auth.refresh", "auth.logout"])
class TestSites:
    @pytest.mark.parametrize("headers", OURS)
    def test_ours_may_use_the_cookie(
        self, origins: tuple[Api, Tables], operation: str, headers: dict[str, str]
    ) -> None:
        api, _ = origins
        assert send(api, operation, signed_in(api), **headers).status_code == 200

    @pytest.mark.parametrize("headers", THEIRS)
    def test_others_may_not(self, origins: tuple[Api, Tables], operation: str, headers: dict[str, str]) -> None:
        api, tables = origins
        token = signed_in(api)
        before = tables.fingerprints()
        response = send(api, operation, token, **headers)
        assert outcome(response) == (403, "auth.session.foreign_site")
        assert response.headers.get_list("set-cookie") == []
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize("headers", THEIRS)
    def test_others_drop_no_cookie(self, origins: tuple[Api, Tables], operation: str, headers: dict[str, str]) -> None:
        api, _ = origins
        response = send(api, operation, **headers)
        refused = (200, None) if operation == "auth.logout" else (401, "auth.refresh.invalid_token")
        assert outcome(response) == refused
        assert response.headers.get_list("set-cookie") == []

    def test_a_form_of_theirs_neither(self, origins: tuple[Api, Tables], operation: str) -> None:
        api, tables = origins
        headers = {"Cookie": f"{NAME}={signed_in(api)}", "Origin": EVIL, "Content-Type": "text/plain"}
        response = api.post(f"/api/v1/{operation.replace('.', '/')}", headers=headers)
        assert outcome(response) == (403, "auth.session.foreign_site")
        assert live(tables) == 1

    def test_the_token_of_a_body_is_nobodys_cookie(self, origins: tuple[Api, Tables], operation: str) -> None:
        api, _ = origins
        cookie, own = signed_in(api), signed_in(api)
        assert send(api, operation, cookie, body=own, Sec_Fetch_Site="cross-site").status_code == 200
        assert send(api, "auth.refresh", cookie).status_code == 200


class TestPlaces:
    """What is set, and what an earlier setting left behind."""

    @pytest.fixture
    def call(self, start_server: Callable[..., Server]) -> Callable[..., list[str]]:
        def call(host: str, **settings: str) -> list[str]:
            server = start_server(**settings)
            with server.client() as api, Tables(server.database_url) as tables:
                account(api, tables)
                lines: list[str] = []
                for operation, body in (("auth.login", {"email": "ada@example.com", "password": "Correct-Horse-7"}),
                                        ("auth.logout", None)):  # fmt: skip
                    response = api.call(operation, body, headers={"Host": host})
                    assert response.status_code == 200
                    lines += [line for line in response.headers.get_list("set-cookie") if NAME in line]
            return [
                line.replace(line.partition("=")[2].partition(";")[0], "…", 1) if "=A" in line else line
                for line in lines
            ]

        return call

    def test_a_domain(self, call: Callable[..., list[str]]) -> None:
        old, kept, old_again, dropped = call("api.example.com", cookie_domain=".example.com")
        assert old == old_again == HOST_ONLY
        assert kept == f"{NAME}=…; Max-Age=2592000; Path={PATH}; {SAFE}; Domain=.example.com"
        assert dropped == f"{NAME}=; Max-Age=0; Path={PATH}; {SAFE}; Domain=.example.com"

    def test_the_host_alone_without_a_setting(self, call: Callable[..., list[str]]) -> None:
        *old, kept = call("api.example.com:8443")[:3]
        assert old == [f"{HOST_ONLY}; Domain=api.example.com", f"{HOST_ONLY}; Domain=example.com"]
        assert kept == f"{NAME}=…; Max-Age=2592000; Path={PATH}; {SAFE}"

    def test_the_host_alone_by_name(self, call: Callable[..., list[str]]) -> None:
        *old, kept = call("api.example.com", cookie_domain="host")[:4]
        assert old == [HOST_ONLY, f"{HOST_ONLY}; Domain=api.example.com", f"{HOST_ONLY}; Domain=example.com"]
        assert kept == f"__Host-{NAME}=…; Max-Age=2592000; Path=/; {SAFE}"

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "localhost:80"])
    def test_an_address_has_no_domain(self, call: Callable[..., list[str]], host: str) -> None:
        assert len(call(host)) == 2

    def test_the_name_by_host_alone_is_the_only_one_that_counts(self, start_server: Callable[..., Server]) -> None:
        server = start_server(cookie_domain="host")
        with server.client() as api, Tables(server.database_url) as tables:
            account(api, tables)
            set_cookies = api.call("auth.login", {"email": "ada@example.com", "password": "Correct-Horse-7"})
            token = set_cookies.headers["set-cookie"].partition(f"__Host-{NAME}=")[2].partition(";")[0]
            assert send(api, "auth.refresh", token).status_code == 401
            tossed = f"{NAME}=garbage; __Host-{NAME}={token}"
            assert api.call("auth.refresh", headers={"Cookie": tossed}).status_code == 200
