"""Disputes of payments, as staff sees them."""

from datetime import UTC, datetime, timedelta

from tests.handlers.admin.pages import walked
from tests.handlers.support import account
from tests.harness import Api, Tables, bearer, code_of
from tests.money import begin, do
from tests.staff import Hired


class TestList:
    def test_those_that_are_open_first(self, api: Api, finance: Hired, tables: Tables) -> None:
        account(api, tables, created_at=datetime.now(UTC) - timedelta(days=30))
        headers, ids = bearer(api.sign_in()), []
        for actions in (["charge_back"], ["charge_back", "lose"], ["charge_back"], ["charge_back", "win"]):
            tables.run("UPDATE wallets SET frozen_at = NULL, frozen_for = NULL")
            session = begin(api, headers)
            ids.append(session["sessionId"])
            do(api, session, "pay", *actions)
        listed = "admin.finance.disputes.list"
        found = api.call(listed, headers=finance.headers).json()["data"]["items"]
        assert walked(api, listed, finance) == [row["id"] for row in found]
        assert [row["paymentId"] for row in found] == [ids[2], ids[0], ids[3], ids[1]]
        assert [row["returnedAt"] is not None for row in found] == [False, False, True, False]

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.disputes.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")
