"""Referral links: one for each account, its code, and what is counted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.content import CANONICAL_BASE_URL
from tests.handlers.conftest import Clients
from tests.handlers.creators.test_visits import BROWSER
from tests.handlers.support import account, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.money import assert_books_agree, balance, begin, do

OFF = {"kill_switch.REFERRAL": True}
START = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, username="ada", referral_code="ADASCODE")


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


def link(api: Api, headers: dict[str, str]) -> httpx.Response:
    return api.call("referral.link", headers=headers)


def code(api: Api, headers: dict[str, str]) -> str:
    response = link(api, headers)
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["code"])


def click(api: Api, code: str, **headers: str) -> None:
    response = api.call("referral.click", path=f"/referral/click/{code}", headers=BROWSER | headers)
    assert (response.status_code, response.json()["data"]) == (200, {"tracked": True})


def clicks(tables: Tables) -> int:
    return int(tables.one("SELECT sum(clicks) AS clicks FROM referral_links")["clicks"])


def rewarded(tables: Tables, user_id: UUID, number: int, **columns: Any) -> None:
    """For the first load of somebody."""
    referee = insert(tables, "users", email=f"r{number}@example.com", referral_code=f"R{number}")
    wallet = insert(tables, "wallets", user_id=referee, type="FAN", currency="USD")
    paid = {"status": "PAID", "provider": "sandbox", "return_url": "", "expires_at": START, "paid_at": START}
    payment = insert(tables, "payments", wallet_id=wallet, amount=500, currency="USD", **paid)
    row = {"trigger_type": "FIRST_PAYMENT", "amount": "12.5", "state": "PAID", "held_until": START, "paid_at": START}
    of = {"user_id": user_id, "referee_id": referee, "payment_id": payment}
    insert(tables, "referral_rewards", **of, **row | columns)


@contextmanager
def each_taken(tables: Tables, code: str) -> Iterator[None]:
    """Every new link gets this code, unseen by the code: only the constraint can object."""
    body = f"BEGIN NEW.code := '{code}'; RETURN NEW; END"
    tables.run(f"CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    tables.run("CREATE TRIGGER taken BEFORE INSERT ON referral_links FOR EACH ROW EXECUTE FUNCTION taken()")
    try:
        yield
    finally:
        tables.run("DROP FUNCTION taken() CASCADE")


class TestLink:
    def test_the_username_is_the_code(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{CANONICAL_BASE_URL.name: "https://example.com/"})
        assert link(api, headers).json()["data"] == {"code": "ada", "link": "example.com/ref/ada"}

    def test_the_second_call_makes_no_other(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        first = code(api, headers)
        before = tables.fingerprints()
        assert code(api, headers) == first
        assert tables.changed_since(before) == set()

    def test_who_has_no_name_gets_eight_characters(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        made = code(api, bearer(api.sign_in()))
        assert (len(made), int(made, 16) >= 0) == (8, True)

    @pytest.mark.parametrize("kind", ["own", "link", "alias"])
    def test_a_code_that_leads_elsewhere_is_not_taken(
        self, api: Api, headers: dict[str, str], tables: Tables, kind: str
    ) -> None:
        eve = insert(tables, "users", email="eve@example.com", referral_code="ada" if kind == "own" else "EVESCODE")
        other = insert(tables, "referral_links", user_id=eve, code="ada" if kind == "link" else "eve")
        if kind == "alias":
            insert(tables, "referral_link_aliases", link_id=other, code="ada")
        made = code(api, headers)
        assert len(made) == 8
        assert code(api, headers) == made

    def test_after_three_codes_of_others_the_caller_may_try_again(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        insert(tables, "referral_links", user_id=insert(tables, "users", email="eve@example.com"), code="eve")
        before = tables.fingerprints()
        with each_taken(tables, "eve"):
            response = link(api, headers)
        assert (response.status_code, code_of(response)) == (400, "referral.link.code_collision")
        assert tables.changed_since(before) == set()
        assert code(api, headers) == "ada"

    def test_fifty_at_once_get_one(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, clients: Clients
    ) -> None:
        callers = [clients(server) for _ in range(10)]
        with ThreadPoolExecutor(10) as pool:
            codes = list(pool.map(lambda number: code(callers[number % 10], headers), range(50)))
        assert (set(codes), tables.count("referral_links")) == ({"ada"}, 1)

    def test_another_name_is_the_code_and_the_former_one_still_leads_here(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        code(api, headers)
        assert api.call("users.usernames.change", {"username": "countess"}, headers=headers).status_code == 200
        assert code(api, headers) == "countess"
        for each in ("ada", "countess"):
            click(api, each)
        assert clicks(tables) == 2

    def test_a_new_link_has_the_figures_of_before(
        self, api: Api, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        """The account's own code leads here, too, and is older than the link."""
        for number in range(2):
            rewarded(tables, user_id, number)
        rewarded(tables, user_id, 3, state="HELD", paid_at=None)
        code(api, headers)
        row = tables.one("SELECT conversions, total_earnings FROM referral_links")
        assert (row["conversions"], str(row["total_earnings"])) == (2, "25.00")

    def test_an_account_that_is_gone_is_not_found(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = link(api, headers)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_the_switch_stops_it(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        server.configure(**OFF)
        response = link(api, headers)
        assert (response.status_code, code_of(response)) == (503, "features.referral_disabled")
        assert tables.count("referral_links") == 0


class TestDashboard:
    def dashboard(self, api: Api, headers: dict[str, str]) -> dict[str, Any]:
        response = api.call("referral.dashboard", headers=headers)
        assert response.status_code == 200, response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    def test_without_a_link_there_is_nothing(self, api: Api, headers: dict[str, str]) -> None:
        assert self.dashboard(api, headers) == {"link": None, "rewards": [], "totalEarnings": "0"}

    def test_the_figures_are_those_of_the_link(
        self, api: Api, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        figures = {"clicks": 120, "signups": 7, "conversions": 2, "active": True}
        link_id = insert(tables, "referral_links", user_id=user_id, code="ada", total_earnings="25", **figures)
        told = self.dashboard(api, headers)
        assert told["link"] == figures | {"id": str(link_id), "code": "ada", "totalEarnings": "25.00"}
        assert told["totalEarnings"] == "25.00"

    def test_rewards_are_the_callers_newest_that_stand(
        self, api: Api, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        eve = insert(tables, "users", email="eve@example.com")
        for number in range(52):
            rewarded(tables, user_id, number, created_at=START + timedelta(days=number))
        rewarded(tables, user_id, 60, state="HELD", paid_at=None)
        rewarded(tables, user_id, 61, state="VOID", why="SAME_DEVICE", paid_at=None, ended_at=START)
        rewarded(tables, user_id, 62, state="CLAWED_BACK", clawed_back=True, ended_at=START)
        rewarded(tables, eve, 63)
        told = self.dashboard(api, headers)["rewards"]
        days = [datetime.fromisoformat(each["createdAt"]) for each in told]
        assert days == [START + timedelta(days=number) for number in range(51, 1, -1)]
        assert {(each["triggerType"], each["amount"], each["clawedBack"]) for each in told} == {
            ("FIRST_PAYMENT", "12.50", False)
        }

    def test_the_switch_stops_it(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**OFF)
        response = api.call("referral.dashboard", headers=headers)
        assert (response.status_code, code_of(response)) == (503, "features.referral_disabled")


class TestClick:
    @pytest.fixture
    def link_id(self, user_id: UUID, tables: Tables) -> UUID:
        return insert(tables, "referral_links", user_id=user_id, code="ada")

    @pytest.mark.parametrize("code", ["ADASCODE", "ada", "former"])
    def test_each_code_of_the_account_counts(self, api: Api, link_id: UUID, tables: Tables, code: str) -> None:
        insert(tables, "referral_link_aliases", link_id=link_id, code="former")
        click(api, code)
        assert clicks(tables) == 1

    @pytest.mark.parametrize("code", ["nobodys", "ADA", "%C3%A9", "x" * 100])
    def test_an_unknown_code_is_answered_alike(self, api: Api, link_id: UUID, tables: Tables, code: str) -> None:
        before = tables.fingerprints()
        click(api, code)
        assert tables.changed_since(before) == set()

    def test_a_code_has_100_characters_at_most(self, api: Api) -> None:
        response = api.call("referral.click", path=f"/referral/click/{'x' * 101}", headers=BROWSER)
        assert broken_rules(response) == {("code", "maxLength")}

    def test_the_owner_and_programs_do_not_count(
        self, api: Api, link_id: UUID, headers: dict[str, str], tables: Tables
    ) -> None:
        click(api, "ada", **headers)
        click(api, "ada", **{"User-Agent": "Googlebot/2.1"})
        assert clicks(tables) == 0
        account(api, tables, "eve@example.com")
        click(api, "ada", **bearer(api.sign_in("eve@example.com")))
        assert clicks(tables) == 1

    def test_a_link_that_is_not_active_counts_nothing(self, api: Api, link_id: UUID, tables: Tables) -> None:
        tables.run("UPDATE referral_links SET active = false")
        click(api, "ada")
        assert clicks(tables) == 0

    def test_five_hundred_on_two_nodes_are_five_hundred(
        self,
        server: Server,
        start_server: Callable[..., Server],
        link_id: UUID,
        user_id: UUID,
        tables: Tables,
        clients: Clients,
    ) -> None:
        insert(tables, "referral_link_aliases", link_id=link_id, code="former")
        eve = insert(tables, "users", email="eve@example.com", referral_code="EVESCODE")
        insert(tables, "referral_links", user_id=eve, code="eve")
        for node in (server, other := start_server(server.database_url)):
            node.configure(**{"ratelimit.enabled": False})
        callers = [clients(node) for node in (server, other) for _ in range(8)]
        codes = ("ada", "former", "ADASCODE", "eve", "EVESCODE")
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: click(callers[n % 16], codes[n % 5]), range(500)))
        counted = tables.rows("SELECT code, clicks FROM referral_links ORDER BY code")
        assert [(row["code"], row["clicks"]) for row in counted] == [("ada", 300), ("eve", 200)]

    def test_the_switch_stops_it(self, api: Api, server: Server, link_id: UUID, tables: Tables) -> None:
        server.configure(**OFF)
        response = api.call("referral.click", path="/referral/click/ada", headers=BROWSER)
        assert (response.status_code, code_of(response)) == (503, "features.referral_disabled")
        assert clicks(tables) == 0


class TestRewards:
    """From the code to the reward, with nothing but calls, buttons, and time that passes."""

    @pytest.fixture
    def eve(self, api: Api, user_id: UUID, tables: Tables) -> dict[str, str]:
        """She registered with the code."""
        code(api, bearer(api.sign_in()))
        eve = account(api, tables, "eve@example.com", created_at=START)
        tables.run("UPDATE users SET referred_by = %s WHERE id = %s", user_id, eve)
        found = bearer(api.sign_in("eve@example.com"))
        tables.run("DELETE FROM known_devices")  # all that tests sign in from is one place
        return found

    def passed(self, server: Server, tables: Tables) -> None:
        """Two weeks."""
        tables.run("UPDATE referral_rewards SET held_until = now(), due_at = now()")
        server.let_time_come("money.settle_rewards")

    def test_the_first_load_earns_one_which_a_refund_takes_back(
        self, api: Api, server: Server, headers: dict[str, str], eve: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, eve)
        do(api, session, "pay")
        assert balance(api, headers) == "0.00"
        self.passed(server, tables)
        assert balance(api, headers) == "5.00"
        told = api.call("referral.dashboard", headers=headers).json()["data"]
        assert [(reward["triggerType"], reward["amount"]) for reward in told["rewards"]] == [("FIRST_PAYMENT", "5.00")]
        assert (told["link"]["conversions"], told["link"]["totalEarnings"]) == (1, "5.00")
        assert told["totalEarnings"] == "5.00"
        server.work_off()
        assert [mail["subject"] for mail in api.mails("ada@example.com") if "5.00 USD" in mail["text"]] == [
            "You received a referral reward"
        ]
        do(api, session, "refund")
        server.let_time_come("money.settle_rewards")
        assert balance(api, headers) == "0.00"
        told = api.call("referral.dashboard", headers=headers).json()["data"]
        assert (told["rewards"], told["link"]["conversions"], told["totalEarnings"]) == ([], 0, "0.00")
        assert_books_agree(tables)


class TestSignups:
    @pytest.mark.parametrize("code", ["ADASCODE", "ada", "former"])
    def test_a_registration_counts(self, api: Api, user_id: UUID, tables: Tables, code: str) -> None:
        link_id = insert(tables, "referral_links", user_id=user_id, code="ada")
        insert(tables, "referral_link_aliases", link_id=link_id, code="former")
        assert api.register("bob@example.com", referralCode=code).status_code == 201
        assert tables.one("SELECT signups FROM referral_links")["signups"] == 1

    def test_a_registration_that_fails_does_not(self, api: Api, user_id: UUID, tables: Tables) -> None:
        insert(tables, "referral_links", user_id=user_id, code="ada")
        assert api.register("ada@example.com", referralCode="ada").status_code == 409
        assert api.register("bob@example.com", referralCode="nobodys").status_code == 201
        assert tables.one("SELECT signups FROM referral_links")["signups"] == 0

    def test_without_a_link_nothing_is_counted(self, api: Api, user_id: UUID, tables: Tables) -> None:
        assert api.register("bob@example.com", referralCode="ADASCODE").status_code == 201
        assert tables.count("referral_links") == 0
