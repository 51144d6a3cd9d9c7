"""The ledger is compared with what it is about: damage is named, stops payouts, and is closed by people alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from domain.money.escrows import Order
from domain.money.ledger import WalletName, platform
from domain.money.reconciliation import MOST, TOPIC, WARNINGS
from persistence.money.books import CHECKS as BOOKS
from persistence.money.reconciliation import CHECKS
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import PROVIDER
from tests.money import fan, load, post
from tests.staff import Hired, member

OPEN, RELEASED, REFUNDED = (UUID(int=number) for number in range(1, 4))
REASON = "Put right by hand; ticket 4711."


@pytest.fixture
def ada(api: Api, tables: Tables) -> WalletName:
    """She paid for three messages, of which one is answered and one rejected; a gift and a correction are hers, too.

    She gets something back, disputes a part and uses coupons, and somebody's money fits nothing.
    """
    wallet = fan(account(api, tables))
    creator = account(api, tables, email="eve@example.com", username="eve")
    paid = load(api.server, wallet.user_id, 5000)
    insert(
        tables, "payments", id=paid, wallet_id=wallet.id, amount=5000, currency="USD", status="PAID", provider=PROVIDER,
        return_url="", expires_at="2026-01-01", paid_at="2026-01-01",
    )  # fmt: skip
    adjustment = insert(
        tables, "adjustments", wallet_id=wallet.id, account="fan", contra="goodwill", currency="USD", amount=100,
        status="APPROVED", reason="", requested_by=uuid4(), decided_by=uuid4(), decision="", decided_at="2026-01-02",
    )  # fmt: skip
    reward = insert(
        tables, "referral_rewards", user_id=wallet.user_id, referee_id=creator, payment_id=paid, amount=30,
        state="PAID", trigger_type="FIRST_PAYMENT", held_until="2026-01-01", paid_at="2026-01-15",
    )  # fmt: skip
    bob = account(api, tables, email="bob@example.com", username="bob")
    taken_back = insert(
        tables, "referral_rewards", user_id=wallet.user_id, referee_id=bob, payment_id=paid, amount=10,
        state="CLAWED_BACK", clawed_back=True, trigger_type="FIRST_PAYMENT", held_until="2026-01-01",
        paid_at="2026-01-15", ended_at="2026-01-16",
    )  # fmt: skip
    coupon = insert(tables, "coupons", code="TENTH", type="PERCENT", value=1000, applies_to="BOTH")
    used = {"coupon_id": coupon, "user_id": wallet.user_id, "status": "USED", "settled_at": "2026-01-01"}
    until = {"expires_at": "2026-01-01"}
    loaded = insert(tables, "coupon_usages", applies_to="LOAD", amount=5000, discount=500, **used, **until)
    reserved = used | {"status": "RESERVED", "settled_at": None}
    sent = insert(tables, "coupon_usages", applies_to="MESSAGE", amount=500, discount=50, **reserved, **until)
    dispute = insert(
        tables, "disputes", payment_id=paid, wallet_id=wallet.id, provider=PROVIDER, ref="dp_1", amount=120,
        taken_at="2026-01-02", returned_at="2026-01-03", closed_at="2026-01-03",
    )  # fmt: skip
    given = {"adjustment": adjustment, "reward": reward, "taken_back": taken_back, "loaded": loaded, "sent": sent}
    api.server.on_loop(lives(api.server, wallet, creator, dispute=dispute, **given))
    refund = insert(
        tables, "refunds", payment_id=paid, provider=PROVIDER, amount=200, status="OPEN", requested_by=uuid4(),
        reason="", settled_at=None,
    )  # fmt: skip
    insert(tables, "strays", provider=PROVIDER, ref="cs_1", amount=240, currency="USD")
    post(api.server, flows.refund_asked(wallet, refund, 200), flows.strayed(PROVIDER, "cs_1", 240))
    return wallet


async def lives(server: Server, wallet: WalletName, creator: UUID, **ids: UUID) -> None:
    now, escrows, gifts = datetime.now(UTC), EscrowService(), GiftService()
    async with server.app.parts.database.unit() as db:
        goodwill = platform("goodwill")
        await db.ledger.post(flows.adjusted(wallet, ids["adjustment"], "fan", 100, goodwill, uuid4()))
        coupon = flows.coupon_credited(wallet, ids["loaded"], 500)
        await gifts.give(db, wallet, "COUPON", coupon, ids["loaded"], None)
        for name, amount in (("reward", 3000), ("taken_back", 1000)):
            await gifts.give(db, wallet, "REWARD", flows.rewarded(wallet, ids[name], amount), ids[name], None)
        left = await gifts.withdraw(db, wallet, "REWARD", ids["taken_back"], now)
        back = flows.reward_taken_back(wallet, ids["taken_back"], left, await db.ledger.balances(wallet))
        assert back is not None
        await db.ledger.post(back)
        has, dispute = await db.ledger.balances(wallet), ids["dispute"]
        await db.ledger.post(flows.disputed(wallet, dispute, PROVIDER, 120, has))
        await db.ledger.post(flows.dispute_fee(dispute, PROVIDER, 15))
        await db.ledger.post(flows.dispute_won(wallet, dispute, PROVIDER, 120, has))
        for escrow_id in (OPEN, RELEASED, REFUNDED):
            usage = ids["sent"] if escrow_id == RELEASED else None
            order = Order(escrow_id, uuid4(), wallet.user_id, creator, 500, 2000, now + timedelta(days=2), usage)
            await escrows.hold(db, order)
        await escrows.release(db, RELEASED, now)
        await escrows.refund(db, REFUNDED, "REJECTED", now)


def damage(tables: Tables, statement: str, *values: Any) -> None:
    """While the triggers are off."""
    tables.run("SET session_replication_role = replica")
    try:
        assert tables.run(statement, *values) > 0
    finally:
        tables.run("SET session_replication_role = origin")


def reconcile(api: Api) -> None:
    api.server.let_time_come(TOPIC)


def findings(api: Api, caller: Hired, **params: Any) -> list[dict[str, Any]]:
    response = api.call("admin.finance.findings.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    return items


def runs(api: Api, caller: Hired) -> list[dict[str, Any]]:
    response = api.call("admin.finance.reconciliations.list", headers=caller.headers)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    return items


def close(api: Api, caller: Hired, finding_id: str, **body: str) -> httpx.Response:
    path, given = f"/admin/ledger/findings/{finding_id}/close", {"reason": REASON} | body
    return api.call("admin.finance.findings.close", given, path=path, headers=caller.headers)


def stopped(tables: Tables) -> bool:
    return tables.rows("SELECT value FROM config_entries WHERE name = 'kill_switch.PAYOUT'") == [{"value": True}]


# What is done to the rows while the triggers are off, and how its findings begin.
DAMAGE: Mapping[str, tuple[str, set[str]]] = {
    "a price is gone": ("DELETE FROM escrows WHERE status = 'HELD'", {"escrow", "price"}),
    "another price": ("UPDATE escrows SET price = 501, promo = promo + 1 WHERE status = 'HELD'", {"escrow"}),
    "a price of its own": (
        "INSERT INTO escrows (id, message_id, fan_id, creator_user_id, currency, price, promo, paid, coupon, "
        "commission_bps, deadline) SELECT gen_random_uuid(), gen_random_uuid(), fan_id, creator_user_id, 'USD', 7, 0, "
        "7, 0, 2000, now() + interval '1 day' FROM escrows LIMIT 1",
        {"escrow", "price"},
    ),
    "a price that waits again": (
        "UPDATE escrows SET status = 'HELD', outcome = NULL, settled_at = NULL WHERE status = 'RELEASED'",
        {"escrow", "price"},
    ),
    "another end": (
        "UPDATE escrows SET status = 'REFUNDED', outcome = 'EXPIRED' WHERE status = 'RELEASED'",
        {"price", "coupon"},
    ),
    "more is left of a gift": ("UPDATE promo_grants SET amount = 9000, remaining = remaining + 5", {"gifts"}),
    "a gift is gone": ("DELETE FROM promo_grants", {"gifts"}),
    "a balance that nobody left": (
        "INSERT INTO unclaimed_balances (wallet_id, type, currency, amount, code_hash) "
        "SELECT id, type, 'USD', 7, '' FROM wallets LIMIT 1",
        {"unclaimed"},
    ),
    "a correction was not approved": ("UPDATE adjustments SET status = 'REJECTED'", {"adjustment"}),
    "a correction is gone": ("DELETE FROM adjustments", {"adjustment"}),
    "a payment that was never credited": (
        "INSERT INTO payments (id, wallet_id, amount, currency, status, provider, return_url, expires_at, paid_at) "
        "SELECT gen_random_uuid(), id, 500, 'USD', 'PAID', 'sandbox', '', now(), now() FROM wallets LIMIT 1",
        {"load"},
    ),
    "a reward was never paid": (
        "UPDATE referral_rewards SET state = 'VOID', why = 'SAME_DEVICE', paid_at = NULL, ended_at = now() "
        "WHERE state = 'PAID'",
        {"reward"},
    ),
    "another reward": ("UPDATE referral_rewards SET amount = 31 WHERE state = 'PAID'", {"reward"}),
    "a reward is gone": ("DELETE FROM referral_rewards WHERE state = 'PAID'", {"reward"}),
    "a reward was never taken back": (
        "UPDATE referral_rewards SET state = 'PAID', clawed_back = false, ended_at = NULL WHERE state = 'CLAWED_BACK'",
        {"reward"},
    ),
    "more was taken back than there was": (
        "UPDATE referral_rewards SET amount = 9 WHERE state = 'CLAWED_BACK'",
        {"reward"},
    ),
    "a coupon of a load is gone": ("DELETE FROM coupon_usages WHERE applies_to = 'LOAD'", {"coupon"}),
    "a coupon of a load was never used": (
        "UPDATE coupon_usages SET status = 'RELEASED' WHERE applies_to = 'LOAD'",
        {"coupon"},
    ),
    "another discount": ("UPDATE coupon_usages SET discount = 501 WHERE applies_to = 'LOAD'", {"coupon"}),
    "a coupon of a load that gave nothing": (
        "INSERT INTO coupon_usages (id, coupon_id, user_id, applies_to, amount, discount, expires_at, status, "
        "settled_at) SELECT gen_random_uuid(), coupon_id, user_id, 'LOAD', 100, 10, now(), 'USED', now() "
        "FROM coupon_usages WHERE applies_to = 'LOAD'",
        {"coupon"},
    ),
    "a coupon of a message was never used": (
        "UPDATE coupon_usages SET status = 'RELEASED' WHERE applies_to = 'MESSAGE'",
        {"coupon"},
    ),
    "a coupon of a message that paid nothing": (
        "INSERT INTO coupon_usages (id, coupon_id, user_id, applies_to, amount, discount, expires_at, status, "
        "settled_at) SELECT gen_random_uuid(), coupon_id, user_id, 'MESSAGE', 100, 10, now(), 'USED', now() "
        "FROM coupon_usages WHERE applies_to = 'LOAD'",
        {"coupon"},
    ),
    "a dispute is gone": ("DELETE FROM disputes", {"dispute"}),
    "a dispute took nothing": ("UPDATE disputes SET taken_at = NULL, returned_at = NULL", {"dispute"}),
    "a dispute was not won": ("UPDATE disputes SET returned_at = NULL", {"dispute"}),
    "another amount of a dispute": ("UPDATE disputes SET amount = 121", {"dispute"}),
    "a dispute that was never booked": (
        "INSERT INTO disputes (id, payment_id, wallet_id, provider, ref, amount, taken_at) "
        "SELECT gen_random_uuid(), payment_id, wallet_id, provider, 'dp_2', 10, now() FROM disputes",
        {"dispute"},
    ),
    "a fee that was never booked": ("UPDATE payments SET fee = 30", {"load_fee"}),
    "a refund that ended without a transfer": (
        "UPDATE refunds SET status = 'DONE', ref = 're_1', settled_at = now()",
        {"refund", "refund_transit"},
    ),
    "another amount of a refund": ("UPDATE refunds SET amount = 201", {"refund_transit"}),
    "a refund is gone": ("DELETE FROM refunds", {"refund", "refund_transit"}),
    "a refund that was never taken from the wallet": (
        "INSERT INTO refunds (id, payment_id, provider, ref, amount) "
        "SELECT gen_random_uuid(), id, 'sandbox', 're_2', 1 FROM payments",
        {"refund"},
    ),
    "money that fits nothing is gone": ("DELETE FROM strays", {"suspense", "stray"}),
    "another amount that fits nothing": ("UPDATE strays SET amount = 241", {"suspense", "stray"}),
    "money that fits nothing went back": (
        "UPDATE strays SET state = 'RETURNED', settled_at = now()",
        {"suspense", "stray"},
    ),
    "money that fits nothing was given to somebody": (
        "UPDATE strays SET state = 'CREDITED', settled_at = now(), wallet_id = (SELECT id FROM wallets LIMIT 1)",
        {"suspense", "stray"},
    ),
    "money that fits nothing was never booked": (
        "INSERT INTO strays (id, provider, ref, amount, currency) SELECT gen_random_uuid(), provider, 'cs_2', 1, "
        "currency FROM strays",
        {"suspense", "stray"},
    ),
    "a fee of what fits nothing was never booked": ("UPDATE strays SET fee = 30", {"load_fee"}),
    "another balance": (
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE code = 'creator'",
        {"balance", "wallet"},
    ),
    "a leg is gone": (
        "DELETE FROM ledger_entries e USING ledger_transfers t WHERE t.id = e.transfer_id AND t.kind = 'reward' "
        "AND e.account_version IS NULL",
        {"sum", "transfer", "fingerprint"},
    ),
    "entries in another order": (
        "UPDATE ledger_entries SET account_version = account_version + 70 WHERE account_version = 1",
        {"chain"},
    ),
}  # fmt: skip


class TestPages:
    def test_lists_go_on(self, api: Api, finance: Hired, tables: Tables, ada: WalletName) -> None:
        damage(tables, DAMAGE["a price is gone"][0])
        for _ in range(2):
            reconcile(api)
        listed = [run["id"] for run in runs(api, finance)]
        assert len(listed) == 2
        assert walked(api, "admin.finance.reconciliations.list", finance) == listed
        found = [finding["id"] for finding in findings(api, finance)]
        assert len(found) > 1
        assert walked(api, "admin.finance.findings.list", finance) == found


class TestReconcile:
    def test_right_books_have_no_findings(self, api: Api, finance: Hired, tables: Tables, ada: WalletName) -> None:
        reconcile(api)
        assert findings(api, finance) == []
        (run,) = runs(api, finance)
        assert (run["findings"], run["severe"], run["wallets"], run["transfers"]) == (0, 0, 2, 16)
        assert not stopped(tables)

    @pytest.mark.parametrize("name", DAMAGE)
    def test_damage_is_named_and_stops_payouts(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName, name: str
    ) -> None:
        statement, expected = DAMAGE[name]
        damage(tables, statement)
        for _ in range(2):
            reconcile(api)
        found = findings(api, finance, open="true")
        assert {finding["check"] for finding in found} >= expected, found
        assert {finding["check"] for finding in found} <= expected | {"fingerprint"}, found
        assert len({(finding["check"], finding["what"]) for finding in found}) == len(found)
        assert all(finding["severe"] and finding["closedAt"] is None for finding in found)
        assert all(finding["lastSeen"] > finding["firstSeen"] for finding in found)
        assert stopped(tables)

    def test_what_waits_too_long_is_told_and_stops_nothing(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        tables.run("UPDATE escrows SET deadline = now() - interval '16 minutes' WHERE id = %s", OPEN)
        reconcile(api)
        (finding,) = findings(api, finance)
        assert (finding["check"], finding["what"], finding["severe"]) == ("overdue", str(OPEN), False)
        assert not stopped(tables)

    def test_a_session_that_is_open_after_its_end_is_told_and_stops_nothing(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        """As with the key of a former provider that was revoked: nobody says any more what became of it."""
        session = {"wallet_id": ada.id, "amount": 100, "currency": "USD", "provider": "former", "return_url": ""}
        now = datetime.now(UTC)
        late = insert(tables, "payments", expires_at=now - timedelta(minutes=61), **session)
        insert(tables, "payments", expires_at=now - timedelta(minutes=59), **session)
        reconcile(api)
        (finding,) = findings(api, finance)
        assert (finding["check"], finding["what"], finding["severe"]) == ("overdue", str(late), False)
        assert (finding["expected"].startswith("paid or ended by "), finding["found"]) == (True, "OPEN")
        assert finding["expected"].endswith(" at former")
        assert not stopped(tables)

    def test_notices_of_what_is_not_known_are_told_and_stop_nothing(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        now = datetime.now(UTC)
        ids = {
            (family, state, minutes): insert(
                tables, "provider_events", family=family, state=state, provider="sandbox", type="x",
                external_id=f"{family}{state}{minutes}", received_at=now - timedelta(minutes=minutes), ended_at=now,
            )
            for family in ("payment", "payout", "kyc")
            for state in ("UNMATCHED", "DONE")
            for minutes in (59, 61)
        }  # fmt: skip
        reconcile(api)
        found = findings(api, finance)
        assert {each["what"] for each in found} == {str(ids[name, "UNMATCHED", 61]) for name in ("payment", "payout")}
        assert {(each["check"], each["found"], each["severe"]) for each in found} == {("overdue", "UNMATCHED", False)}
        assert not stopped(tables)

    def test_money_in_a_closed_wallet_is_told_and_stops_nothing(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        tables.run("UPDATE wallets SET closed_at = now() WHERE id = %s", ada.id)
        reconcile(api)
        (finding,) = findings(api, finance)
        assert (finding["check"], finding["what"], finding["severe"]) == ("closed", str(ada.id), False)
        assert not stopped(tables)

    def test_refunds_and_suspense_that_wait_too_long(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        tables.run("UPDATE refunds SET created_at = now() - interval '15 days 1 minute'")
        tables.run("UPDATE strays SET created_at = now() - interval '7 days 1 minute'")
        reconcile(api)
        found = {finding["check"]: finding["severe"] for finding in findings(api, finance)}
        assert found == {"refund_overdue": False, "suspense_overdue": False}
        assert not stopped(tables)

    def test_every_check_of_its_own_is_tried(self) -> None:
        tried = {check for _, expected in DAMAGE.values() for check in expected} | WARNINGS
        tried |= {"payouts", "payout"}  # damage to them is done in tests/services/test_payout_sending.py
        tried.add("contradicted")  # in tests/handlers/admin/payouts/test_settlements.py
        assert tried >= set(CHECKS)
        assert not set(CHECKS) & set(BOOKS)

    def test_the_switch_has_its_history(self, api: Api, finance: Hired, tables: Tables, ada: WalletName) -> None:
        damage(tables, "DELETE FROM promo_grants")
        for _ in range(2):
            reconcile(api)
        (change,) = tables.rows("SELECT after, reason FROM config_history WHERE name = 'kill_switch.PAYOUT'")
        assert (change["after"], change["reason"]) == (True, "The ledger has findings.")
        assert len(audited(tables, "config.set")) == 1

    def test_of_very_many_findings_the_first_are_stored(
        self, api: Api, finance: Hired, tables: Tables, ada: WalletName
    ) -> None:
        damage(
            tables,
            "INSERT INTO escrows (id, message_id, fan_id, creator_user_id, currency, price, promo, paid, coupon, "
            "commission_bps, deadline) SELECT gen_random_uuid(), gen_random_uuid(), fan_id, creator_user_id, 'USD', 7, "
            "0, 7, 0, 2000, now() + interval '1 day' FROM escrows, generate_series(1, %s) WHERE status = 'HELD'",
            MOST,
        )
        reconcile(api)
        (run,) = runs(api, finance)
        assert (run["findings"], run["severe"]) == (MOST + 1, MOST + 1)
        assert tables.count("ledger_findings") == MOST


class TestRun:
    def test_it_is_due_at_once(self, api: Api, finance: Hired, tables: Tables) -> None:
        response = api.call("admin.finance.reconciliations.run", {"reason": REASON}, headers=finance.headers)
        assert (response.status_code, response.json()["data"]["topic"]) == (202, TOPIC)
        assert tables.one("SELECT next_due <= now() AS due FROM scheduled_jobs WHERE topic = %s", TOPIC) == {
            "due": True
        }
        (entry,) = audited(tables, "admin.finance.reconciliations.run")
        assert (entry["actor_id"], entry["reason"]) == (finance.id, REASON)

    def test_a_body_without_a_reason_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.reconciliations.run", {}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_who_may_only_read_may_not(self, api: Api, server: Server) -> None:
        headers = member(server, "AUDITOR").headers
        response = api.call("admin.finance.reconciliations.run", {"reason": REASON}, headers=headers)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestListOfReconciliations:
    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.reconciliations.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_a_limit_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.reconciliations.list", params={"limit": "0"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_the_newest_come_first(self, api: Api, finance: Hired, tables: Tables) -> None:
        for _ in range(2):
            reconcile(api)
        first, second = runs(api, finance)
        assert first["startedAt"] > second["startedAt"]


class TestFindings:
    @pytest.fixture
    def found(self, api: Api, finance: Hired, tables: Tables, ada: WalletName) -> dict[str, Any]:
        damage(tables, "UPDATE promo_grants SET amount = 9000, remaining = remaining + 5")
        reconcile(api)
        (finding,) = findings(api, finance)
        return finding

    def test_it_is_told(self, found: dict[str, Any], ada: WalletName) -> None:
        assert (found["check"], found["what"]) == ("gifts", str(ada.id))
        assert found["expected"].endswith(" left of gifts")
        assert found["found"].endswith(" in the account")

    def test_filters_are_combined(self, api: Api, finance: Hired, found: dict[str, Any]) -> None:
        assert findings(api, finance, open="true", check="gifts") == [found]
        assert findings(api, finance, open="false") == findings(api, finance, check="escrow") == []

    def test_somebody_closes_it_and_it_stays_closed_as_it_is(
        self, api: Api, finance: Hired, tables: Tables, found: dict[str, Any]
    ) -> None:
        told = close(api, finance, found["id"]).json()["data"]
        assert (told["closedBy"], told["closedBecause"]) == (str(finance.id), REASON)
        (entry,) = audited(tables, "admin.finance.findings.close")
        assert (entry["after"]["check"], entry["reason"]) == ("gifts", REASON)
        reconcile(api)
        (same,) = findings(api, finance)
        assert (same["id"], same["closedAt"], same["lastSeen"] > found["lastSeen"]) == (
            found["id"], told["closedAt"], True,
        )  # fmt: skip

    def test_anything_else_is_a_finding_of_its_own(
        self, api: Api, finance: Hired, tables: Tables, found: dict[str, Any]
    ) -> None:
        close(api, finance, found["id"])
        damage(tables, "UPDATE promo_grants SET remaining = remaining + 1")
        reconcile(api)
        (another,) = findings(api, finance, open="true")
        assert (another["check"], another["what"]) == ("gifts", found["what"])

    def test_one_is_closed_once(self, api: Api, finance: Hired, found: dict[str, Any]) -> None:
        assert close(api, finance, found["id"]).status_code == 200
        response = close(api, finance, found["id"])
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")

    def test_without_words_none_is_closed(self, api: Api, finance: Hired, found: dict[str, Any]) -> None:
        response = close(api, finance, found["id"], reason=" ")
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = close(api, finance, str(uuid4()))
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    @pytest.mark.parametrize(
        ("params", "code"), [({"cursor": "x"}, "admin.cursor_invalid"), ({"check": "A b"}, "validation.failed")]
    )
    def test_what_cannot_be_read_is_refused(self, api: Api, finance: Hired, params: dict[str, str], code: str) -> None:
        response = api.call("admin.finance.findings.list", params=params, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, code)
