"""Where creators have their money paid out to: what is taken, what a change brings about, and what stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.bank import BANK, BIC, DETAILS, HOLDER, IBAN, OTHER_IBAN, enter, with_details
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import audited, change, topics
from tests.harness import Api, Server, Tables, broken_rules, code_of

NOTHING = {"iban": None, "bankName": None, "accountHolderName": None, "swiftCode": None, "bankCountry": None} | {
    "state": None, "rejectedFor": None, "verified": False, "verifiedAt": None, "heldUntil": None,
}  # fmt: skip


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def data(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["data"]


def shown(api: Api, headers: dict[str, str]) -> Any:
    return data(api.call("creators.bank.settings", headers=headers))


def refused(api: Api, headers: dict[str, str], tables: Tables, **body: Any) -> tuple[int, str]:
    before = tables.fingerprints()
    response = enter(api, headers, **body)
    assert tables.changed_since(before) == set()
    return response.status_code, code_of(response)


class TestSettings:
    def test_nothing_is_entered_at_first(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        response = api.call("creators.bank.settings", headers=headers)
        assert data(response) == {
            "bankDetails": NOTHING,
            "platformAccount": {"connected": False, "payoutsEnabled": False},
            "preferredPayoutMethod": None,
            "autoPayoutEnabled": False,
            "lastAutoPayout": None,
            "availableMethods": {"PLATFORM_ACCOUNT": False, "BANK_TRANSFER": False},
        }
        assert response.headers["cache-control"] == "no-store"
        assert tables.count("bank_details") == 0

    def test_the_owner_sees_all_of_it(self, api: Api, ada: Creator) -> None:
        headers = with_details(api, ada)
        told = shown(api, headers)["bankDetails"]
        expected = {"iban": IBAN, "bankName": BANK, "accountHolderName": HOLDER, "swiftCode": BIC, "bankCountry": "DE"}
        assert told.items() >= (expected | {"state": "PENDING", "verified": False}).items()

    def test_verified_details_can_be_paid_to(self, api: Api, ada: Creator, tables: Tables) -> None:
        headers = with_details(api, ada)
        tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = '2026-01-02T10:00:00Z'")
        told = shown(api, headers)
        assert told["bankDetails"]["verifiedAt"] == "2026-01-02T10:00:00.000Z"
        assert told["availableMethods"] == {"PLATFORM_ACCOUNT": False, "BANK_TRANSFER": True}

    @pytest.mark.parametrize(
        ("account", "enabled", "available"), [("acct_1", True, True), ("acct_1", False, False), (None, True, False)]
    )
    def test_the_platform_account_is_as_the_profile_says(
        self,
        api: Api,
        headers: dict[str, str],
        ada: Creator,
        tables: Tables,
        account: Any,
        enabled: bool,
        available: bool,
    ) -> None:
        told = {"payout_account_id": account, "payout_payouts_enabled": enabled}
        change(tables, "creator_profiles", ada.creator_id, **told)
        found = shown(api, headers)
        assert found["platformAccount"] == {"connected": account is not None, "payoutsEnabled": enabled}
        assert found["availableMethods"]["PLATFORM_ACCOUNT"] is available

    def test_what_no_secret_opens_is_not_there(self, api: Api, ada: Creator, tables: Tables) -> None:
        headers = with_details(api, ada)
        tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = now(), details = '0badc0de.00'::bytea")
        told = shown(api, headers)
        assert told["bankDetails"].items() >= {"iban": None, "state": None, "verified": False}.items()
        assert told["availableMethods"]["BANK_TRANSFER"] is False
        assert api.call("creators.profile", headers=headers).json()["data"]["iban"] is None
        entered = data(enter(api, headers, **DETAILS))["bankDetails"]
        assert (entered["iban"], entered["state"]) == (IBAN, "PENDING")

    def test_nobody_sees_those_of_others(self, api: Api, ada: Creator, tables: Tables) -> None:
        with_details(api, ada)
        eve = signed_in(api, creator(api, tables, "eve@example.com", "eve"))
        assert shown(api, eve)["bankDetails"] == NOTHING

    def test_the_profile_tells_them_too(self, api: Api, ada: Creator) -> None:
        headers = with_details(api, ada, preferredPayoutMethod="BANK_TRANSFER")
        told = data(api.call("creators.profile", headers=headers))
        names = ("iban", "bankName", "accountHolderName", "swiftCode", "bankCountry", "bankAccountVerified")
        assert [told[name] for name in names] == [IBAN, BANK, HOLDER, BIC, "DE", False]
        assert (told["bankVerifiedAt"], told["preferredPayoutMethod"]) == (None, "BANK_TRANSFER")


class TestUpdate:
    def test_the_answer_is_the_settings_as_they_are_then(self, api: Api, headers: dict[str, str]) -> None:
        response = enter(api, headers, **DETAILS, preferredPayoutMethod="BANK_TRANSFER")
        assert data(response) == shown(api, headers)
        assert response.json()["data"]["preferredPayoutMethod"] == "BANK_TRANSFER"

    def test_values_are_stored_sealed(self, api: Api, ada: Creator, tables: Tables) -> None:
        with_details(api, ada)
        row = tables.one("SELECT * FROM bank_details")
        assert (row["last4"], row["country"]) == ("3000", "DE")
        for value in (IBAN, HOLDER, BANK, BIC):
            assert value not in str({name: str(each) for name, each in row.items()})
            assert value.encode() not in bytes(row["details"])

    @pytest.mark.parametrize(
        "typed", ["de89 3704 0044 0532 0130 00", "DE89-3704-0044-0532-0130-00", "\uff24\uff2589370400440532013000"]
    )
    def test_numbers_are_taken_as_they_are_printed(self, api: Api, headers: dict[str, str], typed: str) -> None:
        told = data(enter(api, headers, iban=typed, swiftCode="coba de ff xxx", bankCountry=" de "))["bankDetails"]
        assert (told["iban"], told["swiftCode"], told["bankCountry"]) == (IBAN, BIC, "DE")

    def test_what_has_not_the_form_is_told(self, api: Api, headers: dict[str, str]) -> None:
        refused = enter(api, headers, iban="DE8", swiftCode="COBA", bankCountry="DEU", preferredPayoutMethod="CASH")
        assert broken_rules(refused) == {
            ("iban", "pattern"), ("swiftCode", "pattern"), ("bankCountry", "maxLength"), ("bankCountry", "pattern"),
            ("preferredPayoutMethod", "enum"),
        }  # fmt: skip

    @pytest.mark.parametrize("iban", ["DE89370400440532013001", "DE8937040044053201300", "US89370400440532013000"])
    def test_a_number_that_cannot_be_one_is_refused(
        self, api: Api, headers: dict[str, str], tables: Tables, iban: str
    ) -> None:
        assert refused(api, headers, tables, iban=iban) == (400, "creator.bank.invalid_iban")

    def test_a_bic_of_no_country_is_refused(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        assert refused(api, headers, tables, swiftCode="COBAQQFF") == (400, "creator.bank.invalid_bic")

    @pytest.mark.parametrize(
        "body",
        [
            {"bankCountry": "FR"},
            {"swiftCode": "BNPAFRPP"},
            {"iban": OTHER_IBAN},
            {"iban": OTHER_IBAN, "bankCountry": "GB"},
        ],
    )
    def test_what_does_not_belong_together_is_refused(
        self, api: Api, ada: Creator, tables: Tables, body: dict[str, Any]
    ) -> None:
        headers = with_details(api, ada)
        assert refused(api, headers, tables, **body) == (400, "creator.bank.country_mismatch")

    def test_a_bank_of_another_country_brings_its_own(self, api: Api, ada: Creator) -> None:
        headers = with_details(api, ada)
        told = data(enter(api, headers, iban=OTHER_IBAN, swiftCode="NWBKGB2L"))["bankDetails"]
        assert (told["bankCountry"], told["accountHolderName"]) == ("GB", HOLDER)

    def test_a_territory_goes_by_the_number_of_its_state(self, api: Api, headers: dict[str, str]) -> None:
        told = data(enter(api, headers, iban=OTHER_IBAN, swiftCode="BARCGGG1", bankCountry="GG"))["bankDetails"]
        assert told["bankCountry"] == "GG"

    @pytest.mark.parametrize("method", ["BANK_TRANSFER", "PLATFORM_ACCOUNT"])
    def test_a_method_that_leads_nowhere_is_refused(
        self, api: Api, headers: dict[str, str], tables: Tables, method: str
    ) -> None:
        for more in ({}, {"bankName": BANK}, {"iban": IBAN} if method == "BANK_TRANSFER" else DETAILS):
            outcome = refused(api, headers, tables, preferredPayoutMethod=method, **more)
            assert outcome == (400, "creator.bank.method_unavailable")

    def test_a_connected_account_can_be_preferred(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, payout_account_id="acct_1", payout_payouts_enabled=True)
        assert data(enter(api, headers, preferredPayoutMethod="PLATFORM_ACCOUNT"))["preferredPayoutMethod"] == (
            "PLATFORM_ACCOUNT"
        )

    @pytest.mark.parametrize(
        "body", [{}, DETAILS, {"iban": "DE89 3704 0044 0532 0130 00"}, {"preferredPayoutMethod": "BANK_TRANSFER"}],
        ids=["nothing", "all the same", "one the same", "the method the same"],
    )  # fmt: skip
    def test_nothing_else_changes_nothing(self, api: Api, ada: Creator, tables: Tables, body: dict[str, Any]) -> None:
        headers = with_details(api, ada, preferredPayoutMethod="BANK_TRANSFER")
        tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = now()")
        before = tables.fingerprints()
        assert data(enter(api, headers, **body))["bankDetails"]["verified"] is True
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize(
        "body",
        [
            {"iban": "DE75512108001245126199"},
            {"bankName": "Other"},
            {"accountHolderName": "Eve"},
            {"swiftCode": "MARKDEFF"},
        ],
    )
    def test_verified_is_said_of_a_value(
        self, api: Api, ada: Creator, server: Server, tables: Tables, body: dict[str, Any]
    ) -> None:
        headers = with_details(api, ada)
        server.configure(**{"payout.destination_hold_hours": 24})
        tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = now(), held_until = '2026-01-01T00:00Z'")
        told = data(enter(api, headers, **body))
        assert (told["bankDetails"]["state"], told["bankDetails"]["verifiedAt"]) == ("PENDING", None)
        assert told["availableMethods"]["BANK_TRANSFER"] is False
        left = datetime.fromisoformat(told["bankDetails"]["heldUntil"]) - datetime.now(UTC)
        assert timedelta(hours=23) < left <= timedelta(hours=24)

    def test_the_method_alone_changes_nothing_of_that(self, api: Api, ada: Creator, tables: Tables) -> None:
        headers = with_details(api, ada)
        tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = now()")
        held = tables.one("SELECT held_until FROM bank_details")
        jobs = len(topics(tables))
        told = data(enter(api, headers, preferredPayoutMethod="BANK_TRANSFER"))
        assert told["bankDetails"]["verified"] is True
        assert tables.one("SELECT held_until FROM bank_details") == held
        assert len(topics(tables)) == jobs

    def test_the_owner_is_mailed_and_the_audit_has_the_end_only(
        self, api: Api, server: Server, ada: Creator, tables: Tables
    ) -> None:
        with_details(api, ada)
        server.work_off()
        (mail,) = api.mails(ada.email)
        assert "3000" in mail["text"]
        assert IBAN not in mail["text"]
        (entry,) = audited(tables, "creator.bank.update.success")
        assert entry["details"] == {"fields": sorted(DETAILS), "last4": "3000"}
        written = str(tables.rows("SELECT * FROM audit_logs")) + str(tables.rows("SELECT payload FROM outbox"))
        assert not any(value in written for value in (IBAN, HOLDER, BANK))

    def test_a_name_alone_waits_for_nobody(
        self, api: Api, server: Server, headers: dict[str, str], ada: Creator
    ) -> None:
        assert data(enter(api, headers, accountHolderName=HOLDER))["bankDetails"]["state"] is None
        server.work_off()
        (mail,) = api.mails(ada.email)
        assert "3000" not in mail["text"]

    def test_it_asks_for_a_proof_of_the_last_minutes(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        tables.run("UPDATE sessions SET confirmed_at = now() - interval '1 day'")
        assert refused(api, headers, tables, iban=IBAN) == (403, "auth.confirmation_required")

    def test_the_method_of_before_is_no_change(
        self, api: Api, headers: dict[str, str], ada: Creator, tables: Tables
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, payout_account_id="acct_1", payout_payouts_enabled=True)
        data(enter(api, headers, preferredPayoutMethod="PLATFORM_ACCOUNT"))
        change(tables, "creator_profiles", ada.creator_id, payout_payouts_enabled=False)
        told = data(enter(api, headers, **DETAILS, preferredPayoutMethod="PLATFORM_ACCOUNT"))
        assert (told["bankDetails"]["iban"], told["preferredPayoutMethod"]) == (IBAN, "PLATFORM_ACCOUNT")

    def test_two_changes_at_once_both_hold(self, api: Api, headers: dict[str, str]) -> None:
        bodies: list[dict[str, Any]] = [{"iban": IBAN}, {"accountHolderName": HOLDER}, {"bankName": BANK}]
        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(lambda body: enter(api, headers, **body), bodies))
        assert {answer.status_code for answer in answers} == {200}
        told = shown(api, headers)["bankDetails"]
        assert (told["iban"], told["accountHolderName"], told["bankName"]) == (IBAN, HOLDER, BANK)
        assert told["state"] == "PENDING"
