"""What stands before every operation of the staff, and what a member is told of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.operations import CONTRACT, IDS, path_of, well_formed
from tests.handlers.support import change, somebody
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of
from tests.staff import code, grant, hired, member

OPERATIONS = [name for name in IDS if CONTRACT.policies[name].scope == "admin"]
ROLES = tuple(CONTRACT.permissions.roles)
# What stands before an operation answers, of the staff; an operation's own 403s are others.
GUARDS = {
    "auth.unauthenticated",
    "auth.forbidden",
    "admin.network_refused",
    "admin.two_factor_required",
    "admin.session_expired",
    "admin.permission_denied",
}
NOW = datetime.now(UTC)
each = pytest.mark.parametrize("operation_id", OPERATIONS)


def call(api: Api, operation_id: str, headers: dict[str, str]) -> Any:
    options = well_formed(api, operation_id)
    return api.call(operation_id, **(options | {"headers": options["headers"] | headers}))


def refusal(api: Api, operation_id: str, headers: dict[str, str]) -> str | None:
    """The code with which a guard refuses; None where the call got past all of them."""
    response = call(api, operation_id, headers)
    found = None if response.status_code < 400 else code_of(response)
    return found if found in GUARDS else None


class TestMatrix:
    """Every operation and every role, from the contract."""

    @each
    def test_each_role_reaches_what_it_may_and_nothing_else(self, api: Api, server: Server, operation_id: str) -> None:
        needed = CONTRACT.policies[operation_id].permission
        assert needed is not None
        may = CONTRACT.permissions.roles_with(needed)
        told = {role: refusal(api, operation_id, hired(server, role)) for role in ROLES}
        assert told == {role: None if role in may else "admin.permission_denied" for role in ROLES}

    @each
    def test_who_is_no_staff_learns_nothing(self, api: Api, server: Server, operation_id: str) -> None:
        ended = member(server)
        grant(server, ended.id, "OWNER", NOW - timedelta(seconds=1))
        for headers in (bearer(somebody(server)), hired(server), hired(server, "FORMER_ROLE"), ended.headers):
            response = call(api, operation_id, headers)
            assert (response.status_code, code_of(response)) == (403, "auth.forbidden")
            assert "RateLimit" not in response.headers

    @each
    def test_a_second_factor_is_needed(self, api: Api, server: Server, operation_id: str) -> None:
        without = hired(server, "OWNER", two_factor_enabled=False)
        not_passed = member(server, "OWNER", session={"second_factor_at": None}).headers
        wanted = "admin.two_factor_required" if CONTRACT.policies[operation_id].second_factor else None
        assert {refusal(api, operation_id, headers) for headers in (without, not_passed)} == {wanted}

    def test_one_operation_is_open_without_it(self) -> None:
        assert [name for name in OPERATIONS if not CONTRACT.policies[name].second_factor] == ["admin.me"]

    @each
    def test_a_session_ends_by_its_age_and_by_a_pause(self, api: Api, server: Server, operation_id: str) -> None:
        old = member(server, "OWNER", session={"created_at": NOW - timedelta(hours=12, seconds=1)})
        idle = member(server, "OWNER", session={"admin_seen_at": NOW - timedelta(minutes=61)})
        told = {refusal(api, operation_id, caller.headers) for caller in (old, idle)}
        assert told == {"admin.session_expired"}

    @each
    def test_another_network_is_refused(self, api: Api, server: Server, operation_id: str) -> None:
        server.configure(**{"admin.allowed_networks": ["203.0.113.0/24", "2001:db8::/32"]})
        headers = hired(server, "OWNER")
        assert refusal(api, operation_id, headers) == "admin.network_refused"
        inside = headers | {"X-Forwarded-For": "203.0.113.7"}
        assert refusal(api, operation_id, inside) is None

    @each
    def test_a_proof_of_the_last_minutes_is_needed(self, api: Api, server: Server, operation_id: str) -> None:
        stale = member(server, "OWNER", session={"confirmed_at": NOW - timedelta(minutes=11)})
        response = call(api, operation_id, stale.headers)
        needed = CONTRACT.policies[operation_id].fresh.always
        refused = response.status_code == 403 and code_of(response) == "admin.reauthentication_required"
        assert refused or not needed
        assert needed or CONTRACT.policies[operation_id].fresh.when or not refused


class TestSurface:
    def test_a_node_without_it_knows_no_such_path(self, start_server: Callable[..., Server]) -> None:
        server = start_server(admin=False)
        with server.client() as api:
            for operation_id in OPERATIONS:
                path = f"{server.origin}{CONTRACT.base_path}{path_of(operation_id)}"
                response = api.request(CONTRACT.policies[operation_id].method, path, headers=hired(server, "OWNER"))
                assert (response.status_code, code_of(response)) == (404, "route.not_found")
            assert api.call("auth.me", headers=bearer(somebody(server))).status_code == 200
            told = {name: api.get(f"{server.origin}/openapi.{name}").text for name in ("yaml", "json")}
        assert [name for name, text in told.items() if "/admin/me" in text or "/auth/me" not in text] == []

    def test_pages_of_its_own_origins_alone_may_call_it(self, start_server: Callable[..., Server]) -> None:
        app, office = "https://app.example", "https://office.example"
        server = start_server(cors_origins=(app,), admin_origins=(office,))
        with server.client() as api:
            shared = {}
            for path in ("/api/v1/admin/me", "/api/v1/auth/me"):
                for origin in (app, office):
                    told = api.get(path, headers={"Origin": origin}).headers
                    shared[path.split("/")[3], origin] = told.get("access-control-allow-origin")
        assert shared == {("admin", app): None, ("admin", office): office, ("auth", app): app, ("auth", office): office}

    def test_a_revoked_role_ends_on_every_node(self, start_server: Callable[..., Server], server: Server) -> None:
        other = start_server(server.database_url)
        owner, operator = member(server, "OWNER"), member(server, "OPERATOR")
        with server.client() as here, other.client() as there:
            assert there.call("admin.me", headers=operator.headers).status_code == 200
            body = {"role": "OPERATOR", "reason": "Left the team."}
            path = f"/admin/staff/{operator.id}/revoke"
            assert here.call("admin.staff.revoke", body, path=path, headers=owner.headers).status_code == 200
            assert code_of(there.call("admin.me", headers=operator.headers)) == "auth.forbidden"


class TestMe:
    def test_tells_roles_and_what_they_allow(self, api: Api, server: Server) -> None:
        caller = member(server, "TRANSLATOR", display_name="Ada")
        told = api.call("admin.me", headers=caller.headers).json()["data"]
        assert told["user"] == {"id": str(caller.id), "email": caller.email, "displayName": "Ada"}
        assert (told["roles"], told["permissions"]) == (["TRANSLATOR"], ["i18n.read", "i18n.write"])
        assert told["mustDo"] == []
        assert told["freshUntil"] is not None

    def test_tells_what_is_missing(self, api: Api, server: Server) -> None:
        without = hired(server, "OWNER", two_factor_enabled=False)
        not_passed = member(server, "OWNER", session={"second_factor_at": None, "confirmed_at": None}).headers
        told = [api.call("admin.me", headers=headers).json()["data"] for headers in (without, not_passed)]
        assert [one["mustDo"] for one in told] == [["ENABLE_TWO_FACTOR"], ["SIGN_IN_AGAIN"]]
        assert told[1]["freshUntil"] is None

    def test_the_sign_in_with_a_second_factor_opens_the_rest(self, api: Api, server: Server) -> None:
        caller = member(server, "AUDITOR")
        asked = api.call("auth.login", {"email": caller.email, "password": PASSWORD}).json()["data"]
        body = {"tempToken": asked["tempToken"], "code": code()}
        token = api.call("auth.two_factor.login", body).json()["data"]["accessToken"]
        assert api.call("admin.roles.list", headers=bearer(token)).status_code == 200

    def test_a_call_is_noted_once_a_minute(self, api: Api, server: Server, tables: Tables) -> None:
        caller = member(server, "AUDITOR", session={"admin_seen_at": NOW - timedelta(minutes=2)})
        for _ in range(2):
            api.call("admin.me", headers=caller.headers)
        seen = tables.one("SELECT admin_seen_at FROM sessions WHERE id = %s", caller.session_id)["admin_seen_at"]
        assert seen > NOW - timedelta(minutes=1)
        api.call("admin.me", headers=caller.headers)
        again = tables.one("SELECT admin_seen_at FROM sessions WHERE id = %s", caller.session_id)["admin_seen_at"]
        assert again == seen


def test_what_a_session_has_shown_is_not_inherited(api: Api, server: Server, tables: Tables) -> None:
    """A sign-in without the second factor opens nothing, though another session of the account passed one."""
    caller = member(server, "OWNER")
    change(tables, "users", caller.id, two_factor_enabled=False)
    token = api.sign_in(caller.email)
    change(tables, "users", caller.id, two_factor_enabled=True)
    assert code_of(api.call("admin.roles.list", headers=bearer(token))) == "admin.two_factor_required"
