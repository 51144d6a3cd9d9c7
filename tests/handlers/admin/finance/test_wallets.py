"""Wallets, as staff sees them and acts on them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import PROVIDER
from tests.money import fan, freeze, load, post
from tests.staff import Hired, grant, member

REASON = "Ticket 4711."
STATEMENT = {
    "facts": "Twelve cards of different owners were charged within an hour.",
    "ground": "TERMS",
    "reference": "7.1",
    "explanation": "Wallets must be loaded with one's own means of payment.",
}


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    user_id = account(api, tables)
    load(api.server, user_id, 2500)
    return user_id


@pytest.fixture
def eve(api: Api, tables: Tables) -> UUID:
    user_id = account(api, tables, email="eve@example.com", username="eve")
    load(api.server, user_id, 100)
    return user_id


def listed(api: Api, caller: Hired, **params: Any) -> list[str]:
    response = api.call("admin.finance.wallets.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    return [item["userId"] for item in response.json()["data"]["items"]]


class TestList:
    def test_the_newest_come_first_and_are_walked(self, api: Api, finance: Hired, ada: UUID, eve: UUID) -> None:
        first = api.call("admin.finance.wallets.list", params={"limit": 1}, headers=finance.headers).json()["data"]
        params = {"limit": 1, "cursor": first["nextCursor"]}
        second = api.call("admin.finance.wallets.list", params=params, headers=finance.headers).json()["data"]
        assert [page["items"][0]["userId"] for page in (first, second)] == [str(eve), str(ada)]
        assert second["nextCursor"] is None

    def test_filters_are_combined(self, api: Api, finance: Hired, tables: Tables, ada: UUID, eve: UUID) -> None:
        freeze(tables, eve)
        assert listed(api, finance, frozen="true") == [str(eve)]
        assert listed(api, finance, frozen="false") == [str(ada)]
        assert listed(api, finance, userId=str(ada)) == [str(ada)]
        assert listed(api, finance, userId=str(ada), frozen="true") == []
        assert listed(api, finance, userId=str(uuid4())) == []

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_an_account_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.list", params={"userId": "ada"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")


class TestFind:
    def test_it_is_told_with_its_accounts(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        freeze(tables, ada, "DISPUTE")
        path = f"/admin/wallets/{fan(ada).id}"
        told = api.call("admin.finance.wallets.find", path=path, headers=finance.headers).json()["data"]
        wallet = told["wallet"]
        assert (wallet["balance"], wallet["lines"], wallet["frozenFor"]) == ("25.00", 1, "DISPUTE")
        assert [(each["code"], each["balance"], each["entries"]) for each in told["accounts"]] == [
            ("debt", "0.00", 0),
            ("fan", "25.00", 1),
            ("fan_promo", "0.00", 0),
        ]

    def test_of_one_that_is_none_nothing_is_told(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.find", path=f"/admin/wallets/{uuid4()}", headers=finance.headers)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


def act(api: Api, caller: Hired, what: str, wallet_id: UUID, **body: Any) -> httpx.Response:
    path = f"/admin/wallets/{wallet_id}/{what}"
    return api.call(f"admin.finance.wallets.{what}", {"reason": REASON} | body, path=path, headers=caller.headers)


def frozen_for(tables: Tables, user_id: UUID) -> Any:
    return tables.one("SELECT frozen_for FROM wallets WHERE user_id = %s", user_id)["frozen_for"]


def reasons(tables: Tables) -> set[str]:
    return {row["frozen_for"] for row in tables.rows("SELECT frozen_for FROM wallet_freezes")}


class TestFreeze:
    def freeze(self, api: Api, caller: Hired, user_id: UUID, why: str = "FRAUD") -> httpx.Response:
        return act(api, caller, "freeze", fan(user_id).id, frozenFor=why, statement=STATEMENT)

    def test_nothing_can_be_spent_and_the_owner_reads_why(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        assert self.freeze(api, finance, ada).json()["data"] == {"frozen": True}
        assert frozen_for(tables, ada) == "FRAUD"
        (entry,) = audited(tables, "admin.finance.wallets.freeze")
        assert (entry["target_id"], entry["reason"]) == (str(ada), REASON)
        api.server.work_off()
        (mail,) = api.mails("ada@example.com")
        assert STATEMENT["facts"] in mail["text"]

    def test_a_repetition_changes_nothing(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        for _ in range(2):
            assert self.freeze(api, finance, ada).json()["data"] == {"frozen": True}
        assert tables.count("statements_of_reasons") == 1
        assert len(audited(tables, "admin.finance.wallets.freeze")) == 1

    @pytest.mark.parametrize(("before", "shown"), [("DISPUTE", ["FRAUD", "DISPUTE"]), ("ADMIN", ["ADMIN", "FRAUD"])])
    def test_another_freeze_stays(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, before: str, shown: list[str]
    ) -> None:
        """A former release that ends a dispute must not end with it what staff says."""
        freeze(tables, ada, before)
        assert self.freeze(api, finance, ada).json()["data"] == {"frozen": True}
        assert (frozen_for(tables, ada), reasons(tables)) == (shown[0], {before, "FRAUD"})
        told = api.call("admin.finance.wallets.find", path=f"/admin/wallets/{fan(ada).id}", headers=finance.headers)
        wallet = told.json()["data"]["wallet"]
        assert [each["frozenFor"] for each in wallet["freezes"]] == shown
        assert (wallet["frozenFor"], wallet["frozenAt"]) == (shown[0], wallet["freezes"][0]["frozenAt"])

    def test_one_that_a_former_release_froze(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        """It wrote no row of the reason."""
        tables.run("UPDATE wallets SET frozen_for = 'DISPUTE', frozen_at = now()")
        (item,) = api.call("admin.finance.wallets.list", headers=finance.headers).json()["data"]["items"]
        assert [each["frozenFor"] for each in item["freezes"]] == ["DISPUTE"]
        self.freeze(api, finance, ada)
        assert (frozen_for(tables, ada), reasons(tables)) == ("FRAUD", {"DISPUTE", "FRAUD"})
        tables.run("UPDATE wallets SET frozen_for = NULL, frozen_at = NULL")
        (item,) = api.call("admin.finance.wallets.list", headers=finance.headers).json()["data"]["items"]
        assert item["freezes"] == []
        self.freeze(api, finance, ada, "ADMIN")
        assert (frozen_for(tables, ada), reasons(tables)) == ("ADMIN", {"ADMIN"})

    @pytest.mark.parametrize("why", ["DISPUTE", "CLOSING", "fraud"])
    def test_what_only_the_platform_sets_is_refused(self, api: Api, finance: Hired, ada: UUID, why: str) -> None:
        response = self.freeze(api, finance, ada, why)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = self.freeze(api, finance, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_that_of_staff_is_not_for_everybody(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        grant(server, ada, "SUPPORT")
        response = self.freeze(api, finance, ada)
        assert (response.status_code, code_of(response)) == (403, "admin.user.is_staff")

    def test_who_may_only_read_may_not(self, api: Api, server: Server, ada: UUID) -> None:
        response = self.freeze(api, member(server, "ADMIN"), ada)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestUnfreeze:
    def test_it_ends_with_its_statement(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        act(api, finance, "freeze", fan(ada).id, frozenFor="FRAUD", statement=STATEMENT)
        assert act(api, finance, "unfreeze", fan(ada).id).json()["data"] == {"frozen": False}
        assert frozen_for(tables, ada) is None
        assert tables.one("SELECT ended_as FROM statements_of_reasons") == {"ended_as": "LIFTED"}
        (entry,) = audited(tables, "admin.finance.wallets.unfreeze")
        assert (entry["before"]["frozenFor"], entry["reason"]) == ("FRAUD", REASON)

    def test_a_repetition_changes_nothing(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        freeze(tables, ada)
        for _ in range(2):
            assert act(api, finance, "unfreeze", fan(ada).id).json()["data"] == {"frozen": False}
        assert len(audited(tables, "admin.finance.wallets.unfreeze")) == 1

    def test_only_the_reason_that_is_named_ends(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        for why in ("FRAUD", "ADMIN"):
            act(api, finance, "freeze", fan(ada).id, frozenFor=why, statement=STATEMENT)
        freeze(tables, ada, "DISPUTE")
        response = act(api, finance, "unfreeze", fan(ada).id)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert act(api, finance, "unfreeze", fan(ada).id, frozenFor="FRAUD").json()["data"] == {"frozen": True}
        assert reasons(tables) == {"ADMIN", "DISPUTE"}
        lifted = "SELECT w.frozen_for FROM wallet_freezes w JOIN statements_of_reasons s ON s.id = w.statement_id"
        assert tables.rows(f"{lifted} WHERE s.lifted_at IS NULL") == [{"frozen_for": "ADMIN"}]
        assert tables.count("statements_of_reasons") == 2
        before = tables.fingerprints()
        assert act(api, finance, "unfreeze", fan(ada).id, frozenFor="FRAUD").json()["data"] == {"frozen": True}
        assert tables.changed_since(before) == set()
        assert act(api, finance, "unfreeze", fan(ada).id).json()["data"] == {"frozen": True}
        assert (reasons(tables), frozen_for(tables, ada)) == ({"DISPUTE"}, "DISPUTE")
        live = tables.one("SELECT count(*) AS n FROM statements_of_reasons WHERE lifted_at IS NULL")
        assert live["n"] == 0

    def test_statements_of_other_freezes_stay(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        """A freeze of before has no statement of its own."""
        act(api, finance, "freeze", fan(ada).id, frozenFor="ADMIN", statement=STATEMENT)
        act(api, finance, "freeze", fan(ada).id, frozenFor="FRAUD", statement=STATEMENT)
        tables.run("UPDATE wallet_freezes SET statement_id = NULL WHERE frozen_for = 'ADMIN'")
        assert act(api, finance, "unfreeze", fan(ada).id, frozenFor="ADMIN").json()["data"] == {"frozen": True}
        live = "SELECT id FROM statements_of_reasons WHERE lifted_at IS NULL"
        kept = tables.one("SELECT statement_id AS id FROM wallet_freezes")
        assert tables.rows(live) == [kept]

    @pytest.mark.parametrize("why", ["DISPUTE", "CLOSING"])
    def test_what_the_platform_has_frozen_stays(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, why: str
    ) -> None:
        freeze(tables, ada, why)
        response = act(api, finance, "unfreeze", fan(ada).id)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert frozen_for(tables, ada) == why

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = act(api, finance, "unfreeze", uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_that_of_staff_is_not_for_everybody(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        freeze(tables, ada)
        grant(server, ada, "SUPPORT")
        response = act(api, finance, "unfreeze", fan(ada).id)
        assert (response.status_code, code_of(response)) == (403, "admin.user.is_staff")

    def test_a_body_without_a_reason_is_refused(self, api: Api, finance: Hired, ada: UUID) -> None:
        response = act(api, finance, "unfreeze", fan(ada).id, reason="")
        assert (response.status_code, code_of(response)) == (400, "validation.failed")


class TestAdjust:
    def adjust(self, api: Api, caller: Hired, user_id: UUID, amount: str = "10", **body: Any) -> httpx.Response:
        asked = {"amount": amount, "account": "fan", "contra": "goodwill"} | body
        return act(api, caller, "adjust", fan(user_id).id, **asked)

    def test_it_waits_for_somebody_else(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        response = self.adjust(api, finance, ada, "-0.5")
        assert response.status_code == 202
        told = response.json()["data"]
        assert (told["amount"], told["status"], told["requestedBy"]) == ("-0.50", "PENDING", str(finance.id))
        assert (told["reason"], told["decidedBy"], told["decision"]) == (REASON, None, None)
        assert tables.count("ledger_transfers") == 1
        (entry,) = audited(tables, "admin.finance.wallets.adjust")
        assert (entry["target_id"], entry["after"]["amount"]) == (str(ada), -50)

    @pytest.mark.parametrize("amount", ["0", "0.00", "-0", "1.234", "1e3", "01", ".5", "5.", "\u0665", "+1", "9" * 8])
    def test_an_amount_that_is_none_is_refused(self, api: Api, finance: Hired, ada: UUID, amount: str) -> None:
        response = self.adjust(api, finance, ada, amount)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    @pytest.mark.parametrize("other", ["bank", "commission", "suspense", "escrow"])
    def test_the_other_side_is_goodwill_or_suspense(self, api: Api, finance: Hired, ada: UUID, other: str) -> None:
        response = self.adjust(api, finance, ada, contra=other)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    @pytest.mark.parametrize("asked", [{"account": "creator"}, {"contra": "suspense:sandbox"}])
    def test_accounts_that_are_not_there_are_refused(
        self, api: Api, finance: Hired, ada: UUID, asked: dict[str, str]
    ) -> None:
        response = self.adjust(api, finance, ada, **asked)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_nobody_asks_for_the_own_wallet(self, api: Api, finance: Hired) -> None:
        load(api.server, finance.id)
        response = self.adjust(api, finance, finance.id)
        assert (response.status_code, code_of(response)) == (403, "admin.adjustment.own")

    def test_a_closed_wallet_is_left_alone(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        tables.run("UPDATE wallets SET closed_at = now()")
        response = self.adjust(api, finance, ada)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")

    def test_money_that_fits_nothing_may_be_given(self, api: Api, finance: Hired, ada: UUID) -> None:
        post(api.server, flows.strayed(PROVIDER, "pi_1", 500))
        assert self.adjust(api, finance, ada, "5", contra=f"suspense:{PROVIDER}").status_code == 202
