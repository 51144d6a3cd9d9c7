"""What creators declare for taxes: what is taken, for how long it holds, and what is never given back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from jobs.money import BATCH
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.tax import ADDRESS, FORM, NAME, OF_THE_USA, SIGNED, TIN, submit, submitted


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def shown(api: Api, headers: dict[str, str]) -> Any:
    response = api.call("creators.tax.find", headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


class TestFind:
    def test_there_is_none_at_first(self, api: Api, headers: dict[str, str]) -> None:
        assert shown(api, headers) == {"form": None, "valid": False, "validUntil": None}

    def test_the_owner_sees_all_but_the_number(self, api: Api, headers: dict[str, str]) -> None:
        given = submit(api, headers, treatyCountry="DE").json()["data"]
        told = shown(api, headers)
        assert told == {"form": given, "valid": False, "validUntil": None}
        expected = {"type": "W8BEN", "country": "DE", "legalName": NAME, "address": {"region": None} | ADDRESS}
        expected |= {
            "tinLast4": "6789",
            "treatyCountry": "DE",
            "signature": NAME,
            "signedAt": SIGNED,
            "state": "PENDING",
        }
        assert given.items() >= expected.items()
        assert TIN not in str(told)

    def test_an_approved_one_holds_until_its_end(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        submit(api, headers)
        tables.run("UPDATE tax_forms SET state = 'APPROVED'")
        assert shown(api, headers)["valid"] is True
        assert shown(api, headers)["validUntil"] == "2030-01-01T00:00:00.000Z"
        tables.run("UPDATE tax_forms SET ends_at = now()")
        assert shown(api, headers)["valid"] is False

    def test_it_holds_while_a_later_one_waits(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        submit(api, headers, type="OTHER")
        tables.run("UPDATE tax_forms SET state = 'APPROVED'")
        submit(api, headers)
        told = shown(api, headers)
        assert (told["form"]["state"], told["valid"], told["validUntil"]) == ("PENDING", True, None)

    def test_what_no_secret_opens_is_shown_as_such(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        submit(api, headers)
        tables.run("UPDATE tax_forms SET details = '0badc0de.00'::bytea")
        told = shown(api, headers)["form"]
        assert (told["legalName"], told["country"], told["state"]) == ("?", "DE", "PENDING")

    def test_nobody_sees_those_of_others(self, api: Api, ada: Creator, tables: Tables) -> None:
        submitted(api, ada)
        eve = signed_in(api, creator(api, tables, "eve@example.com", "eve"))
        assert shown(api, eve)["form"] is None


class TestSubmit:
    def test_it_is_stored_sealed(self, api: Api, ada: Creator, tables: Tables) -> None:
        submitted(api, ada)
        row = tables.one("SELECT * FROM tax_forms")
        assert (row["tin_last4"], row["type"], row["country"]) == ("6789", "W8BEN", "DE")
        details = bytes(row.pop("details"))
        for value in (NAME, TIN, "Berlin"):
            assert value.encode() not in details
            assert value not in str(row)

    def test_the_audit_has_the_end_of_the_number_only(self, api: Api, ada: Creator, tables: Tables) -> None:
        submitted(api, ada)
        (entry,) = audited(tables, "creator.tax.submit.success")
        assert entry["details"] == {"type": "W8BEN", "country": "DE", "tin_last4": "6789"}
        assert not any(value in str(tables.rows("SELECT * FROM audit_logs")) for value in (TIN, NAME, "Berlin"))

    @pytest.mark.parametrize(
        ("kind", "ends"),
        [("W8BEN", "2030-01-01T00:00:00.000Z"), ("W8BEN_E", "2030-01-01T00:00:00.000Z"), ("OTHER", None)],
    )
    def test_some_end_with_the_third_year_after_they_were_signed(
        self, api: Api, headers: dict[str, str], kind: str, ends: str | None
    ) -> None:
        told = submit(api, headers, type=kind).json()["data"]
        assert told["endsAt"] == ends

    def test_of_the_usa_there_is_one_form_only(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        before = tables.fingerprints()
        for body in ({"type": "W9"}, {"country": "US"}, {"country": "US", "type": "OTHER"}):
            assert refused(submit(api, headers, **body)) == (400, "creator.tax.type_mismatch")
        assert tables.changed_since(before) == set()
        assert submit(api, headers, **OF_THE_USA).json()["data"]["tinLast4"] == "6789"

    @pytest.mark.parametrize("tin", ["12345678", "1234567890", "000123456", "111111111", "12345678A"])
    def test_it_has_a_number_of_the_usa(self, api: Api, headers: dict[str, str], tin: str) -> None:
        assert refused(submit(api, headers, **(OF_THE_USA | {"tin": tin}))) == (400, "creator.tax.invalid_tin")

    def test_it_has_no_form_without_a_number(self, api: Api, headers: dict[str, str]) -> None:
        body = {name: value for name, value in (FORM | OF_THE_USA).items() if name != "tin"}
        response = api.call("creators.tax.submit", body, headers=headers)
        assert refused(response) == (400, "creator.tax.invalid_tin")

    def test_elsewhere_the_number_may_be_left_out(self, api: Api, headers: dict[str, str]) -> None:
        body = {name: value for name, value in FORM.items() if name != "tin"}
        response = api.call("creators.tax.submit", body, headers=headers)
        assert (response.status_code, response.json()["data"]["tinLast4"]) == (201, None)

    def test_one_at_a_time_is_reviewed(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        with ThreadPoolExecutor(5) as pool:
            statuses = list(pool.map(lambda _: submit(api, headers).status_code, range(5)))
        assert sorted(statuses) == [201, *[409] * 4]
        assert refused(submit(api, headers)) == (409, "creator.tax.under_review")
        tables.run("UPDATE tax_forms SET state = 'REJECTED'")
        assert submit(api, headers).status_code == 201

    def test_nothing_is_signed_tomorrow(self, api: Api, headers: dict[str, str]) -> None:
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        assert broken_rules(submit(api, headers, signedAt=tomorrow)) == {("signedAt", "maximum")}

    def test_nothing_is_taken_that_has_ended(self, api: Api, headers: dict[str, str]) -> None:
        long_ago = f"{datetime.now(UTC).year - 4}-12-31T23:59:59.000Z"
        assert broken_rules(submit(api, headers, signedAt=long_ago)) == {("signedAt", "minimum")}
        assert submit(api, headers, signedAt=long_ago, type="OTHER").status_code == 201

    def test_of_a_short_number_nothing_is_stored_in_the_clear(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        assert submit(api, headers, tin="12345678").json()["data"]["tinLast4"] is None
        assert tables.one("SELECT * FROM tax_forms")["tin_last4"] is None

    def test_countries_are_such(self, api: Api, headers: dict[str, str]) -> None:
        body = {"country": "QQ", "treatyCountry": "ZZ", "address": ADDRESS | {"country": "XX"}}
        assert broken_rules(submit(api, headers, **body)) == {
            ("country", "pattern"), ("treatyCountry", "pattern"), ("address.country", "pattern"),
        }  # fmt: skip

    def test_what_has_not_the_form_is_told(self, api: Api, headers: dict[str, str]) -> None:
        broken = submit(api, headers, type="W2", tin="1/2", legalName=" ", signedAt="yesterday")
        assert broken_rules(broken) == {
            ("type", "enum"), ("tin", "pattern"), ("legalName", "minLength"), ("signedAt", "format"),
        }  # fmt: skip


class TestReminders:
    def approved(self, api: Api, ada: Creator, tables: Tables, days: float) -> None:
        submitted(api, ada)
        tables.run("UPDATE tax_forms SET state = 'APPROVED', ends_at = now() + make_interval(secs => %s)", days * 86400)

    def mails(self, api: Api, server: Server, ada: Creator) -> int:
        server.let_time_come("money.remind_tax_forms")
        server.work_off()
        return len(api.mails(ada.email))

    def test_the_owner_is_told_three_times(self, api: Api, server: Server, ada: Creator, tables: Tables) -> None:
        self.approved(api, ada, tables, 31)
        assert self.mails(api, server, ada) == 0
        for told, days in enumerate((29, 8, 6, 2, 0.5)):
            tables.run("UPDATE tax_forms SET ends_at = now() + make_interval(secs => %s)", days * 86400)
            expected = (1, 1, 2, 2, 3)[told]
            assert self.mails(api, server, ada) == self.mails(api, server, ada) == expected

    def test_of_more_than_a_batch_all_are_told(self, api: Api, server: Server, ada: Creator, tables: Tables) -> None:
        self.approved(api, ada, tables, 0.5)
        tables.run(
            "INSERT INTO users (id, email) "
            "SELECT gen_random_uuid(), i || '@many.example' FROM generate_series(1, %s) i",
            BATCH,
        )
        tables.run(
            "INSERT INTO tax_forms (id, user_id, type, country, signed_at, ends_at, state) "
            "SELECT gen_random_uuid(), id, 'W8BEN', 'DE', now(), now() + interval '1 hour', 'APPROVED' FROM users "
            "WHERE email LIKE '%%@many.example' AND %s",
            True,
        )
        server.let_time_come("money.remind_tax_forms")
        assert tables.one("SELECT count(*) AS untold FROM tax_forms WHERE reminded IS NULL")["untold"] == 0

    def test_who_is_told_late_is_told_once(self, api: Api, server: Server, ada: Creator, tables: Tables) -> None:
        self.approved(api, ada, tables, 0.5)
        assert self.mails(api, server, ada) == self.mails(api, server, ada) == 1

    @pytest.mark.parametrize("state", ["PENDING", "REJECTED", "REPLACED"])
    def test_what_does_not_hold_does_not_end(
        self, api: Api, server: Server, ada: Creator, tables: Tables, state: str
    ) -> None:
        self.approved(api, ada, tables, 0.5)
        tables.run("UPDATE tax_forms SET state = %s", state)
        assert self.mails(api, server, ada) == 0
