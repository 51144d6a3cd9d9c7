"""Who gives a role to whom, and takes it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.operations import CONTRACT
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, grant, hired, member

REASON = "Joins the operations team."
OWNERS = "SELECT user_id FROM staff_roles WHERE role = 'OWNER'"


@pytest.fixture
def owner(server: Server) -> Hired:
    return member(server, "OWNER", email="owner@example.com")


class TestGrant:
    def grant(self, api: Api, caller: Hired, **fields: Any) -> Any:
        body = {"email": "ada@example.com", "role": "OPERATOR", "reason": REASON} | fields
        return api.call("admin.staff.grant", body, headers=caller.headers)

    def test_gives_a_role(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        user_id = account(api, tables)
        response = self.grant(api, owner)
        told = response.json()["data"]
        assert (response.status_code, told["userId"], told["twoFactor"]) == (201, str(user_id), False)
        (role,) = told["roles"]
        assert (role["role"], role["grantedBy"], role["expiresAt"]) == ("OPERATOR", str(owner.id), None)

    def test_is_recorded_and_told_to_every_owner(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        other, user_id = member(server, "OWNER", email="other@example.com"), account(api, tables)
        self.grant(api, owner)
        (row,) = audited(tables, "admin.staff.grant")
        assert (row["actor_id"], row["target_id"], row["role"]) == (owner.id, str(user_id), "OWNER")
        assert (row["reason"], row["after"]) == (REASON, {"role": "OPERATOR", "expiresAt": None})
        for address in (owner.email, other.email):
            (mail,) = api.mails(address)
            assert "ada@example.com" in mail["text"]
            assert "OPERATOR" in mail["text"]
            assert owner.email in mail["text"]
        assert api.mails("ada@example.com") == []

    def test_one_that_ends_by_itself(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        account(api, tables)
        assert code_of(self.grant(api, owner, expiresAt="2020-01-01T00:00:00Z")) == "admin.staff.expiry_past"
        told = self.grant(api, owner, expiresAt="2999-01-01T00:00:00Z").json()["data"]
        assert told["roles"][0]["expiresAt"] == "2999-01-01T00:00:00.000Z"

    def test_one_for_some_languages(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        account(api, tables)
        told = self.grant(api, owner, role="TRANSLATOR", locales=["de", "pt-BR"]).json()["data"]
        assert told["roles"][0]["locales"] == ["de", "pt-BR"]
        (row,) = audited(tables, "admin.staff.grant")
        assert row["after"]["locales"] == ["de", "pt-BR"]
        assert broken_rules(self.grant(api, owner, locales=[])) == {("locales", "minItems")}

    def test_the_same_one_twice(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        user_id = account(api, tables)
        self.grant(api, owner)
        assert code_of(self.grant(api, owner)) == "admin.staff.already"
        tables.run("UPDATE staff_roles SET expires_at = now() - interval '1 s' WHERE user_id = %s", user_id)
        assert self.grant(api, owner).status_code == 201

    def test_to_nobody_or_somebody_unproven(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        assert code_of(self.grant(api, owner)) == "admin.not_found"
        user_id = account(api, tables, email_verified=False)
        assert code_of(self.grant(api, owner)) == "admin.staff.unverified"
        unproven, banned = (
            {"email_verified": True, "owner_unproven": True},
            {"owner_unproven": False, "status": "BANNED"},
        )
        for columns in (unproven, banned):
            change(tables, "users", user_id, **columns)
            assert code_of(self.grant(api, owner)) == "admin.staff.unverified"

    def test_to_oneself(self, api: Api, server: Server, owner: Hired) -> None:
        assert code_of(self.grant(api, owner, email=owner.email)) == "admin.staff.own_role"

    def test_nobody_gives_more_than_they_have(self, start_server: Callable[..., Server], clients: Clients) -> None:
        """No role but OWNER may manage staff; the rule holds for whoever is allowed to."""
        manage = CONTRACT.permissions.known["staff.manage"]
        wider = {"staff.manage": replace(manage, roles=(*manage.roles, "OPERATOR"))}
        permissions = replace(CONTRACT.permissions, known={**CONTRACT.permissions.known, **wider})
        server = start_server(contract=replace(CONTRACT, permissions=permissions))
        api, caller = clients(server), member(server, "OPERATOR")
        account(api, server.tables)
        for role in ("ADMIN", "OWNER", "AUDITOR"):
            assert code_of(self.grant(api, caller, role=role)) == "admin.staff.beyond_own"
        assert self.grant(api, caller, role="OPERATOR").status_code == 201


class TestRevoke:
    def revoke(self, api: Api, caller: Hired, target: Any, role: str = "OPERATOR") -> Any:
        body = {"role": role, "reason": "Left the team."}
        return api.call("admin.staff.revoke", body, path=f"/admin/staff/{target}/revoke", headers=caller.headers)

    def test_takes_the_role(self, api: Api, server: Server, tables: Tables, owner: Hired) -> None:
        operator = member(server, "OPERATOR", "AUDITOR")
        assert self.revoke(api, owner, operator.id).status_code == 200
        assert api.call("admin.me", headers=operator.headers).json()["data"]["roles"] == ["AUDITOR"]
        (row,) = audited(tables, "admin.staff.revoke")
        assert (row["target_id"], row["before"]) == (str(operator.id), {"role": "OPERATOR"})

    def test_what_is_not_there(self, api: Api, server: Server, owner: Hired) -> None:
        auditor = member(server, "AUDITOR")
        assert code_of(self.revoke(api, owner, auditor.id)) == "admin.not_found"
        assert code_of(self.revoke(api, owner, owner.session_id)) == "admin.not_found"

    def test_of_oneself(self, api: Api, server: Server, owner: Hired) -> None:
        member(server, "OWNER")
        assert code_of(self.revoke(api, owner, owner.id, "OWNER")) == "admin.staff.own_role"

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_the_last_owner_who_can_act_stays(self, api: Api, server: Server, owner: Hired, status: str) -> None:
        """Neither who may not act counts, nor whose role ends by itself."""
        member(server, "OWNER", status=status)
        passing = member(server)
        grant(server, passing.id, "OWNER", datetime.now(UTC) + timedelta(days=1))
        refused = self.revoke(api, passing, owner.id, "OWNER")
        assert (refused.status_code, code_of(refused)) == (409, "admin.staff.last_owner")
        member(server, "OWNER")
        assert self.revoke(api, passing, owner.id, "OWNER").status_code == 200

    def test_revokes_at_once_leave_one_owner(self, server: Server, tables: Tables) -> None:
        """Each of the last two takes the role of the other, ten times each at once."""
        first, second = member(server, "OWNER"), member(server, "OWNER")

        def revoke(pair: tuple[Hired, Hired]) -> str | None:
            with server.client() as api:
                answer = self.revoke(api, *(pair[0], pair[1].id), "OWNER")
                return None if answer.status_code == 200 else code_of(answer)

        with ThreadPoolExecutor(20) as pool:
            told = list(pool.map(revoke, [(first, second), (second, first)] * 10))
        assert told.count(None) == 1
        assert set(told) <= {None, "admin.staff.last_owner", "auth.forbidden", "admin.not_found"}
        assert len(tables.rows(OWNERS)) == 1


class TestList:
    def test_is_walked_by_role_and_address(self, api: Api, server: Server, tables: Tables) -> None:
        staff = [member(server, "AUDITOR") for _ in range(5)] + [member(server, "OPERATOR")]
        insert(tables, "users", email="fan@example.com")
        headers = hired(server, "AUDITOR")
        seen, cursor = [], None
        while True:
            params = {"limit": 2, "role": "AUDITOR"} | ({"cursor": cursor} if cursor else {})
            data = api.call("admin.staff.list", params=params, headers=headers).json()["data"]
            seen += [row["email"] for row in data["items"]]
            cursor = data["nextCursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 6
        found = api.call("admin.staff.list", params={"q": staff[5].email}, headers=headers).json()["data"]["items"]
        assert [row["userId"] for row in found] == [str(staff[5].id)]

    def test_a_cursor_of_another_filter_is_refused(self, api: Api, server: Server) -> None:
        headers = hired(server, "AUDITOR")
        member(server, "AUDITOR")
        first = api.call("admin.staff.list", params={"limit": 1}, headers=headers).json()["data"]
        params = {"limit": 1, "role": "AUDITOR", "cursor": first["nextCursor"]}
        assert code_of(api.call("admin.staff.list", params=params, headers=headers)) == "admin.cursor_invalid"


class TestRoles:
    def test_are_those_of_the_contract(self, api: Api, server: Server, clients: Callable[..., Api]) -> None:
        told = api.call("admin.roles.list", headers=hired(server, "AUDITOR")).json()["data"]
        roles = {role["role"]: role["permissions"] for role in told["items"]}
        assert set(roles["OWNER"]) == {permission["name"] for permission in told["permissions"]}
        assert all(name.endswith((".read", ".export")) for name in roles["AUDITOR"])
