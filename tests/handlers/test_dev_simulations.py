"""What developers have become of money at the sandbox without a browser: the buttons of its pages, by our own ids."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from domain.creators import sandbox as verifications
from domain.money import sandbox, sandbox_payouts
from domain.wire import dev as wire
from tests.creators import creator, signed_in
from tests.handlers.admin.finance.test_webhooks import event
from tests.handlers.conftest import Clients
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.money import assert_books_agree, balance, begin
from tests.payees import available
from tests.payouts import connected, verified
from tests.providers.servers import closed_port
from tests.simulations import NOTHING, PATHS, sent, simulate, simulated

DEV_TOKEN = "the-token-of-the-developers"
PAYMENT, KYC, ACCOUNT, PAYOUT = PATHS
each = pytest.mark.parametrize("operation_id", PATHS)
FIRST = {PAYMENT: "pay", KYC: "approve", ACCOUNT: "submit", PAYOUT: "pay"}


@pytest.fixture
def ada(api: Api, tables: Tables) -> dict[str, str]:
    """The header of the calls of somebody who is no creator."""
    account(api, tables)
    return bearer(api.sign_in())


def loaded(api: Api, headers: dict[str, str], session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.call("wallet.loads.find", path=f"/wallet/load/{session_id}", headers=headers).json()
    return dict(found["data"])


class TestWhere:
    @each
    def test_production_has_no_such_path(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str
    ) -> None:
        api = clients(start_server(env="production", dev_token=DEV_TOKEN))
        response = simulate(api, operation_id, NOTHING, FIRST[operation_id], {"X-Dev-Token": DEV_TOKEN})
        assert (response.status_code, code_of(response)) == (404, "route.not_found")

    @each
    def test_staging_asks_for_its_token(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str
    ) -> None:
        api = clients(start_server(env="staging", dev_token=DEV_TOKEN))
        for headers in ({}, {"X-Dev-Token": "guess"}):
            response = simulate(api, operation_id, NOTHING, FIRST[operation_id], headers)
            assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")
        response = simulate(api, operation_id, NOTHING, FIRST[operation_id], {"X-Dev-Token": DEV_TOKEN})
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    @each
    def test_development_answers_to_its_own_name_only(self, api: Api, operation_id: str) -> None:
        response = simulate(api, operation_id, NOTHING, FIRST[operation_id], {"Host": "rebind.evil.example"})
        assert (response.status_code, code_of(response)) == (403, "dev.host_refused")

    @each
    def test_what_there_is_not(self, api: Api, operation_id: str) -> None:
        response = simulate(api, operation_id, NOTHING, FIRST[operation_id])
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    @each
    @pytest.mark.parametrize("outcome", ["PAY", "nothing", "\0", 1, None])
    def test_an_outcome_that_no_page_has(self, api: Api, operation_id: str, outcome: Any) -> None:
        assert code_of(simulate(api, operation_id, NOTHING, outcome)) == "validation.failed"


@pytest.mark.parametrize(
    ("operation_id", "path"),
    [("dev.webhooks", "/dev/webhooks"), ("dev.probe", "/dev/providers/payment/sandbox/probe")],
)
class TestWhereOfWhatStaffHasToo:
    def test_production_has_no_such_path(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str, path: str
    ) -> None:
        api = clients(start_server(env="production", dev_token=DEV_TOKEN))
        response = api.call(operation_id, path=path, headers={"X-Dev-Token": DEV_TOKEN})
        assert (response.status_code, code_of(response)) == (404, "route.not_found")

    def test_staging_asks_for_its_token(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str, path: str
    ) -> None:
        api = clients(start_server(env="staging", dev_token=DEV_TOKEN))
        assert code_of(api.call(operation_id, path=path)) == "auth.unauthenticated"
        assert api.call(operation_id, path=path, headers={"X-Dev-Token": DEV_TOKEN}).status_code == 200

    def test_development_answers_to_its_own_name_only(self, api: Api, operation_id: str, path: str) -> None:
        response = api.call(operation_id, path=path, headers={"Host": "rebind.evil.example"})
        assert (response.status_code, code_of(response)) == (403, "dev.host_refused")


class TestNames:
    """The contract names the outcomes, and pages and books know all of them, and no others."""

    def test_a_payment(self) -> None:
        names = set(get_args(wire.PaymentOutcome))
        assert names == set(sandbox.LABELS) == set(sandbox.EVENTS)

    def test_a_verification(self) -> None:
        assert set(get_args(wire.KycOutcome)) == set(verifications.LABELS) == set(verifications.MADE)

    def test_a_payout(self) -> None:
        assert set(get_args(wire.PayoutAccountOutcome)) == set(sandbox_payouts.ACCOUNT_LABELS)
        assert set(get_args(wire.PayoutOutcome)) == set(sandbox_payouts.TRANSFER_LABELS)


class TestSimulatePayment:
    def test_it_is_paid(self, api: Api, tables: Tables, ada: dict[str, str]) -> None:
        session_id = begin(api, ada)["sessionId"]
        told = simulated(api, PAYMENT, session_id, "pay")
        assert told == {"state": "PAID", "outcomes": ["charge_back", "refund"], "notified": True}
        assert (balance(api, ada), loaded(api, ada, session_id)["status"]) == ("25.00", "PAID")
        assert_books_agree(tables)

    @pytest.mark.parametrize(
        ("outcomes", "state", "status", "left"),
        [
            (["decline"], "FAILED", "FAILED", "0.00"),
            (["expire"], "EXPIRED", "EXPIRED", "0.00"),
            (["expire", "pay"], "PAID", "PAID", "25.00"),
            (["pay_later"], "PROCESSING", "OPEN", "0.00"),
            (["pay_later", "pay"], "PAID", "PAID", "25.00"),
            (["pay", "refund"], "PAID", "PAID", "0.00"),
            (["pay", "charge_back"], "PAID", "PAID", "0.00"),
            (["pay", "charge_back", "lose"], "PAID", "PAID", "0.00"),
            (["pay", "charge_back", "win"], "PAID", "PAID", "25.00"),
            (["pay", "refund", "fail_refund"], "PAID", "PAID", "25.00"),
        ],
    )
    def test_a_life(
        self,
        api: Api,
        tables: Tables,
        ada: dict[str, str],
        outcomes: list[str],
        state: str,
        status: str,
        left: str,
    ) -> None:
        session_id = begin(api, ada)["sessionId"]
        told = [simulated(api, PAYMENT, session_id, outcome) for outcome in outcomes]
        assert (told[-1]["state"], loaded(api, ada, session_id)["status"]) == (state, status)
        assert balance(api, ada) == left
        assert_books_agree(tables)

    def test_a_button_that_is_not_there(self, api: Api, tables: Tables, ada: dict[str, str]) -> None:
        session_id = begin(api, ada)["sessionId"]
        response = simulate(api, PAYMENT, session_id, "charge_back")
        assert (response.status_code, code_of(response)) == (409, "dev.outcome_not_offered")
        assert "charge_back while its state is OPEN" in response.json()["error"]["message"]
        simulated(api, PAYMENT, session_id, "pay")
        before = tables.fingerprints()
        assert code_of(simulate(api, PAYMENT, session_id, "pay")) == "dev.outcome_not_offered"
        assert tables.changed_since(before) == set()
        assert balance(api, ada) == "25.00"

    def test_one_that_is_at_another_provider(self, api: Api, tables: Tables, ada: dict[str, str]) -> None:
        session_id = begin(api, ada)["sessionId"]
        tables.run("UPDATE payments SET provider = 'stripe'")
        assert code_of(simulate(api, PAYMENT, session_id, "pay")) == "admin.not_found"

    def test_one_that_no_provider_has_yet(self, api: Api, tables: Tables, ada: dict[str, str]) -> None:
        session_id = begin(api, ada)["sessionId"]
        tables.run("UPDATE payments SET ref = NULL, url = NULL")
        assert code_of(simulate(api, PAYMENT, session_id, "pay")) == "admin.not_found"

    def test_a_notice_that_is_not_taken_is_told(
        self, api: Api, server: Server, tables: Tables, ada: dict[str, str]
    ) -> None:
        session_id = begin(api, ada)["sessionId"]
        server.configure(**{"site.api_url": f"http://127.0.0.1:{closed_port()}"})
        told = simulated(api, PAYMENT, session_id, "pay")
        assert (told["state"], told["notified"], tables.rows("SELECT id FROM provider_events")) == ("PAID", False, [])


class TestSimulateKyc:
    def begun(self, api: Api, tables: Tables) -> tuple[dict[str, str], str]:
        headers = signed_in(api, creator(api, tables))
        response = api.call("creators.kyc.start", headers=headers)
        return headers, str(response.json()["data"]["sessionId"])

    def status(self, api: Api, headers: dict[str, str]) -> str:
        return str(api.call("creators.kyc.status", headers=headers).json()["data"]["status"])

    def test_it_is_approved(self, api: Api, tables: Tables) -> None:
        headers, session_id = self.begun(api, tables)
        # At the end of the year here, which is the next day in UTC.
        shown = {"document": "P 123", "documentUntil": "2999-12-31T23:00:00.000-03:00"}
        told = simulated(api, KYC, session_id, "approve", **shown)
        assert (told["state"], told["notified"], self.status(api, headers)) == ("APPROVED", True, "APPROVED")
        assert told["outcomes"] == list(get_args(wire.KycOutcome))
        row = tables.one("SELECT document, document_until::text AS until FROM sandbox_verifications")
        assert row == {"document": "P 123", "until": "3000-01-01"}

    @pytest.mark.parametrize(
        ("outcomes", "status"),
        [
            (["submit"], "PENDING"),
            (["submit", "resubmit"], "PENDING"),
            (["reject"], "REJECTED"),
            (["reject_for_good"], "REJECTED"),
            (["expire"], "EXPIRED"),
            (["approve", "reject"], "REJECTED"),
        ],
    )
    def test_what_it_becomes(self, api: Api, tables: Tables, outcomes: list[str], status: str) -> None:
        headers, session_id = self.begun(api, tables)
        for outcome in outcomes:
            simulated(api, KYC, session_id, outcome)
        assert self.status(api, headers) == status

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("document", "", "minLength"),
            ("document", "x" * 41, "maxLength"),
            ("documentUntil", "2030-12-31", "format"),
            ("documentUntil", "0000-01-01T00:00:00Z", "format"),
        ],
    )
    def test_a_document_that_is_none(self, api: Api, field: str, value: str, rule: str) -> None:
        assert (field, rule) in broken_rules(simulate(api, KYC, NOTHING, "approve", None, **{field: value}))


class TestSimulatePayoutAccount:
    def test_it_takes_payouts(self, api: Api, tables: Tables) -> None:
        headers = signed_in(api, verified(api, tables))
        account_id = connected(api, headers)
        told = [simulated(api, ACCOUNT, account_id, outcome) for outcome in ("submit", "enable")]
        assert told[0] == {"state": "SUBMITTED", "outcomes": ["enable", "restrict", "disable"], "notified": True}
        assert told[1] == {"state": "ENABLED", "outcomes": ["restrict", "disable"], "notified": True}
        row = tables.one("SELECT status, payouts_enabled FROM payout_accounts")
        assert row == {"status": "ACTIVE", "payouts_enabled": True}

    def test_a_button_that_is_not_there(self, api: Api, tables: Tables) -> None:
        account_id = connected(api, signed_in(api, verified(api, tables)))
        response = simulate(api, ACCOUNT, account_id, "enable")
        assert (response.status_code, code_of(response)) == (409, "dev.outcome_not_offered")
        assert simulated(api, ACCOUNT, account_id, "disable")["outcomes"] == []
        assert code_of(simulate(api, ACCOUNT, account_id, "submit")) == "dev.outcome_not_offered"


class TestSimulatePayout:
    @pytest.mark.parametrize(
        ("outcomes", "status", "reason", "left"),
        [
            (["pay"], "PROCESSED", None, 0),
            (["fail"], "FAILED", "DESTINATION_REJECTED", 10_000),
            (["pay", "return"], "FAILED", "RETURNED", 10_000),
        ],
    )
    def test_what_becomes_of_it(
        self,
        api: Api,
        server: Server,
        tables: Tables,
        outcomes: list[str],
        status: str,
        reason: str | None,
        left: int,
    ) -> None:
        ada, payout_id = sent(api, server, tables)
        for outcome in outcomes:
            assert simulated(api, PAYOUT, payout_id, outcome)["notified"] is True
        row = tables.one("SELECT status, failure_reason FROM payouts")
        assert (row["status"], row["failure_reason"]) == (status, reason)
        assert available(tables, ada.user_id) == left

    def test_a_button_that_is_not_there(self, api: Api, server: Server, tables: Tables) -> None:
        _, payout_id = sent(api, server, tables)
        response = simulate(api, PAYOUT, payout_id, "return")
        assert (response.status_code, code_of(response)) == (409, "dev.outcome_not_offered")

    def test_one_that_nobody_has_sent(self, api: Api, server: Server, tables: Tables) -> None:
        _, payout_id = sent(api, server, tables)
        tables.run("DELETE FROM payout_attempts")
        assert code_of(simulate(api, PAYOUT, payout_id, "pay")) == "admin.not_found"


class TestWebhooks:
    def listed(self, api: Api, **params: str) -> list[dict[str, Any]]:
        response = api.call("dev.webhooks", params=params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["data"]["events"]
        return found

    def test_the_newest_first_by_every_filter(self, api: Api, tables: Tables) -> None:
        old = event(tables, state="PARKED", received_at="2026-01-02")
        new = event(tables, family="kyc", received_at="2026-01-03")
        assert [one["id"] for one in self.listed(api)] == [str(new), str(old)]
        assert [one["id"] for one in self.listed(api, state="PARKED")] == [str(old)]
        assert [one["id"] for one in self.listed(api, family="kyc")] == [str(new)]
        assert self.listed(api, family="kyc", state="PARKED") == []

    def test_what_the_sandbox_told(self, api: Api, ada: dict[str, str]) -> None:
        simulated(api, PAYMENT, begin(api, ada)["sessionId"], "pay")
        (told,) = self.listed(api)
        assert (told["family"], told["type"], told["state"]) == ("payment", "payment.paid", "DONE")

    def test_nothing_of_what_was_sent(self, api: Api, tables: Tables) -> None:
        event(tables, payload=b"sealed")
        (told,) = self.listed(api)
        assert "payload" not in told

    def test_at_most_50(self, api: Api, tables: Tables) -> None:
        for _ in range(51):
            event(tables)
        assert len(self.listed(api)) == 50

    @pytest.mark.parametrize("params", [{"state": "NOTHING"}, {"family": "Payment"}, {"family": ""}])
    def test_a_filter_that_is_none(self, api: Api, params: dict[str, str]) -> None:
        assert code_of(api.call("dev.webhooks", params=params)) == "validation.failed"


class TestProbe:
    def probe(self, api: Api, family: str, name: str) -> Any:
        return api.call("dev.probe", path=f"/dev/providers/{family}/{name}/probe")

    def test_one_that_is_ready(self, api: Api, tables: Tables) -> None:
        told = self.probe(api, "payment", "sandbox").json()["data"]
        assert (told["ok"], told["found"]) == (True, "the sandbox of this deployment")
        row = tables.one("SELECT family, provider FROM provider_probes")
        assert row == {"family": "payment", "provider": "sandbox"}

    def test_one_that_is_not_set_up(self, api: Api, tables: Tables) -> None:
        told = self.probe(api, "payment", "stripe").json()["data"]
        assert (told["ok"], "api_key" in told["found"]) == (False, True)
        assert tables.rows("SELECT family FROM provider_probes") == []

    @pytest.mark.parametrize(("family", "name"), [("payment", "nobody"), ("nothing", "sandbox")])
    def test_what_there_is_not(self, api: Api, family: str, name: str) -> None:
        response = self.probe(api, family, name)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
