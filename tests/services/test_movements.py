"""The books of providers beside ours: what differs is looked at, found by name, and stops payouts if money is gone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.money import flows
from domain.money.movements import MOST_DIFFERENCES, Movement, last_settled
from domain.money.reconciliation import MOVEMENTS, is_severe
from tests.handlers.support import account, insert
from tests.harness import Api, Server, Tables, bearer
from tests.money import assert_books_agree, begin, do, post, press
from tests.movements import compare, noon, run
from tests.payment_vendor import faulty
from tests.payout_vendor import payout_of
from tests.payouts import enabled
from tests.providers.servers import closed_port
from tests.staff import member

BOOK = "clearing:sandbox"
OLD = datetime.now(UTC) - timedelta(days=30)
STOPPED = "SELECT value FROM config_entries WHERE name = 'kill_switch.PAYOUT'"


@pytest.fixture
def headers(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables, created_at=OLD)
    return bearer(api.sign_in())


def ref_of(session: dict[str, str]) -> str:
    return session["checkoutUrl"].rpartition("/")[2]


def planted(tables: Tables, session: dict[str, str], kind: str, amount: int) -> None:
    """A line in the sandbox's book that no button made."""
    insert(tables, "sandbox_movements", sandbox_id=UUID(ref_of(session)), kind=kind, amount=amount)


def payout(api: Api, tables: Tables) -> UUID:
    """One that is paid by the sandbox."""
    one, _, _ = enabled(api, tables, email="eve@example.com", username="eve")
    form = {"type": "W9", "country": "US", "details": b"sealed", "signed_at": "2026-01-02", "state": "APPROVED"}
    insert(tables, "tax_forms", user_id=one.user_id, **form, decided_at="2026-01-03", decided_by=one.user_id)
    made = payout_of(api.server, one, provider="sandbox", status="APPROVED")
    api.server.let_time_come("payouts.sweep")
    assert tables.one("SELECT status FROM payouts WHERE id = %s", made) == {"status": "PROCESSED"}
    return made


