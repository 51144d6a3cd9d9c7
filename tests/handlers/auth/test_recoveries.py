"""The links that owners and new addresses are sent when support is asked to recover an account."""

from uuid import uuid4

import pytest

from tests.handlers.admin.test_recoveries import (
    ADA,
    CONFIRM,
    ELSEWHERE,
    FACTOR,
    confirm,
    move,
    reset,
    settle,
    states,
    stop,
    stop_token,
    token_of,
    user,
)
from tests.handlers.support import account, audited, topics
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member

NOBODYS = (str(uuid4()), "nonsense")


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


class TestStop:
    @pytest.mark.parametrize("token", NOBODYS)
    def test_a_token_that_never_was(self, api: Api, tables: Tables, token: str) -> None:
        before = tables.fingerprints()
        refused = stop(api, token)
        assert (refused.status_code, code_of(refused)) == (400, "auth.recovery.invalid_token")
        assert tables.changed_since(before) == set()

    def test_ends_it_for_good(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, **FACTOR)
        reset(api, admin, user_id)
        assert stop(api, stop_token(api)).status_code == 200
        settle(server, tables)
        assert (states(tables), user(tables, user_id)["two_factor_enabled"]) == (["STOPPED"], True)
        (entry,) = audited(tables, "auth.recovery.stopped")
        assert (entry["actor_id"], entry["target_id"]) == (None, str(user_id))

    def test_works_although_its_time_has_come(self, api: Api, tables: Tables, admin: Hired) -> None:
        reset(api, admin, account(api, tables, **FACTOR))
        tables.run("UPDATE recovery_requests SET effective_at = now() - interval '1 hour'")
        assert stop(api, stop_token(api)).status_code == 200

    def test_twice_is_once(self, api: Api, tables: Tables, admin: Hired) -> None:
        reset(api, admin, account(api, tables, **FACTOR))
        token = stop_token(api)
        stop(api, token)
        api.mails(ADA)
        before = tables.fingerprints()
        assert stop(api, token).status_code == 200
        assert tables.changed_since(before) == set()

    def test_nothing_is_stopped_any_more(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        reset(api, admin, account(api, tables, **FACTOR))
        token = stop_token(api)
        settle(server, tables)
        assert code_of(stop(api, token)) == "auth.recovery.invalid_token"
        assert states(tables) == ["DONE"]

    def test_the_link_to_the_new_address_stops_nothing(self, api: Api, tables: Tables, admin: Hired) -> None:
        move(api, admin, account(api, tables))
        assert code_of(stop(api, token_of(api.mails(ELSEWHERE)[0], CONFIRM))) == "auth.recovery.invalid_token"


class TestConfirm:
    @pytest.mark.parametrize("token", NOBODYS)
    def test_a_token_that_never_was(self, api: Api, token: str) -> None:
        refused = api.call("auth.recoveries.confirm", {"token": token})
        assert (refused.status_code, code_of(refused)) == (400, "auth.recovery.invalid_token")

    def test_proves_the_address_and_nothing_else(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        move(api, admin, user_id)
        api.mails(ADA)
        answer, left = confirm(api), topics(tables)
        assert (answer.status_code, answer.json()["data"]) == (200, None)
        assert tables.one("SELECT proven_at FROM recovery_requests")["proven_at"] is not None
        assert user(tables, user_id)["email"] == ADA
        assert topics(tables) == left

    def test_twice_is_once(self, api: Api, tables: Tables, admin: Hired) -> None:
        move(api, admin, account(api, tables))
        confirm(api)
        before = tables.fingerprints()
        assert confirm(api).status_code == 200
        assert tables.changed_since(before) == set()

    def test_not_with_the_link_that_stops(self, api: Api, tables: Tables, admin: Hired) -> None:
        move(api, admin, account(api, tables))
        refused = api.call("auth.recoveries.confirm", {"token": stop_token(api)})
        assert code_of(refused) == "auth.recovery.invalid_token"

    def test_not_what_was_stopped(self, api: Api, tables: Tables, admin: Hired) -> None:
        move(api, admin, account(api, tables))
        stop(api, stop_token(api))
        assert code_of(confirm(api)) == "auth.recovery.invalid_token"
