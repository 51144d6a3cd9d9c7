"""Accounts that are shut out: until when, and beside whatever else the person does at that moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from domain.errors import ApiError
from tests.handlers.auth.test_oauth import linked, opened, told
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.conftest import Clients
from tests.handlers.support import account, topics
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of
from tests.restrictions import decided, excluded, lift, restrict, use

ROUNDS = 8


def login(api: Api) -> Any:
    return api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})


def status(tables: Tables) -> str:
    return str(tables.one("SELECT status FROM users")["status"])


def ended(tables: Tables) -> list[str | None]:
    return [row["ended_as"] for row in tables.rows("SELECT ended_as FROM statements_of_reasons")]


def beside(*acts: Callable[[], Any]) -> list[Any]:
    """All at the same time; what each returned or raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except ApiError as refused:
            return refused.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class TestTheEnd:
    def test_a_sign_in_after_it_succeeds_at_once(self, api: Api, tables: Tables) -> None:
        excluded(tables, account(api, tables), datetime.now(UTC) - timedelta(seconds=1))
        assert login(api).status_code == 200
        assert (status(tables), ended(tables)) == ("ACTIVE", ["EXPIRED"])
        assert "email.restriction_ended" in topics(tables)

    def test_one_before_it_is_refused(self, api: Api, tables: Tables) -> None:
        excluded(tables, account(api, tables), datetime.now(UTC) + timedelta(minutes=5))
        assert code_of(login(api)) == "auth.login.account_suspended"
        assert (status(tables), ended(tables)) == ("SUSPENDED", [None])

    def test_the_second_factor_is_asked_for_as_ever(self, api: Api, tables: Tables) -> None:
        factor = Factor(api, tables).enable()
        excluded(tables, tables.one("SELECT id FROM users")["id"], datetime.now(UTC))
        assert factor.finish(factor.start_sign_in(), factor.code()).status_code == 200

    def test_a_platform_signs_in_too(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        linked(tables, user_id)
        excluded(tables, user_id, datetime.now(UTC))
        with opened(api.server) as platform:
            assert api.call("auth.oauth.login", told(platform)).status_code == 200
        assert status(tables) == "ACTIVE"

    def test_it_comes_without_a_sign_in(self, api: Api, server: Server, tables: Tables) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com")
        excluded(tables, ada, datetime.now(UTC))
        excluded(tables, eve, datetime.now(UTC) + timedelta(minutes=5))
        server.let_time_come("trust.lift_due")
        rows = tables.rows("SELECT id, status FROM users")
        assert {row["id"]: row["status"] for row in rows} == {ada: "ACTIVE", eve: "SUSPENDED"}
        assert [mail["subject"] for mail in api.mails("ada@example.com")] == ["A restriction has ended"]
        assert api.mails("eve@example.com") == []


@pytest.mark.parametrize("round_", range(ROUNDS))
class TestRaces:
    def test_an_exclusion_beside_a_sign_in_and_a_refresh_leaves_no_live_session(
        self, api: Api, server: Server, tables: Tables, clients: Clients, round_: int
    ) -> None:
        ada = account(api, tables)
        headers = bearer(api.sign_in())
        other = clients(server)
        beside(
            lambda: login(other),
            lambda: api.call("auth.refresh"),
            lambda: restrict(server, "ACCOUNT_BANNED", ada),
        )
        assert status(tables) == "BANNED"
        assert tables.rows("SELECT 1 FROM sessions WHERE revoked_at IS NULL") == []
        assert api.call("auth.me", headers=headers).status_code == 401

    def test_of_two_exclusions_one_is_live(self, api: Api, server: Server, tables: Tables, round_: int) -> None:
        ada = account(api, tables)
        answers = beside(*[lambda: restrict(server, "ACCOUNT_BANNED", ada)] * 2)
        assert answers.count("admin.transition_invalid") == 1
        assert tables.count("statements_of_reasons") == 1
        assert topics(tables).count("email.statement_of_reasons") == 1

    def test_an_exclusion_beside_an_appeal_is_known_to_it_or_not_yet_there(
        self, api: Api, server: Server, tables: Tables, round_: int
    ) -> None:
        ada = account(api, tables)
        headers = bearer(api.sign_in())
        appeal = {"type": "ban", "reason": "It was not me."}
        made, answer = beside(
            lambda: restrict(server, "ACCOUNT_BANNED", ada),
            lambda: api.call("users.appeals.submit", appeal, headers=headers),
        )
        assert answer.status_code in (201, 401)
        for row in tables.rows("SELECT statement_id FROM appeals"):
            assert row["statement_id"] in (None, made.id)

    def test_it_ends_once_by_its_time_or_by_hand(
        self, api: Api, server: Server, tables: Tables, clients: Clients, round_: int
    ) -> None:
        statement = excluded(tables, account(api, tables), datetime.now(UTC))
        other = clients(server)
        beside(lambda: lift(server, statement), lambda: login(other), lambda: server.let_time_come("trust.lift_due"))
        assert status(tables) == "ACTIVE"
        assert ended(tables)[0] in ("EXPIRED", "LIFTED")
        assert len([mail for mail in api.mails("ada@example.com") if mail["subject"] == "A restriction has ended"]) == 1

    def test_an_exclusion_beside_the_end_of_the_former_stays(
        self, api: Api, server: Server, tables: Tables, round_: int
    ) -> None:
        ada = account(api, tables)
        former = excluded(tables, ada)
        beside(lambda: lift(server, former), lambda: restrict(server, "ACCOUNT_BANNED", ada))
        assert status(tables) == "BANNED"
        live = tables.rows("SELECT before FROM statements_of_reasons WHERE lifted_at IS NULL")
        assert live == [{"before": {"status": "ACTIVE"}}]


def test_who_is_shut_out_by_a_decision_of_a_case_has_it_named(api: Api, server: Server, tables: Tables) -> None:
    ada = account(api, tables)
    case = use(server, lambda db: db.statements.add(decided("SERVICE_SUSPENDED", ada, case_id=ada)))
    assert tables.one("SELECT case_id FROM statements_of_reasons WHERE id = %s", case.id) == {"case_id": ada}