class TestRightBooks:
    def test_nothing_is_found(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        do(api, begin(api, headers), "pay", "refund")
        do(api, begin(api, headers), "pay", "charge_back", "win")
        do(api, begin(api, headers), "pay", "charge_back", "lose")
        session, staff = begin(api, headers), member(server, "FINANCE")
        do(api, session, "pay")
        path, body = f"/admin/payments/{session['sessionId']}/refund", {"amount": "5.00", "reason": "Ticket 4711."}
        assert api.call("admin.finance.payments.refund", body, path=path, headers=staff.headers).status_code == 202
        server.work_off()
        do(api, session, "confirm_refund", "fail_refund")
        payout(api, tables)
        assert compare(server, tables) == []
        days = tables.rows("SELECT account, fault FROM provider_days WHERE compared_at IS NOT NULL")
        assert {row["account"] for row in days} == {BOOK, "rail:sandbox"}
        assert_books_agree(tables)
        assert tables.rows(STOPPED) == []

    def test_a_day_that_is_read_again_is_the_same(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        do(api, begin(api, headers), "pay", "refund")
        compare(server, tables)
        lines = "SELECT account, day, ref, kind, amount FROM provider_movements ORDER BY number"
        first = tables.rows(lines)
        assert len(first) == 3
        tables.run("UPDATE provider_days SET read_at = NULL, lines = NULL, compared_at = NULL")
        assert compare(server, tables) == []
        assert tables.rows(lines) == first
        assert {row["tries"] for row in tables.rows("SELECT tries FROM provider_days")} == {2}

    def test_a_day_with_more_differences_than_are_looked_at_stays_open(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        """What is beyond them would never be seen."""
        do(api, begin(api, headers), "pay")
        run(server, noon())
        tables.run(
            "INSERT INTO provider_movements (account, day, number, ref, kind, amount) "
            "SELECT account, day, 1000 + n, 'unknown-' || n, 'OTHER', -1 "
            "FROM (SELECT account, max(day) AS day FROM provider_days WHERE account = %s GROUP BY account) d, "
            "generate_series(1, %s) n",
            BOOK,
            MOST_DIFFERENCES,
        )
        run(server, noon() + timedelta(hours=1))
        assert tables.rows("SELECT day FROM provider_days WHERE account = %s AND compared_at IS NOT NULL", BOOK) == []

    def test_what_is_under_way_is_left_out(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        """Vendors take the money of a refund when it is asked for; the books do when it is made."""
        session, staff = begin(api, headers), member(server, "FINANCE")
        do(api, session, "pay")
        path, body = f"/admin/payments/{session['sessionId']}/refund", {"amount": "5.00", "reason": "Ticket 4711."}
        api.call("admin.finance.payments.refund", body, path=path, headers=staff.headers)
        server.work_off()
        planted(tables, session, "REFUND", -500)
        assert compare(server, tables) == []

    def test_what_is_booked_after_the_day_is_compared_with_the_next(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        do(api, session, "pay")
        tables.run("UPDATE sandbox_movements SET created_at = created_at - interval '1 day'")
        run(server, noon(1))
        run(server, noon(1) + timedelta(hours=1))
        assert compare(server, tables) == []


class TestDifferences:
    @pytest.fixture
    def paid(self, api: Api, headers: dict[str, str]) -> dict[str, str]:
        session = begin(api, headers)
        do(api, session, "pay")
        return session

    def test_a_notice_that_was_lost_is_looked_for_first(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        do(api, begin(api, headers), "pay")
        lost = begin(api, headers)
        origin = server.origin
        server.configure(**{"site.api_url": f"http://127.0.0.1:{closed_port()}"})
        press(api, lost, "pay")
        server.configure(**{"site.api_url": origin})
        assert compare(server, tables) == []
        assert tables.one("SELECT status FROM payments WHERE id = %s", lost["sessionId"]) == {"status": "PAID"}
        assert_books_agree(tables)

    def test_money_that_the_books_lack_is_told(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, paid: dict[str, str]
    ) -> None:
        session = begin(api, headers)
        planted(tables, session, "CHARGE", 900)
        assert compare(server, tables) == [("movement_in", f"{BOOK} PAID {ref_of(session)}", False)]
        assert tables.rows(STOPPED) == []

    def test_money_that_left_without_the_books_stops_payouts(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, paid: dict[str, str]
    ) -> None:
        planted(tables, paid, "REFUND", -900)
        for _ in range(2):
            assert compare(server, tables) == [("movement_out", f"{BOOK} BACK {ref_of(paid)}", True)]
        assert tables.rows(STOPPED) == [{"value": True}]
        (row,) = tables.rows("SELECT expected, found FROM ledger_findings")
        assert row == {"expected": "-900 as the provider says", "found": "0 in the books"}

    def test_an_id_of_a_provider_may_end_as_what_came_back_does(self, server: Server, tables: Tables) -> None:
        """What came back after it went is numbered behind a colon in the ledger: no id is cut that is one itself."""
        post(server, *(flows.strayed("sandbox", ref, 700) for ref in ("cs:1", "cs:1:1", "cs:1:2", "cs:2")))
        post(server, *(flows.stray_returned("sandbox", ref, 700) for ref in ("cs:1", "cs:1:1")))
        of = {"provider": "sandbox", "amount": 700, "currency": "USD"}
        insert(tables, "strays", ref="cs:1", came_back=2, **of)
        insert(tables, "strays", ref="cs:2", **of)

        async def work() -> list[tuple[str, str, int]]:
            async with server.app.parts.database.unit() as db:
                found = await db.movements.differences(BOOK, noon(1).date(), 10)
                return [(each.ref, each.kind, each.ours) for each in found]

        assert server.on_loop(work()) == [("cs:1", "PAID", 700), ("cs:2", "PAID", 700)]

    def test_another_amount(self, server: Server, tables: Tables, paid: dict[str, str]) -> None:
        tables.run("UPDATE sandbox_movements SET amount = amount + 1 WHERE kind = 'CHARGE'")
        assert compare(server, tables) == [("movement_differs", f"{BOOK} PAID {ref_of(paid)}", True)]

    def test_what_the_books_alone_have(self, server: Server, tables: Tables, paid: dict[str, str]) -> None:
        tables.run("DELETE FROM sandbox_movements WHERE kind = 'FEE'")
        assert compare(server, tables) == [("movement_unknown", f"{BOOK} FEE {ref_of(paid)}", True)]

    def test_a_payout_that_the_provider_does_not_have(self, api: Api, server: Server, tables: Tables) -> None:
        made = payout(api, tables)
        ref = tables.one("SELECT ref FROM payout_attempts WHERE payout_id = %s", made)["ref"]
        tables.run("UPDATE sandbox_payouts SET paid_at = NULL")
        found = [("movement_unknown", f"rail:sandbox {kind} {ref}", True) for kind in ("FEE", "PAYOUT")]
        assert compare(server, tables) == found

    def test_a_payout_that_nobody_here_asked_for(self, api: Api, server: Server, tables: Tables) -> None:
        payout(api, tables)
        columns = {"payout_id": uuid4(), "amount": 700, "currency": "USD", "state": "PAID"}
        ref = insert(tables, "sandbox_payouts", key="x", **columns, paid_at=datetime.now(UTC))
        found = [("movement_out", f"rail:sandbox {kind} {ref}", True) for kind in ("FEE", "PAYOUT")]
        assert compare(server, tables) == found

    def test_what_was_closed_and_is_as_it_was_stays_closed(
        self, server: Server, tables: Tables, paid: dict[str, str]
    ) -> None:
        planted(tables, paid, "REFUND", -900)
        compare(server, tables)
        tables.run("UPDATE ledger_findings SET closed_at = now(), closed_by = id, closed_because = 'known'")
        assert compare(server, tables, days=3) == []
        tables.run("UPDATE sandbox_movements SET created_at = now() + interval '3 days' WHERE amount = -900")
        planted(tables, paid, "REFUND", -1)
        tables.run("UPDATE sandbox_movements SET created_at = now() + interval '3 days' WHERE amount = -1")
        assert compare(server, tables, days=5) == [("movement_out", f"{BOOK} BACK {ref_of(paid)}", True)]


class TestAsking:
    def test_a_provider_that_cannot_be_asked_is_asked_again_and_never_compared(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        do(api, session, "pay")
        planted(tables, session, "REFUND", -900)
        with faulty(server) as vendor:
            vendor.mute = True
            assert compare(server, tables) == []
            (day,) = tables.rows("SELECT tries, fault, read_at, compared_at FROM provider_days")
            assert day == {"tries": 2, "fault": "no answer in time", "read_at": None, "compared_at": None}
            metrics = api.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).text
            assert f'biore_movements_compared_timestamp_seconds{{account="{BOOK}"}} 0.0' in metrics
        assert [check for check, _, _ in compare(server, tables)] == ["movement_out"]
        assert tables.rows("SELECT fault FROM provider_days WHERE fault IS NOT NULL") == []

    def test_one_without_a_list_is_not_asked(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        do(api, begin(api, headers), "pay")
        with faulty(server) as vendor:
            vendor.tells_movements = False
            compare(server, tables)
        assert tables.count("provider_days") == 0

    def test_what_was_paid_to_our_bank_and_what_it_costs_is_booked_once(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        do(api, begin(api, headers), "pay")
        with faulty(server) as vendor:
            more = [Movement("po_1", "SETTLED", -2000), Movement("fee_1", "COST", -40)]
            vendor.more = {datetime.now(UTC).date(): more}
            for days in (2, 3):
                assert compare(server, tables, days) == []
        posted = tables.rows("SELECT key FROM ledger_transfers WHERE about = 'VENDOR' ORDER BY key")
        assert [row["key"] for row in posted] == ["cost:sandbox:fee_1", "settle:sandbox:po_1"]
        assert len(tables.rows("SELECT 1 AS n FROM provider_movements WHERE kind = 'SETTLED'")) == 1


class TestRules:
    def test_a_day_is_read_six_hours_after_its_end(self) -> None:
        day = datetime(2026, 11, 30, 5, 59, tzinfo=UTC)
        assert last_settled(day).isoformat() == "2026-11-28"
        assert last_settled(day + timedelta(minutes=1)).isoformat() == "2026-11-29"

    def test_only_money_that_came_stops_nothing(self) -> None:
        assert [check for check in MOVEMENTS if not is_severe(check)] == ["movement_in"]
