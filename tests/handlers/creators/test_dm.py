"""How creators take messages: prices to the cent, the one package, and the social links that give way."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.creators import Creator, creator, link, signed_in
from tests.handlers.support import change
from tests.harness import Api, Server, Tables, broken_rules, code_of

NOBODYS = "00000000-0000-4000-8000-000000000000"
PAID = {"dmType": "SINGLE_PAY", "dmPrice": 4.99, "dmActive": True}


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def find(api: Api, headers: dict[str, str], creator_id: Any) -> httpx.Response:
    return api.call("creators.dm.find", path=f"/creators/{creator_id}/dm-config", headers=headers)


def shown(api: Api, headers: dict[str, str], one: Creator) -> tuple[Any, Any, Any]:
    response = find(api, headers, one.creator_id)
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    return data["dmType"], data["dmPrice"], data["dmActive"]


def update(api: Api, headers: dict[str, str], creator_id: Any, **body: Any) -> httpx.Response:
    return api.call("creators.dm.update", body, path=f"/creators/{creator_id}/dm-config", headers=headers)


def raw(api: Api, headers: dict[str, str], one: Creator, price: str) -> httpx.Response:
    """With a price that no encoder of Python would write so."""
    body = f'{{"dmType": "SINGLE_PAY", "dmPrice": {price}}}'.encode()
    path, told = f"/creators/{one.creator_id}/dm-config", {"Content-Type": "application/json"}
    return api.call("creators.dm.update", path=path, headers=headers | told, content=body)


def packages(tables: Tables) -> list[tuple[Any, Any, Any]]:
    rows = tables.rows("SELECT dm_type, price, active FROM dm_packages ORDER BY dm_type")
    return [(row["dm_type"], row["price"], row["active"]) for row in rows]


def visible(tables: Tables, link_id: UUID) -> tuple[bool, bool]:
    row = tables.one("SELECT active, paused_by_dm FROM bio_links WHERE id = %s", link_id)
    return row["active"], row["paused_by_dm"]


def version(tables: Tables, one: Creator) -> int:
    return int(tables.one("SELECT version FROM bio_pages WHERE id = %s", one.page_id)["version"])


class TestFind:
    def test_nothing_is_set_at_first(self, api: Api, headers: dict[str, str], ada: Creator) -> None:
        assert shown(api, headers, ada) == (None, None, False)

    def test_amounts_are_decimals_and_a_vacation_changes_nothing(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        told = {"dm_type": "PER_MESSAGE", "dm_price": Decimal("12.5"), "dm_active": True}
        change(tables, "creator_profiles", ada.creator_id, vacation_mode=True, **told)
        assert shown(api, headers, ada) == ("PER_MESSAGE", "12.50", True)

    def test_nobody_sees_those_of_others_or_of_nobody(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        for creator_id in (eve.creator_id, NOBODYS):
            response = find(api, headers, creator_id)
            assert (response.status_code, code_of(response)) == (403, "creator.dm.not_owner")

    def test_without_a_page_there_are_none(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        tables.run("DELETE FROM bio_pages")
        response = find(api, headers, ada.creator_id)
        assert (response.status_code, code_of(response)) == (404, "creator.dm.not_found")

    def test_what_is_no_id_is_told(self, api: Api, headers: dict[str, str]) -> None:
        assert broken_rules(find(api, headers, "ada")) == {("creatorId", "format")}


class TestUpdate:
    def test_paid_messages_are_on_and_the_page_is_another(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        response = update(api, headers, ada.creator_id, **PAID)
        assert (response.status_code, response.json()["data"]) == (200, None)
        assert shown(api, headers, ada) == ("SINGLE_PAY", "4.99", True)
        assert packages(tables) == [("SINGLE_PAY", Decimal("4.99"), True)]
        assert version(tables, ada) == 2

    def test_free_messages_cost_nothing_whatever_was_sent(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, **PAID)
        assert update(api, headers, ada.creator_id, dmType="FREE", dmPrice=3000).status_code == 200
        assert shown(api, headers, ada) == ("FREE", None, True)
        assert packages(tables) == [("FREE", None, True), ("SINGLE_PAY", Decimal("4.99"), False)]

    def test_another_price_is_the_price_of_the_same_package(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, **PAID)
        first = tables.one("SELECT id, created_at FROM dm_packages")
        update(api, headers, ada.creator_id, **(PAID | {"dmPrice": 7}))
        assert packages(tables) == [("SINGLE_PAY", Decimal("7.00"), True)]
        assert tables.one("SELECT id, created_at FROM dm_packages") == first

    def test_whether_they_are_on_stays_as_it_was(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        for active in (False, True):
            change(tables, "creator_profiles", ada.creator_id, dm_active=active)
            update(api, headers, ada.creator_id, dmType="PER_MESSAGE", dmPrice=2)
            assert shown(api, headers, ada) == ("PER_MESSAGE", "2.00", active)

    def test_while_they_are_off_the_price_stays_or_goes(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        update(api, headers, ada.creator_id, **PAID)
        update(api, headers, ada.creator_id, dmType="PER_MESSAGE", dmActive=False)
        assert shown(api, headers, ada) == ("PER_MESSAGE", "4.99", False)
        assert packages(tables) == [("SINGLE_PAY", Decimal("4.99"), False)]
        update(api, headers, ada.creator_id, dmType="PER_MESSAGE", dmPrice=None)
        assert shown(api, headers, ada) == ("PER_MESSAGE", None, False)

    @pytest.mark.parametrize("price", [{}, {"dmPrice": None}], ids=["left out", "null"])
    def test_paid_messages_need_a_price_while_they_are_on(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables, price: dict[str, Any]
    ) -> None:
        update(api, headers, ada.creator_id, **PAID)
        before = tables.fingerprints()
        response = update(api, headers, ada.creator_id, dmType="PER_MESSAGE", **price)
        assert (response.status_code, code_of(response)) == (400, "creator.dm.price_required")
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize("price", [0, 0.99, 500.01, 5000])
    def test_a_price_lies_within_bounds_that_an_admin_sets(
        self, api: Api, server: Server, headers: dict[str, str], ada: Creator, price: float
    ) -> None:
        response = update(api, headers, ada.creator_id, dmType="SINGLE_PAY", dmPrice=price)
        assert (response.status_code, code_of(response)) == (400, "creator.dm.price_out_of_range")
        assert response.json()["error"]["i18nVars"] == {"min": "1.00", "max": "500.00"}
        server.configure(**{"dm.min_price": "0.00", "dm.max_price": 5000})
        assert update(api, headers, ada.creator_id, dmType="SINGLE_PAY", dmPrice=price).status_code == 200

    @pytest.mark.parametrize("price", ["1", "1.00", "500", "500.0", "0.07e2", "57e-1", "19.990"])
    def test_a_price_is_exact_however_it_is_written(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables, price: str
    ) -> None:
        assert raw(api, headers, ada, price).status_code == 200
        assert tables.one("SELECT dm_price FROM creator_profiles")["dm_price"] == Decimal(price)

    @pytest.mark.parametrize(
        ("price", "rule"),
        [
            ("4.999", "multipleOf"),
            ("4.990000000000000000000000000001", "multipleOf"),
            ("1e-999999999", "multipleOf"),
            ("5000.01", "maximum"),
            ("-0.01", "minimum"),
            ('"4.99"', "type"),
            ("true", "type"),
        ],
    )
    def test_what_is_no_price_is_told(
        self, api: Api, headers: dict[str, str], ada: Creator, price: str, rule: str
    ) -> None:
        assert ("dmPrice", rule) in broken_rules(raw(api, headers, ada, price))

    @pytest.mark.parametrize("price", ["1e999999999", "9" * 5000])
    def test_what_no_machine_reads_is_refused(
        self, api: Api, headers: dict[str, str], ada: Creator, price: str
    ) -> None:
        assert raw(api, headers, ada, price).status_code == 400

    def test_a_type_must_be_said(self, api: Api, headers: dict[str, str], ada: Creator) -> None:
        assert broken_rules(update(api, headers, ada.creator_id)) == {("dmType", "required")}
        assert broken_rules(update(api, headers, ada.creator_id, dmType="GIFT")) == {("dmType", "enum")}

    def test_a_repetition_is_the_same_however_the_price_is_written(
        self, api: Api, headers: dict[str, str], ada: Creator
    ) -> None:
        key = headers | {"Idempotency-Key": "once"}
        assert raw(api, key, ada, "4.5").status_code == 200
        again = raw(api, key, ada, "4.50")
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
        assert code_of(raw(api, key, ada, "4.51")) == "idempotency.key_reused"

    def test_social_links_give_way_and_come_back_alone(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        social = link(tables, ada.page_id, is_social=True)
        hidden = link(tables, ada.page_id, is_social=True, active=False)
        shop = link(tables, ada.page_id)
        others = link(tables, eve.page_id, is_social=True)
        assert update(api, headers, ada.creator_id, **PAID).status_code == 200
        assert [visible(tables, each) for each in (social, hidden, shop, others)] == [
            (False, True), (False, False), (True, False), (True, False),
        ]  # fmt: skip
        update(api, headers, ada.creator_id, **(PAID | {"dmPrice": 5}))
        assert visible(tables, social) == (False, True)
        update(api, headers, ada.creator_id, dmType="SINGLE_PAY", dmActive=False)
        assert [visible(tables, each) for each in (social, hidden, shop, others)] == [
            (True, False), (False, False), (True, False), (True, False),
        ]  # fmt: skip
        assert version(tables, ada) == 4

    def test_nobody_sets_those_of_others(self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        for creator_id in (eve.creator_id, NOBODYS):
            response = update(api, headers, creator_id, **PAID)
            assert (response.status_code, code_of(response)) == (403, "creator.dm.not_owner")
        assert packages(tables) == []

    def test_without_a_page_there_is_nothing_to_set(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        tables.run("DELETE FROM bio_pages")
        response = update(api, headers, ada.creator_id, **PAID)
        assert (response.status_code, code_of(response)) == (404, "creator.dm.not_found")
        assert packages(tables) == []

    def test_another_node_sees_it_at_once(
        self, server: Server, start_server: Callable[..., Server], api: Api, headers: dict[str, str], ada: Creator
    ) -> None:
        with start_server(server.database_url).client() as other:
            for price in (3, 4, 5):
                update(api, headers, ada.creator_id, **(PAID | {"dmPrice": price}))
                assert shown(other, headers, ada) == ("SINGLE_PAY", f"{price}.00", True)
