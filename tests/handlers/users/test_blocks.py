from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, change, insert
from tests.harness import Api, Tables, bearer, broken_rules, code_of


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def eve(api: Api, tables: Tables) -> UUID:
    return account(api, tables, "eve@example.com", username="eve", display_name="Eve")


@pytest.fixture
def access(api: Api, ada: UUID) -> str:
    return api.sign_in()


def block(api: Api, access: str, user_id: Any) -> httpx.Response:
    return api.call("users.blocks.add", path=f"/users/block/{user_id}", headers=bearer(access))


def unblock(api: Api, access: str, user_id: Any) -> httpx.Response:
    return api.call("users.blocks.remove", path=f"/users/block/{user_id}", headers=bearer(access))


def blocked(api: Api, access: str) -> dict[str, Any]:
    data: dict[str, Any] = api.call("users.blocks.list", headers=bearer(access)).json()["data"]
    return data


class TestAdd:
    def test_oneself_is_refused(self, api: Api, access: str, ada: UUID) -> None:
        for spelling in (str(ada), str(ada).upper()):
            response = block(api, access, spelling)
            assert (response.status_code, code_of(response)) == (400, "user.block.self")

    def test_an_unknown_or_erased_account_is_not_found(self, api: Api, access: str, eve: UUID, tables: Tables) -> None:
        change(tables, "users", eve, status="DELETED")
        for other in (uuid4(), eve):
            response = block(api, access, other)
            assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_whose_own_account_is_gone_is_told(
        self, api: Api, access: str, ada: UUID, eve: UUID, tables: Tables
    ) -> None:
        tables.run("DELETE FROM users WHERE id = %s", ada)
        assert code_of(block(api, access, eve)) == "error.user.not_found"

    @pytest.mark.parametrize("operation", [block, unblock])
    def test_what_is_no_id_is_refused(self, api: Api, access: str, operation: Any) -> None:
        assert broken_rules(operation(api, access, "eve")) == {("userId", "format")}

    def test_it_is_one_way_and_audited(self, api: Api, access: str, ada: UUID, eve: UUID, tables: Tables) -> None:
        assert block(api, access, eve).status_code == 200
        row = tables.one("SELECT owner_id, blocked_id FROM block_list")
        assert (row["owner_id"], row["blocked_id"]) == (ada, eve)
        (entry,) = audited(tables, "user.block.success")
        assert (entry["actor_id"], entry["target_id"]) == (ada, str(eve))
        assert blocked(api, api.sign_in("eve@example.com"))["total"] == 0

    def test_twice_is_refused(self, api: Api, access: str, eve: UUID, tables: Tables) -> None:
        block(api, access, eve)
        response = block(api, access, eve)
        assert (response.status_code, code_of(response)) == (409, "user.block.already_blocked")
        assert (tables.count("block_list"), len(audited(tables, "user.block.success"))) == (1, 1)

    def test_both_may_block_each_other(self, api: Api, access: str, ada: UUID, eve: UUID) -> None:
        assert block(api, access, eve).status_code == 200
        assert block(api, api.sign_in("eve@example.com"), ada).status_code == 200


class TestRemove:
    def test_who_is_not_blocked_is_refused(self, api: Api, access: str, eve: UUID) -> None:
        response = unblock(api, access, eve)
        assert (response.status_code, code_of(response)) == (404, "user.block.not_blocked")

    def test_the_row_is_gone_once(self, api: Api, access: str, eve: UUID, tables: Tables) -> None:
        block(api, access, eve)
        assert [unblock(api, access, eve).status_code for _ in range(2)] == [200, 404]
        assert (tables.count("block_list"), len(audited(tables, "user.unblock.success"))) == (0, 1)

    def test_nobody_removes_what_is_of_others(
        self, api: Api, access: str, ada: UUID, eve: UUID, tables: Tables
    ) -> None:
        insert(tables, "block_list", owner_id=eve, blocked_id=ada)
        assert code_of(unblock(api, access, eve)) == "user.block.not_blocked"
        assert tables.count("block_list") == 1


class TestList:
    def test_the_newest_first_and_nobody_elses(self, api: Api, access: str, eve: UUID, tables: Tables) -> None:
        bob = account(api, tables, "bob@example.com")
        insert(tables, "block_list", owner_id=eve, blocked_id=bob)
        for other in (eve, bob):
            block(api, access, other)
        found = blocked(api, access)
        moments = [item.pop("blockedAt") for item in found["items"]]
        assert moments == sorted(moments, reverse=True)
        assert found == {
            "items": [
                {"id": str(bob), "username": None, "displayName": None},
                {"id": str(eve), "username": "eve", "displayName": "Eve"},
            ],
            "total": 2,
        }

    def test_at_most_50_are_told_and_all_are_counted(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        for number in range(52):
            other = insert(tables, "users", email=f"u{number}@example.com")
            insert(tables, "block_list", owner_id=ada, blocked_id=other)
        found = blocked(api, access)
        assert (len(found["items"]), found["total"]) == (50, 52)
