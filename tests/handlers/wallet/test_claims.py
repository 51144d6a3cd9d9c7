"""Money of accounts that are erased: settled first, then kept for whoever has the code."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.auth import one_time_hash
from domain.money import flows
from domain.money.escrows import Order
from domain.money.ledger import WalletName, platform
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from tests.creators import creator as creator_of
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, balance, begin, do, earn, earning, left_behind, load, post
from tests.payees import available

CLAIM = "wallet.claims.redeem"
GONE = "gone@example.com"


def leaving(tables: Tables) -> UUID:
    """Somebody whose grace has ended."""
    user_id = insert(tables, "users", email=GONE, username="gone", referral_code="GONE")
    leaving_of(tables, user_id)
    return user_id


def leaving_of(tables: Tables, user_id: UUID) -> None:
    due = {"kind": "DELETION", "status": "PENDING", "grace_ends_at": datetime.now(UTC) - timedelta(minutes=1)}
    insert(tables, "gdpr_requests", user_id=user_id, **due)


def hold(server: Server, fan_id: UUID, creator_user_id: UUID, price: int = 1000) -> UUID:
    order = Order(uuid4(), uuid4(), fan_id, creator_user_id, price, 2000, datetime.now(UTC) + timedelta(days=3))

    async def holding() -> None:
        async with server.app.parts.database.unit() as db:
            await EscrowService().hold(db, order)

    server.on_loop(holding())
    return order.id


def state(tables: Tables) -> tuple[str, int]:
    """Of the wish to be erased, and how many wallets are open."""
    wish = tables.one("SELECT status FROM gdpr_requests WHERE kind = 'DELETION'")["status"]
    return wish, tables.one("SELECT count(*)::int AS n FROM wallets WHERE closed_at IS NULL")["n"]


def outcome(tables: Tables, escrow_id: UUID) -> str:
    return str(tables.one("SELECT outcome FROM escrows WHERE id = %s", escrow_id)["outcome"])


class TestErasure:
    def test_in_the_days_before_nobody_spends_and_the_wallet_is_not_frozen(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        fan = account(api, tables)
        load(server, fan, 1000)
        headers = bearer(api.sign_in())
        assert api.call("gdpr.delete", headers=headers).is_success
        assert tables.one("SELECT status FROM users")["status"] == "DEACTIVATED"
        assert tables.one("SELECT frozen_for, closed_at FROM wallets") == {"frozen_for": None, "closed_at": None}
        assert code_of(api.call("wallet.balance", headers=headers)) == "auth.unauthenticated"

    def test_prices_that_wait_go_back_and_what_is_left_is_kept(self, api: Api, server: Server, tables: Tables) -> None:
        creator = account(api, tables)
        fan = leaving(tables)
        load(server, fan, 2500)
        escrow_id = hold(server, fan, creator)
        server.let_time_come("gdpr.erase_due")
        assert outcome(tables, escrow_id) == "FAN_GONE"
        kept = tables.one("SELECT type, amount, currency, claimed_at FROM unclaimed_balances")
        assert kept == {"type": "FAN", "amount": 2500, "currency": "USD", "claimed_at": None}
        assert tally(tables, "unclaimed") == 2500
        assert tables.one("SELECT balance, closed_at IS NULL AS open FROM wallets") == {"balance": 0, "open": False}
        (mail,) = api.mails(GONE)
        assert "25.00 USD" in mail["text"]

    def test_fans_of_a_creator_who_is_gone_get_theirs(self, api: Api, server: Server, tables: Tables) -> None:
        fan = account(api, tables)
        load(server, fan, 1000)
        creator = leaving(tables)
        escrow_id = hold(server, fan, creator)
        server.let_time_come("gdpr.erase_due")
        assert outcome(tables, escrow_id) == "CREATOR_GONE"
        assert balance(api, bearer(api.sign_in())) == "10.00"
        assert tables.count("unclaimed_balances") == 0
        assert "USD" not in api.mails(GONE)[0]["text"]

    def test_gifts_are_never_paid_out(self, server: Server, tables: Tables) -> None:
        fan = WalletName(leaving(tables), "FAN")
        reward = uuid4()

        async def giving() -> None:
            async with server.app.parts.database.unit() as db:
                await GiftService().give(db, fan, "REWARD", flows.rewarded(fan, reward, 300), reward, None)

        server.on_loop(giving())
        server.let_time_come("gdpr.erase_due")
        assert tables.count("unclaimed_balances") == 0
        assert tally(tables, "promo_expense") == 0
        assert tables.one("SELECT remaining, ended FROM promo_grants") == {"remaining": 0, "ended": 1}

    def test_it_waits_for_a_dispute_but_not_for_ever(self, server: Server, tables: Tables) -> None:
        fan = leaving(tables)
        payment_id = load(server, fan, 1000)
        wallet = WalletName(fan, "FAN")
        insert(
            tables, "payments", id=payment_id, wallet_id=wallet.id, amount=1000, currency="USD", provider="sandbox",
            ref="s", url="https://pay.example.com", return_url="https://bio.re/", status="PAID",
            paid_at=datetime.now(UTC), expires_at=datetime.now(UTC),
        )  # fmt: skip
        about = {"payment_id": payment_id, "wallet_id": wallet.id, "provider": "sandbox", "ref": "d", "amount": 1000}
        insert(tables, "disputes", **about)
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("PROCESSING", 1)
        tables.run("UPDATE gdpr_requests SET grace_ends_at = grace_ends_at - interval '30 days'")
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("COMPLETED", 0)

    def test_it_waits_for_a_payout_that_is_under_way(self, server: Server, tables: Tables) -> None:
        creator = leaving(tables)
        wallet = earning(creator)
        earn(server, creator, 700)
        insert(
            tables, "payouts", user_id=creator, wallet_id=wallet.id, amount=500, currency="USD", method="BANK_TRANSFER",
            provider="sandbox", status="PROCESSING",
        )  # fmt: skip
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("PROCESSING", 1)
        tables.run("UPDATE payouts SET status = 'PROCESSED', processed_at = now()")
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("COMPLETED", 0)
        assert tables.one("SELECT type, amount FROM unclaimed_balances") == {"type": "CREATOR", "amount": 700}

    def test_what_was_not_spent_goes_back_to_where_it_came_from(self, api: Api, server: Server, tables: Tables) -> None:
        creator = account(api, tables, email="eve@example.com", username="eve")
        fan = account(api, tables, email=GONE)
        session = begin(api, bearer(api.sign_in(GONE)))
        do(api, session, "pay")
        escrow_id = hold(server, fan, creator, 1000)

        async def releasing() -> None:
            async with server.app.parts.database.unit() as db:
                await EscrowService().release(db, escrow_id, datetime.now(UTC))

        server.on_loop(releasing())
        leaving_of(tables, fan)
        server.let_time_come("gdpr.erase_due")
        assert state(tables)[0] == "PROCESSING"
        assert tables.one("SELECT amount, status, requested_by FROM refunds") == {
            "amount": 1500, "status": "OPEN", "requested_by": fan,
        }  # fmt: skip
        do(api, session, "confirm_refund")
        server.let_time_come("gdpr.erase_due")
        assert state(tables)[0] == "COMPLETED"
        assert tables.count("unclaimed_balances") == 0
        assert_books_agree(tables)

    def test_a_refund_that_fails_leaves_the_money_to_be_claimed(self, api: Api, server: Server, tables: Tables) -> None:
        fan = account(api, tables, email=GONE)
        session = begin(api, bearer(api.sign_in(GONE)))
        do(api, session, "pay")
        leaving_of(tables, fan)
        server.let_time_come("gdpr.erase_due")
        do(api, session, "fail_refund")
        server.let_time_come("gdpr.erase_due")
        assert state(tables)[0] == "COMPLETED"
        assert tables.one("SELECT amount FROM unclaimed_balances")["amount"] == 2500

    def test_each_payment_gives_back_its_own_and_a_gift_nothing(self, api: Api, server: Server, tables: Tables) -> None:
        """Of the older one all is spent; what staff gave may be claimed."""
        user_id = account(api, tables, email=GONE, created_at=datetime.now(UTC) - timedelta(days=30))
        headers = bearer(api.sign_in(GONE))
        older, newer = begin(api, headers), begin(api, headers, "30.00")
        do(api, older, "pay")
        do(api, newer, "pay")
        wallet = WalletName(user_id, "FAN")
        spent = flows.held(wallet, uuid4(), flows.Parts(promo=0, fan=2500))
        post(server, spent, flows.adjusted(wallet, uuid4(), "fan", 1000, platform("goodwill"), user_id))
        leaving_of(tables, user_id)
        server.let_time_come("gdpr.erase_due")
        (row,) = tables.rows("SELECT payment_id, amount FROM refunds")
        assert row == {"payment_id": UUID(newer["sessionId"]), "amount": 3000}
        do(api, newer, "confirm_refund")
        server.let_time_come("gdpr.erase_due")
        assert state(tables)[0] == "COMPLETED"
        assert tables.one("SELECT amount FROM unclaimed_balances")["amount"] == 1000
        assert_books_agree(tables)

    def test_a_payout_that_is_not_under_way_is_cancelled(self, server: Server, tables: Tables) -> None:
        creator = leaving(tables)
        wallet, payout_id = earning(creator), uuid4()
        earn(server, creator, 700)
        post(server, flows.payout_requested(wallet, payout_id, 1, 500))
        insert(
            tables, "payouts", id=payout_id, user_id=creator, wallet_id=wallet.id, amount=500, currency="USD",
            method="BANK_TRANSFER", provider="sandbox",
        )  # fmt: skip
        server.let_time_come("gdpr.erase_due")
        assert tables.one("SELECT status FROM payouts")["status"] == "CANCELLED"
        assert tables.one("SELECT amount FROM unclaimed_balances")["amount"] == 700


class TestRedeem:
    def test_what_was_left_is_credited_once(self, api: Api, server: Server, tables: Tables) -> None:
        code = left_behind(api, tables, 1250)
        assert "earnings" not in api.mails(GONE)[-1]["text"]
        user_id = account(api, tables)
        headers = bearer(api.sign_in())
        told = api.call(CLAIM, {"claimCode": code.upper()}, headers=headers)
        assert told.json()["data"] == {"balance": "12.50", "earnings": "0.00", "currency": "USD"}
        assert balance(api, headers) == "12.50"
        (line,) = api.call("wallet.activity", headers=headers).json()["data"]["items"]
        assert line["description"] == "wallet.activity.closing.credit"
        assert tally(tables, "unclaimed") == 0
        assert [row["actor_id"] for row in audited(tables, "wallet.claims.redeem.success")] == [user_id]
        assert code_of(api.call(CLAIM, {"claimCode": code}, headers=headers)) == "wallet.claim.not_found"

    @pytest.mark.parametrize("code", ["no code", str(uuid4())])
    def test_what_is_no_code(self, api: Api, tables: Tables, code: str) -> None:
        account(api, tables)
        assert code_of(api.call(CLAIM, {"claimCode": code}, headers=bearer(api.sign_in()))) == "wallet.claim.not_found"

    def test_earnings_go_to_creators_alone(self, api: Api, tables: Tables) -> None:
        code = left_behind(api, tables, fan=100, creator=5000)
        assert "includes earnings of 50.00 USD. Become a creator" in api.mails(GONE)[-1]["text"]
        user_id = account(api, tables)
        headers = bearer(api.sign_in())
        assert code_of(api.call(CLAIM, {"claimCode": code}, headers=headers)) == "wallet.claim.not_creator"
        insert(tables, "creator_profiles", user_id=user_id)
        told = api.call(CLAIM, {"claimCode": code}, headers=headers).json()["data"]
        assert told == {"balance": "1.00", "earnings": "50.00", "currency": "USD"}
        assert tally(tables, "unclaimed") == 0

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE wallets SET frozen_for = 'FRAUD', frozen_at = now()",
            "UPDATE ledger_accounts SET balance = -1 WHERE code = 'debt'",
        ],
    )
    def test_nobody_escapes_a_freeze_or_a_debt(self, api: Api, tables: Tables, change: str) -> None:
        code = left_behind(api, tables, 1250)
        account(api, tables)
        headers = bearer(api.sign_in())
        tables.run("SET session_replication_role = replica")
        tables.run(change)
        tables.run("SET session_replication_role = origin")
        assert code_of(api.call(CLAIM, {"claimCode": code}, headers=headers)) == "wallet.frozen"
        assert tally(tables, "unclaimed") == 1250

    def test_an_account_that_is_gone(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        tables.run("DELETE FROM users")
        assert code_of(api.call(CLAIM, {"claimCode": str(uuid4())}, headers=headers)) == "error.user.not_found"

    def test_many_at_once(self, api: Api, tables: Tables) -> None:
        code = left_behind(api, tables, 900)
        account(api, tables)
        headers = bearer(api.sign_in())
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: api.call(CLAIM, {"claimCode": code}, headers=headers).status_code, range(4)))
        assert sorted(told) == [200, 404, 404, 404]
        assert tally(tables, "unclaimed") == 0


class TestMoneyThatComesLater:
    """To wallets that are closed, such as a payout that the bank returns."""

    def late(self, server: Server, user_id: UUID, amount: int) -> None:
        earn(server, user_id, amount)
        server.let_time_come("money.empty_closed")

    def erased(self, server: Server, tables: Tables, left: int) -> UUID:
        creator = leaving(tables)
        earn(server, creator, max(left, 1))
        if not left:
            take(server, creator, 1)
        server.let_time_come("gdpr.erase_due")
        assert state(tables) == ("COMPLETED", 0)
        return creator

    def kept(self, tables: Tables) -> tuple[int, bool]:
        row = tables.one("SELECT amount, claimed_at IS NOT NULL AS claimed FROM unclaimed_balances")
        return row["amount"], row["claimed"]

    def test_it_is_claimed_with_the_rest(self, server: Server, tables: Tables) -> None:
        creator = self.erased(server, tables, 700)
        for _ in range(2):
            self.late(server, creator, 300)
        assert self.kept(tables) == (1300, False)
        assert (tally(tables, "unclaimed"), available(tables, creator)) == (1300, 0)
        assert len(audited(tables, "wallet.emptied_again")) == 2
        server.let_time_come("money.empty_closed")
        assert len(audited(tables, "wallet.emptied_again")) == 2
        assert unclaimed_findings(server) == []

    def test_who_has_claimed_the_rest_gets_it_at_once(self, api: Api, server: Server, tables: Tables) -> None:
        creator = self.erased(server, tables, 700)
        other = someone(api, tables)
        tables.run("UPDATE unclaimed_balances SET code_hash = %s", one_time_hash(CODE))
        headers = bearer(api.sign_in("ada@example.com"))
        assert api.call(CLAIM, {"claimCode": str(CODE)}, headers=headers).is_success
        for _ in range(2):
            self.late(server, creator, 300)
        assert self.kept(tables) == (700, True)
        assert (tally(tables, "unclaimed"), available(tables, other), available(tables, creator)) == (0, 1300, 0)
        assert unclaimed_findings(server) == []

    def test_who_has_claimed_what_was_left_of_that_wallet_gets_it(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        """And not who has claimed that of another wallet of the account."""
        former = leaving(tables)
        load(server, former, 500)
        earn(server, former, 700)
        server.let_time_come("gdpr.erase_due")
        heirs = {}
        for name, type_ in (("ada", "FAN"), ("eve", "CREATOR")):
            code, email = uuid4(), f"{name}@example.com"
            heirs[type_] = creator_of(api, tables, email=email, username=name).user_id
            tables.run("UPDATE unclaimed_balances SET code_hash = %s WHERE type = %s", one_time_hash(code), type_)
            assert api.call(CLAIM, {"claimCode": str(code)}, headers=bearer(api.sign_in(email))).is_success
        load(server, former, 40)
        earn(server, former, 60)
        server.let_time_come("money.empty_closed")
        balances = "SELECT user_id, type, balance FROM wallets WHERE balance > 0"
        found = {(row["user_id"], row["type"]): row["balance"] for row in tables.rows(balances)}
        assert found == {(heirs["FAN"], "FAN"): 540, (heirs["CREATOR"], "CREATOR"): 760}

    @pytest.mark.parametrize(
        "change", ["UPDATE users SET status = 'DELETED'", "UPDATE wallets SET frozen_for = 'FRAUD', frozen_at = now()"]
    )
    def test_it_stays_where_nobody_may_have_it(self, api: Api, server: Server, tables: Tables, change: str) -> None:
        creator = self.erased(server, tables, 700)
        someone(api, tables)
        tables.run("UPDATE unclaimed_balances SET code_hash = %s", one_time_hash(CODE))
        assert api.call(CLAIM, {"claimCode": str(CODE)}, headers=bearer(api.sign_in("ada@example.com"))).is_success
        tables.run(change)
        self.late(server, creator, 300)
        assert (tally(tables, "unclaimed"), available(tables, creator)) == (0, 300)
        assert unclaimed_findings(server) == ["closed"]

    def test_where_nothing_was_left_it_is_kept_all_the_same(self, server: Server, tables: Tables) -> None:
        creator = self.erased(server, tables, 0)
        assert tables.count("unclaimed_balances") == 0
        for _ in range(2):
            self.late(server, creator, 300)
        assert self.kept(tables) == (600, False)
        assert unclaimed_findings(server) == []

    def test_gifts_end(self, server: Server, tables: Tables) -> None:
        fan = WalletName(leaving(tables), "FAN")
        load(server, fan.user_id, 500)
        server.let_time_come("gdpr.erase_due")
        reward = uuid4()

        async def giving() -> None:
            async with server.app.parts.database.unit() as db:
                await GiftService().give(db, fan, "REWARD", flows.rewarded(fan, reward, 300), reward, None)

        server.on_loop(giving())
        server.let_time_come("money.empty_closed")
        assert (self.kept(tables), tally(tables, "promo_expense")) == ((500, False), 0)


CODE = uuid4()


def someone(api: Api, tables: Tables) -> UUID:
    return creator_of(api, tables).user_id


def take(server: Server, user_id: UUID, amount: int) -> None:
    post(server, flows.adjusted(earning(user_id), uuid4(), "creator", -amount, platform("goodwill"), user_id))


def unclaimed_findings(server: Server) -> list[str]:
    """What a reconciliation says of closed wallets and of what is kept for them."""

    async def look() -> list[str]:
        async with server.app.parts.database.unit() as db:
            found = [each.check async for each in db.reconciliations.findings()]
        return [check for check in found if check in {"closed", "unclaimed"}]

    return server.on_loop(look())
