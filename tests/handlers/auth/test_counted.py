"""Who shows a cookie of ours is limited by it, not by what others of the same network do."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from domain.auth.devices import write_device
from domain.keys import Purpose
from tests.handlers.auth.test_known_devices import device
from tests.handlers.conftest import Clients
from tests.handlers.support import account
from tests.harness import PASSWORD, Api, Server, Tables, code_of

ADA = "ada@example.com"
BODIES = {
    "auth.refresh": {},
    "auth.logout": {},
    "auth.login": {"email": ADA, "password": "Wrong-Horse-7"},
    "auth.two_factor.login": {"tempToken": str(uuid4()), "code": "000000"},
    "auth.passwords.forgot": {"email": ADA},
    "auth.passwords.reset": {"token": str(uuid4()), "newPassword": "Better-Horse-8"},
    "auth.oauth.login": {"provider": "google", "idToken": "x.y.z"},
}
BY_SESSION = ("auth.refresh", "auth.logout")
Maker = Callable[[], Api]


def mark(server: Server, operation_id: str) -> tuple[str, str]:
    """Name and value of a cookie as a sign-in sets it."""
    if operation_id in BY_SESSION:
        return "biore_refresh", server.app.tokens.refresh(uuid4(), 0)
    return "biore_device", write_device(uuid4(), server.app.parts.keyring.key(Purpose.DEVICE))


def forged(value: str) -> str:
    return value[:-2] + ("AA" if value[-2:] != "AA" else "BA")


def limited(api: Api, operation_id: str, cookie: tuple[str, str] | None = None) -> bool:
    headers = {"Cookie": "=".join(cookie)} if cookie else {}
    response = api.call(operation_id, BODIES[operation_id], headers=headers)
    assert response.status_code < 500, response.text
    return response.status_code == 429 and code_of(response) == "rate_limit.exceeded"


@pytest.fixture
def neighbour(api: Api, server: Server, clients: Clients) -> Api:
    return clients(server, api.address)


@pytest.mark.parametrize("operation_id", BODIES)
class TestEach:
    def test_junk_of_the_neighbours_keeps_nobody_out(
        self, api: Api, neighbour: Api, server: Server, operation_id: str
    ) -> None:
        server.configure(**{f"ratelimit.{operation_id}": "2/day"})
        assert [limited(neighbour, operation_id) for _ in range(3)] == [False, False, True]
        mine, theirs = mark(server, operation_id), mark(server, operation_id)
        assert [limited(api, operation_id, mine) for _ in range(3)] == [False, False, True]
        assert not limited(api, operation_id, theirs)

    def test_who_uses_up_a_copy_leaves_its_owner_what_callers_without_one_have(
        self, api: Api, server: Server, clients: Clients, operation_id: str
    ) -> None:
        """It is counted wherever it comes from, and beyond that it counts as the network."""
        server.configure(**{f"ratelimit.{operation_id}": "2/day"})
        mine, thief = mark(server, operation_id), clients(server)
        assert [limited(thief, operation_id, mine) for _ in range(5)] == [False] * 4 + [True]
        assert [limited(api, operation_id, mine) for _ in range(3)] == [False, False, True]
        assert limited(api, operation_id)

    def test_what_is_forged_counts_as_the_network(
        self, api: Api, neighbour: Api, server: Server, operation_id: str
    ) -> None:
        server.configure(**{f"ratelimit.{operation_id}": "2/day"})
        name, value = mark(server, operation_id)
        tries = [(name, forged(value)), (name, "x"), (name, forged(mark(server, operation_id)[1]))]
        assert [limited(api, operation_id, cookie) for cookie in tries] == [False, False, True]
        assert limited(neighbour, operation_id)

    def test_all_of_one_network_have_a_bound_too(self, api: Api, server: Server, operation_id: str) -> None:
        server.configure(**{f"ratelimit.{operation_id}": "1/day"})
        wide = 256 if operation_id in BY_SESSION else 16
        outcomes = [limited(api, operation_id, mark(server, operation_id)) for _ in range(wide + 2)]
        assert outcomes == [False] * (wide + 1) + [True]  # one as a caller without a mark


def test_cookies_of_real_sign_ins_are_such_marks(api: Api, neighbour: Api, server: Server, tables: Tables) -> None:
    account(api, tables)
    answer = api.call("auth.login", {"email": ADA, "password": PASSWORD})
    api.keep_cookie(answer)
    server.configure(**{"ratelimit.auth.refresh": "1/day", "ratelimit.auth.login": "1/day"})
    for operation_id in ("auth.refresh", "auth.login"):
        assert [limited(neighbour, operation_id) for _ in range(2)] == [False, True]
    assert api.call("auth.refresh", {}).status_code == 200
    assert not limited(api, "auth.login", ("biore_device", device(answer)))


@pytest.mark.parametrize(
    ("before", "seen"),
    [("x=y; " * 63, True), ("x=y; " * 64, False), (";" * 64, False), (f"x={'y' * 8000}; ", True),
     (f"x={'y' * 8192}; ", False)],
)  # fmt: skip
def test_a_mark_is_looked_for_in_the_beginning_of_the_cookies(
    api: Api, neighbour: Api, server: Server, before: str, seen: bool
) -> None:
    """Reading them comes before the count, so it must cost little."""
    operation_id = "auth.passwords.forgot"
    server.configure(**{f"ratelimit.{operation_id}": "1/day"})
    assert not limited(neighbour, operation_id)
    name, value = mark(server, operation_id)
    assert limited(api, operation_id, (before + name, value)) is not seen


def test_an_operation_for_people_counts_them_by_their_session(api: Api, server: Server, tables: Tables) -> None:
    """Though it takes the cookie of the device."""
    assert server.app.parts.contract.policies["auth.sessions.revoke_all"].counted_by is None


def test_marks_are_no_way_around_the_network_of_a_customer(server: Server, clients: Clients) -> None:
    """Sixteen times the limit in each /64, four times that in the /56 around it; then that of callers without one."""
    operation_id = "auth.passwords.forgot"
    server.configure(**{f"ratelimit.{operation_id}": "1/day"})
    refused = []
    for subnet in range(5):
        api = clients(server, f"2001:db8:9:{subnet:x}::1")
        refused += [limited(api, operation_id, mark(server, operation_id)) for _ in range(16)]
    assert refused == [False] * 65 + [True] * 15
