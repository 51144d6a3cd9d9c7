"""The account at a payout provider that a creator is paid out to: opened there, and as it is there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from domain.clock import utc_now
from providers.payout.sandbox import ACCOUNT_PAGE
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.payout_vendor import payout_of
from tests.payouts import SIGN_IN_PAGE, at_paypal, connected, enabled, faulty, press, verified
from tests.providers.payout_vendors import PayPalWorld

ACCOUNTS = "SELECT * FROM payout_accounts ORDER BY created_at, id"
PROFILE = "SELECT * FROM creator_profiles"
INITIATE, LINK, STATUS, DASHBOARD, COMPLETE = (
    f"creators.payout_account.{verb}" for verb in ("initiate", "refresh_link", "status", "dashboard_link", "complete")
)
PAYER, OTHER = "QYR5Z8XDVJNXQ", "AAAA5Z8XDVJNX"
NOTHING = {
    "payoutAccountId": None,
    "payoutAccountStatus": "NOT_STARTED",
    "chargesEnabled": False,
    "payoutsEnabled": False,
    "detailsSubmitted": False,
}


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return verified(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


@pytest.fixture
def unlimited(server: Server) -> None:
    server.configure(**{"ratelimit.enabled": False})


def told(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()["data"]


def shown(tables: Tables) -> tuple[Any, ...]:
    """What the profile says."""
    row = tables.one(PROFILE)
    return tuple(
        row[f"payout_{name}"] for name in ("account_id", "account_status", "charges_enabled", "payouts_enabled")
    )


def noted(tables: Tables, action: str) -> list[dict[str, Any]]:
    return [entry["details"] for entry in audited(tables, action)]


@pytest.mark.parametrize("operation_id", [INITIATE, LINK, STATUS, DASHBOARD])
class TestWhoMay:
    def test_the_anonymous_are_refused(self, api: Api, operation_id: str) -> None:
        assert code_of(api.call(operation_id)) == "auth.unauthenticated"

    def test_who_is_no_creator_has_none(self, api: Api, tables: Tables, operation_id: str) -> None:
        account(api, tables)
        assert code_of(api.call(operation_id, headers=bearer(api.sign_in()))) == "error.creator.not_found"


class TestInitiate:
    def test_it_opens_an_account_and_leads_to_it(
        self, api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        data = told(api.call(INITIATE, headers=headers), 201)
        row, ref = tables.one(ACCOUNTS), data["payoutAccountId"]
        assert data["onboardingUrl"] == f"{server.origin}{ACCOUNT_PAGE}{ref}"
        assert (row["user_id"], row["provider"], row["ref"], row["status"]) == (ada.user_id, "sandbox", ref, "PENDING")
        held = row["held_until"] - utc_now()
        assert timedelta(hours=71, minutes=59) < held <= timedelta(hours=72)
        assert (row["leased_until"], row["closed_at"]) == (None, None)
        assert shown(tables) == (ref, "PENDING", False, False)
        (entry,) = noted(tables, "creator.payout_account.connected")
        assert entry == {"provider": "sandbox", "account": str(row["id"])}
        server.work_off()
        (mail,) = api.mails(ada.email)
        assert f"{row['held_until']:%Y-%m-%d %H:%M} UTC" in mail["text"]

    def test_a_repetition_goes_on_with_the_same(self, api: Api, tables: Tables, headers: dict[str, str]) -> None:
        first = connected(api, headers)
        before = tables.fingerprints()
        assert connected(api, headers) == first
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize("status", ["NOT_STARTED", "PENDING", "REJECTED", "EXPIRED"])
    def test_who_is_not_verified_is_refused(self, api: Api, tables: Tables, status: str) -> None:
        headers = signed_in(api, creator(api, tables, kyc_status=status))
        response = api.call(INITIATE, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "creator.payout_account.kyc_required")
        assert tables.count("payout_accounts") == 0

    def test_ten_at_once_are_one(self, api: Api, tables: Tables, headers: dict[str, str], unlimited: None) -> None:
        def call(_: int) -> tuple[int, str | None]:
            with api.server.client() as client:
                response = client.call(INITIATE, headers=headers)
            return response.status_code, None if response.status_code == 201 else code_of(response)

        with ThreadPoolExecutor(10) as pool:
            answers = set(pool.map(call, range(10)))
        assert answers <= {(201, None), (409, "creator.payout_account.connect_in_progress")}
        assert (201, None) in answers
        assert (tables.count("payout_accounts"), tables.count("sandbox_payout_accounts")) == (1, 1)

    def test_while_another_call_asks_nobody_else_does(
        self, api: Api, tables: Tables, ada: Creator, headers: dict[str, str]
    ) -> None:
        until = utc_now() + timedelta(seconds=30)
        insert(tables, "payout_accounts", user_id=ada.user_id, provider="sandbox", leased_until=until)
        response = api.call(INITIATE, headers=headers)
        assert (response.status_code, code_of(response)) == (409, "creator.payout_account.connect_in_progress")
        tables.run("UPDATE payout_accounts SET leased_until = now() - interval '1 second'")
        assert connected(api, headers) == tables.one(ACCOUNTS)["ref"]

    def test_an_answer_that_is_lost_is_no_second_account(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        with faulty(server) as vendor:
            vendor.silent = True
            response = api.call(INITIATE, headers=headers)
            assert (response.status_code, code_of(response)) == (503, "service.unavailable")
            assert tables.one(ACCOUNTS)["ref"] is None
            assert shown(tables) == (None, "NOT_STARTED", False, False)
            vendor.silent = False
            assert connected(api, headers) == str(tables.one("SELECT id FROM sandbox_payout_accounts")["id"])

    def test_where_nobody_opens_accounts(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        server.configure(**{"external.payout.active_provider": "none"})
        assert code_of(api.call(INITIATE, headers=headers)) == "service.unavailable"
        assert tables.count("payout_accounts") == 0

    def test_after_the_provider_disabled_it(self, api: Api, tables: Tables) -> None:
        _, headers, ref = enabled(api, tables)
        press(api, ACCOUNT_PAGE, ref, "disable")
        api.server.work_off()
        response = api.call(INITIATE, headers=headers)
        assert (response.status_code, code_of(response)) == (409, "creator.payout_account.disabled")
        assert shown(tables) == (ref, "DISABLED", False, False)
        tables.run("UPDATE payout_accounts SET provider = 'former'")
        assert connected(api, headers) != ref
        assert [row["closed_at"] is None for row in tables.rows(ACCOUNTS)] == [False, True]


class TestRefreshLink:
    def test_it_gives_another_link(self, api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
        ref = connected(api, headers)
        assert told(api.call(LINK, headers=headers)) == {"onboardingUrl": f"{server.origin}{ACCOUNT_PAGE}{ref}"}

    def test_without_an_account(self, api: Api, headers: dict[str, str]) -> None:
        response = api.call(LINK, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "creator.payout_account.account_not_found")

    def test_while_the_provider_is_away(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        connected(api, headers)
        with faulty(server) as vendor:
            vendor.silent = True
            assert code_of(api.call(LINK, headers=headers)) == "service.unavailable"


class TestStatus:
    def test_before_the_first(self, api: Api, headers: dict[str, str]) -> None:
        assert told(api.call(STATUS, headers=headers)) == NOTHING

    def test_it_is_as_the_provider_has_it_now(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        ref = connected(api, headers)
        press(api, ACCOUNT_PAGE, ref, "submit")
        handed_in = {**NOTHING, "payoutAccountId": ref, "payoutAccountStatus": "RESTRICTED", "detailsSubmitted": True}
        assert told(api.call(STATUS, headers=headers)) == handed_in
        press(api, ACCOUNT_PAGE, ref, "enable")
        active = told(api.call(STATUS, headers=headers))
        assert (active["payoutAccountStatus"], active["payoutsEnabled"], active["chargesEnabled"]) == (
            "ACTIVE", True, True,
        )  # fmt: skip
        assert shown(tables) == (ref, "ACTIVE", True, True)
        statuses = [entry["status"] for entry in noted(tables, "creator.payout_account.changed")]
        assert statuses == ["PENDING", "RESTRICTED", "ACTIVE"]
        server.work_off()  # the notices of it change nothing more
        assert len(noted(tables, "creator.payout_account.changed")) == 3
        settings = told(api.call("creators.bank.settings", headers=headers))
        assert settings["platformAccount"] == {"connected": True, "payoutsEnabled": True}
        assert settings["availableMethods"]["PLATFORM_ACCOUNT"]

    def test_while_the_provider_is_away_it_is_as_it_was(self, api: Api, server: Server, tables: Tables) -> None:
        _, headers, ref = enabled(api, tables)
        with faulty(server) as vendor:
            vendor.silent = True
            stored = told(api.call(STATUS, headers=headers))
        assert (stored["payoutAccountId"], stored["payoutAccountStatus"]) == (ref, "ACTIVE")
        assert (stored["payoutsEnabled"], stored["detailsSubmitted"]) == (True, False)


class TestDestination:
    """The bank account to which the provider sends the money on."""

    def looked(self, api: Api, headers: dict[str, str], *destinations: str | None) -> None:
        with faulty(api.server) as vendor:
            for vendor.destination in destinations:
                assert told(api.call(STATUS, headers=headers))["payoutAccountStatus"] == "ACTIVE"

    def test_another_one_is_held_and_told_of(self, api: Api, server: Server, tables: Tables) -> None:
        ada, headers, _ = enabled(api, tables)
        payout_id = payout_of(server, ada, provider="sandbox")
        by_bank = payout_of(server, creator(api, tables, "eve@example.com", "eve"), method="BANK_TRANSFER")
        tables.run("UPDATE payout_accounts SET held_until = now() - interval '1 day'")
        self.looked(api, headers, "first", "first", "second")
        row = tables.one(ACCOUNTS)
        assert timedelta(hours=71, minutes=59) < row["held_until"] - utc_now() <= timedelta(hours=72)
        (entry,) = noted(tables, "creator.payout_account.destination_changed")
        assert entry == {"provider": "sandbox", "account": str(row["id"])}
        statuses = {one["id"]: one["status"] for one in tables.rows("SELECT id, status FROM payouts")}
        assert statuses == {payout_id: "CANCELLED", by_bank: "PENDING"}
        server.work_off()
        mails = [mail for mail in api.mails(ada.email) if mail["subject"].startswith("The bank account")]
        (mail,) = mails
        assert f"{row['held_until']:%Y-%m-%d %H:%M} UTC" in mail["text"]
        assert any("Your bank details have changed." in mail["text"] for mail in api.mails(ada.email))
        self.looked(api, headers, "second")
        assert tables.one(ACCOUNTS)["held_until"] == row["held_until"]

    def test_the_first_one_is_none_that_changed(self, api: Api, tables: Tables) -> None:
        _, headers, _ = enabled(api, tables)
        held = tables.one(ACCOUNTS)["held_until"]
        self.looked(api, headers, None, "first", "first")
        row = tables.one(ACCOUNTS)
        assert (row["destination"], row["held_until"]) == ("first", held)
        assert noted(tables, "creator.payout_account.destination_changed") == []

    def test_one_that_is_gone_for_a_while_is_remembered(self, api: Api, tables: Tables) -> None:
        _, headers, _ = enabled(api, tables)
        self.looked(api, headers, "first", None)
        assert tables.one(ACCOUNTS)["destination"] == "first"
        self.looked(api, headers, "second")
        assert len(noted(tables, "creator.payout_account.destination_changed")) == 1

    def test_the_sweeper_sees_it_as_well(self, api: Api, server: Server, tables: Tables) -> None:
        _, headers, _ = enabled(api, tables)
        self.looked(api, headers, "first")
        tables.run("UPDATE payout_accounts SET looked_at = now() - interval '2 days'")
        with faulty(server) as vendor:
            vendor.destination = "second"
            server.let_time_come("creators.look_at_payout_accounts")
        assert len(noted(tables, "creator.payout_account.destination_changed")) == 1


class TestDashboardLink:
    def test_it_leads_to_the_account(self, api: Api, server: Server, tables: Tables) -> None:
        _, headers, ref = enabled(api, tables)
        assert told(api.call(DASHBOARD, headers=headers)) == {"url": f"{server.origin}{ACCOUNT_PAGE}{ref}"}

    def test_without_an_account(self, api: Api, headers: dict[str, str]) -> None:
        response = api.call(DASHBOARD, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "creator.payout_account.account_not_found")

    def test_of_one_that_is_not_active(self, api: Api, headers: dict[str, str]) -> None:
        connected(api, headers)
        response = api.call(DASHBOARD, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "creator.payout_account.not_active")

    def test_where_the_provider_has_no_such_page(self, api: Api, server: Server, tables: Tables) -> None:
        _, headers, _ = enabled(api, tables)
        with faulty(server) as vendor:
            vendor.bare = True
            response = api.call(DASHBOARD, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "creator.payout_account.service_unavailable")


class TestNotices:
    def test_what_was_told_is_looked_at(self, api: Api, tables: Tables) -> None:
        _, _, ref = enabled(api, tables)
        assert shown(tables) == (ref, "ACTIVE", True, True)
        press(api, ACCOUNT_PAGE, ref, "restrict")
        api.server.work_off()
        assert shown(tables) == (ref, "RESTRICTED", False, False)
        assert {row["state"] for row in tables.rows("SELECT state FROM provider_events")} == {"DONE"}

    def test_one_that_was_disabled_is_closed_for_good(self, api: Api, tables: Tables) -> None:
        _, headers, ref = enabled(api, tables)
        press(api, ACCOUNT_PAGE, ref, "disable")
        api.server.work_off()
        row = tables.one(ACCOUNTS)
        assert (row["status"], row["closed_at"] is None, row["payouts_enabled"]) == ("DISABLED", False, False)
        tables.run("UPDATE sandbox_payout_accounts SET state = 'ENABLED'")
        api.server.let_time_come("creators.look_at_payout_accounts")
        assert shown(tables) == (ref, "DISABLED", False, False)
        settings = told(api.call("creators.bank.settings", headers=headers))
        assert settings["platformAccount"] == {"connected": False, "payoutsEnabled": False}

    def test_of_an_account_that_nobody_here_opened(self, api: Api, server: Server, tables: Tables) -> None:
        tables.run("INSERT INTO sandbox_payout_accounts (id, key) VALUES (gen_random_uuid(), 'x')")
        ref = str(tables.one("SELECT id FROM sandbox_payout_accounts")["id"])
        assert press(api, ACCOUNT_PAGE, ref, "submit").status_code == 303
        tables.run("UPDATE provider_events SET received_at = now() - interval '11 minutes'")
        server.work_off()
        assert tables.one("SELECT state FROM provider_events")["state"] == "UNMATCHED"


class TestSweeper:
    @pytest.mark.parametrize(("status", "hours", "looks"), [
        ("PENDING", 2, True), ("RESTRICTED", 2, True), ("ACTIVE", 2, False), ("ACTIVE", 25, True),
        ("PENDING", 0, False),
    ])  # fmt: skip
    def test_when_an_account_is_looked_at(
        self, api: Api, server: Server, tables: Tables, status: str, hours: int, looks: bool
    ) -> None:
        enabled(api, tables)
        aged = "UPDATE payout_accounts SET status = %s, looked_at = now() - %s * interval '1 hour'"
        tables.run(aged, status, hours)
        tables.run("UPDATE sandbox_payout_accounts SET state = 'RESTRICTED'")
        with faulty(server) as vendor:
            server.let_time_come("creators.look_at_payout_accounts")
            assert vendor.asked == looks
        assert tables.one(ACCOUNTS)["status"] == ("RESTRICTED" if looks else status)

    def test_a_provider_that_is_away_is_asked_again_later(self, api: Api, server: Server, tables: Tables) -> None:
        _, _, ref = enabled(api, tables)
        tables.run("UPDATE payout_accounts SET looked_at = now() - interval '2 days'")
        with faulty(server) as vendor:
            vendor.silent = True
            server.let_time_come("creators.look_at_payout_accounts")
            assert vendor.asked == 1
        assert shown(tables) == (ref, "ACTIVE", True, True)

    def test_what_was_never_answered_is_asked_for_again(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str]
    ) -> None:
        with faulty(server) as vendor:
            vendor.silent = True
            api.call(INITIATE, headers=headers)
        server.let_time_come("creators.look_at_payout_accounts")
        assert tables.one(ACCOUNTS)["ref"] is None  # so young that its call may still be under way
        tables.run("UPDATE payout_accounts SET created_at = now() - interval '2 minutes'")
        server.let_time_come("creators.look_at_payout_accounts")
        ref = str(tables.one("SELECT id FROM sandbox_payout_accounts")["id"])
        assert shown(tables) == (ref, "PENDING", False, False)
        assert tables.count("sandbox_payout_accounts") == 1


@pytest.fixture
def world(server: Server) -> Iterator[PayPalWorld]:
    with at_paypal(server) as world:
        yield world


def way_in(api: Api, headers: dict[str, str]) -> str:
    response = api.call(INITIATE, headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["onboardingUrl"])


def back(api: Api, world: PayPalWorld, headers: dict[str, str], payer: str = PAYER, **told: Any) -> dict[str, str]:
    return world.sign_in(way_in(api, headers), payer, **told)


def complete(api: Api, headers: dict[str, str], body: dict[str, str]) -> httpx.Response:
    return api.call(COMPLETE, body, headers=headers)


def refused(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    return code_of(response).removeprefix("creator.payout_account.")


class TestSignIn:
    def test_the_link_leads_to_the_page_of_the_vendor(
        self, api: Api, tables: Tables, world: PayPalWorld, ada: Creator, headers: dict[str, str]
    ) -> None:
        url = urlsplit(way_in(api, headers))
        assert f"{url.scheme}://{url.netloc}{url.path}" == SIGN_IN_PAGE
        asked = {name: one for name, (one,) in parse_qs(url.query).items()}
        assert asked["redirect_uri"] == "https://bio.re/creator/payouts"
        row = tables.one(ACCOUNTS)
        assert (row["provider"], row["ref"], row["status"]) == ("paypal", str(row["id"]), "NOT_STARTED")
        assert bytes(row["sign_in_hash"]) == sha256(asked["state"].encode()).digest()
        assert len(asked["state"]) == 43
        assert timedelta(minutes=14) < row["sign_in_until"] - utc_now() <= timedelta(minutes=15)

    def test_nobody_is_told_before(
        self, api: Api, server: Server, tables: Tables, world: PayPalWorld, ada: Creator, headers: dict[str, str]
    ) -> None:
        way_in(api, headers)
        server.work_off()
        assert api.mails(ada.email) == []
        assert audited(tables, "creator.payout_account.connected") == []
        status = api.call(STATUS, headers=headers).json()["data"]
        assert (status["payoutAccountStatus"], status["payoutsEnabled"]) == ("NOT_STARTED", False)

    def test_without_the_id_of_the_application(
        self, api: Api, server: Server, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        server.configure(**{"external.payout.paypal.client_id": ""})
        assert code_of(api.call(INITIATE, headers=headers)) == "service.unavailable"


class TestComplete:
    def test_who_signed_in_is_paid_there(
        self, api: Api, server: Server, tables: Tables, world: PayPalWorld, ada: Creator, headers: dict[str, str]
    ) -> None:
        response = complete(api, headers, back(api, world, headers))
        assert response.status_code == 200, response.text
        assert response.json()["data"] == {
            "payoutAccountId": PAYER,
            "payoutAccountStatus": "ACTIVE",
            "chargesEnabled": False,
            "payoutsEnabled": True,
            "detailsSubmitted": True,
        }
        row = tables.one(ACCOUNTS)
        assert (row["ref"], row["status"], row["payouts_enabled"]) == (PAYER, "ACTIVE", True)
        assert (row["sign_in_hash"], row["sign_in_session"], row["sign_in_until"]) == (None, None, None)
        held = row["held_until"] - utc_now()
        assert timedelta(hours=71, minutes=59) < held <= timedelta(hours=72)
        profile = tables.one("SELECT * FROM creator_profiles")
        assert (profile["payout_account_id"], profile["payout_account_status"]) == (PAYER, "ACTIVE")
        server.work_off()
        (mail,) = api.mails(ada.email)
        assert f"{row['held_until']:%Y-%m-%d %H:%M} UTC" in mail["text"]
        (entry,) = audited(tables, "creator.payout_account.connected")
        assert entry["details"] == {"provider": "paypal", "account": str(row["id"])}
        server.let_time_come("creators.look_at_payout_accounts")
        assert api.call(STATUS, headers=headers).json()["data"] == response.json()["data"]

    def test_a_state_is_good_once(self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]) -> None:
        first = back(api, world, headers)
        assert complete(api, headers, first).status_code == 200
        before = tables.fingerprints()
        assert refused(complete(api, headers, first)) == "sign_in_invalid"
        assert tables.changed_since(before) == set()

    def test_ten_with_one_state_are_one(self, api: Api, world: PayPalWorld, headers: dict[str, str]) -> None:
        body = back(api, world, headers)

        def call(_: int) -> int:
            with api.server.client() as client:
                return client.call(COMPLETE, body, headers=headers).status_code

        with ThreadPoolExecutor(10) as pool:
            assert sorted(pool.map(call, range(10))) == [200, *[400] * 9]

    def test_only_the_last_link_counts(self, api: Api, world: PayPalWorld, headers: dict[str, str]) -> None:
        first = back(api, world, headers)
        url = api.call(LINK, headers=headers).json()["data"]["onboardingUrl"]
        assert refused(complete(api, headers, first)) == "sign_in_invalid"
        assert complete(api, headers, world.sign_in(url, PAYER)).status_code == 200

    def test_a_state_that_is_over(self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]) -> None:
        body = back(api, world, headers)
        tables.run("UPDATE payout_accounts SET sign_in_until = now()")
        assert refused(complete(api, headers, body)) == "sign_in_invalid"

    def test_the_code_of_a_stranger_connects_nothing(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        """Who lures a creator to the address of return has no state of theirs, nor has the creator a stranger's."""
        eve = signed_in(api, verified(api, tables, email="eve@example.com", username="eve"))
        mine, theirs = back(api, world, headers), back(api, world, eve, OTHER)
        assert refused(complete(api, headers, theirs)) == "sign_in_invalid"
        assert refused(complete(api, headers, {**theirs, "state": "x"})) == "sign_in_invalid"
        assert complete(api, headers, mine).status_code == 200

    def test_another_session_of_the_creator(
        self, api: Api, world: PayPalWorld, ada: Creator, headers: dict[str, str]
    ) -> None:
        body = back(api, world, headers)
        assert refused(complete(api, bearer(api.sign_in(ada.email)), body)) == "sign_in_invalid"
        assert complete(api, headers, body).status_code == 200

    def test_a_code_that_the_vendor_refuses(self, api: Api, world: PayPalWorld, headers: dict[str, str]) -> None:
        body = back(api, world, headers)
        assert refused(complete(api, headers, {**body, "code": "another"})) == "sign_in_invalid"
        assert refused(complete(api, headers, body)) == "sign_in_invalid"  # the state is over, too

    def test_who_is_not_verified_there(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        body = back(api, world, headers, verified="false")
        assert refused(complete(api, headers, body), 409) == "unverified"
        assert tables.one(ACCOUNTS)["status"] == "NOT_STARTED"
        assert complete(api, headers, back(api, world, headers)).status_code == 200

    def test_while_the_vendor_is_away(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        body = back(api, world, headers)
        world.outage = (503, b"")
        assert code_of(complete(api, headers, body)) == "service.unavailable"
        assert tables.one(ACCOUNTS)["status"] == "NOT_STARTED"

    def test_an_account_is_of_one_creator(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        assert complete(api, headers, back(api, world, headers)).status_code == 200
        eve = signed_in(api, verified(api, tables, email="eve@example.com", username="eve"))
        assert refused(complete(api, eve, back(api, world, eve)), 409) == "other_account"
        assert complete(api, eve, back(api, world, eve, OTHER)).status_code == 200

    def test_of_two_creators_at_once_one_has_it(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        eve = signed_in(api, verified(api, tables, email="eve@example.com", username="eve"))
        calls = [(one, back(api, world, one)) for one in (headers, eve)]

        def call(given: tuple[dict[str, str], dict[str, str]]) -> int:
            with api.server.client() as client:
                return client.call(COMPLETE, given[1], headers=given[0]).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(call, calls)) == [200, 409]

    def test_another_account_takes_the_place_of_none(
        self, api: Api, tables: Tables, world: PayPalWorld, headers: dict[str, str]
    ) -> None:
        assert complete(api, headers, back(api, world, headers)).status_code == 200
        held = tables.one(ACCOUNTS)["held_until"]
        assert refused(complete(api, headers, back(api, world, headers, OTHER)), 409) == "other_account"
        assert complete(api, headers, back(api, world, headers)).status_code == 200
        assert (tables.one(ACCOUNTS)["ref"], tables.one(ACCOUNTS)["held_until"]) == (PAYER, held)

    def test_at_a_provider_where_nobody_signs_in(self, api: Api, headers: dict[str, str]) -> None:
        connected(api, headers)
        assert refused(complete(api, headers, {"code": "c", "state": "s"})) == "sign_in_invalid"

    def test_the_anonymous_are_refused(self, api: Api) -> None:
        assert code_of(api.call(COMPLETE, {"code": "c", "state": "s"})) == "auth.unauthenticated"
