"""Rewards for referrals: earned once, paid when the money has stood, never by who refers themselves, and taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from domain.money import flows
from domain.money.escrows import Order as Message
from domain.money.flows import Balances
from domain.money.ledger import WalletName
from domain.money.payments import Checkout, DisputeState, Order, PaymentState, RefundState
from jobs.money import settle_rewards
from persistence.repositories import Repositories
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from services.money.payments import PaymentBooks
from services.money.rewards import RewardService
from tests.handlers.support import change, insert
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, tally, wallet_of
from tests.providers.fakes import FakeConfig

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
DUE = NOW + 14 * DAY
LOAD, REWARD = 2500, 500


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


class Paid(NamedTuple):
    """A payment, and how it is at its provider."""

    id: UUID
    state: PaymentState


class House:
    """What the services do, each time in a unit of its own."""

    def __init__(self, books: Books, rows: Tables, config: FakeConfig) -> None:
        self.books, self.rows, self.config = books, rows, config
        self.rewards = RewardService(config)
        self.payments = PaymentBooks(EscrowService(), self.rewards, FakeConfig())
        self.ada = wallet_of(rows, "ada", "FAN")
        insert(rows, "referral_links", user_id=self.ada.user_id, code="ada")

    def referred(self, name: str = "eve") -> WalletName:
        wallet = wallet_of(self.rows, name, "FAN")
        change(self.rows, "users", wallet.user_id, referred_by=self.ada.user_id)
        return wallet

    def begun(self, wallet: WalletName) -> Paid:
        payment_id, ref = uuid4(), str(uuid4())

        async def begin(db: Repositories) -> None:
            await db.ledger.hold(wallet)
            order = Order(payment_id, LOAD, "USD", "", NOW + timedelta(hours=1))
            await db.payments.begin(order, wallet.id, PROVIDER, NOW)
            await db.payments.bind(payment_id, PROVIDER, Checkout(ref, "", order.expires_at), NOW)

        self.books.do(begin)
        return Paid(payment_id, PaymentState(ref, payment_id, "PAID", LOAD, "USD", fee=0))

    def telling(self, paid: Paid, now: datetime = NOW, **told: Any) -> Any:
        return lambda db: self.payments.settle(db, paid.id, replace(paid.state, **told), now)

    def paid(self, wallet: WalletName) -> Paid:
        paid = self.begun(wallet)
        self.books.do(self.telling(paid))
        return paid

    def run(self, now: datetime = DUE) -> None:
        self.books.run(settle_rewards(self.books.uow, lambda: now, self.rewards))

    def told(self) -> list[tuple[str, str | None]]:
        rows = self.rows.rows("SELECT state, why FROM referral_rewards ORDER BY created_at")
        return [(row["state"], row["why"]) for row in rows]

    def figures(self) -> tuple[int, str]:
        row = self.rows.one("SELECT conversions, total_earnings FROM referral_links")
        return row["conversions"], str(row["total_earnings"])

    def findings(self) -> list[str]:
        async def look(db: Repositories) -> list[str]:
            return [finding.check async for finding in db.reconciliations.findings()]

        return [*self.books.do(look), *(finding.check for finding in self.books.findings())]


@pytest.fixture
def house(books: Books, rows: Tables, config: FakeConfig) -> Iterator[House]:
    """Whatever happens in it, its books are right in the end."""
    house = House(books, rows, config)
    yield house
    assert house.findings() == []


def refund(ref: str = "r1", amount: int = LOAD) -> dict[str, Any]:
    return {"refunds": (RefundState(ref, amount),)}


def dispute(ref: str = "d1", **told: bool) -> dict[str, Any]:
    how = {"taken": True, "returned": False, "closed": False} | told
    return {"disputes": (DisputeState(ref, LOAD, **how),)}


class TestMake:
    def test_the_first_load_of_somebody_who_was_referred_earns_one(self, house: House, rows: Tables) -> None:
        eve = house.referred()
        first = house.paid(eve)
        house.paid(eve)
        row = rows.one("SELECT * FROM referral_rewards")
        assert (row["user_id"], row["referee_id"], row["payment_id"]) == (house.ada.user_id, eve.user_id, first.id)
        assert (row["trigger_type"], str(row["amount"]), row["state"]) == ("FIRST_PAYMENT", "5.00", "HELD")
        assert row["due_at"] == row["held_until"] == NOW + 14 * DAY

    def test_nobody_else_does(self, house: House, rows: Tables, config: FakeConfig) -> None:
        house.paid(wallet_of(rows, "ida", "FAN"))
        config["referral.reward_first_payment"] = "0"
        house.paid(house.referred())
        assert house.told() == []

    def test_who_paid_before_was_no_first(self, house: House, rows: Tables) -> None:
        eve = wallet_of(rows, "eve", "FAN")
        house.paid(eve)
        change(rows, "users", eve.user_id, referred_by=house.ada.user_id)
        house.paid(eve)
        assert house.told() == []

    def test_told_at_once_and_twice_it_is_one(self, house: House) -> None:
        eve = house.referred()
        both = [house.begun(eve), house.begun(eve)]
        results = house.books.use(*[house.telling(each) for each in both * 10])
        assert set(results) == {None}
        assert house.told() == [("HELD", None)]
        assert house.books.balances(eve) == Balances(fan=2 * LOAD)

    @pytest.mark.parametrize("why", ["SAME_DOCUMENT", "SAME_DEVICE", "SAME_NETWORK"])
    @pytest.mark.parametrize("late", [False, True], ids=["at the load", "later"])
    def test_who_refers_themselves_gets_nothing(self, house: House, rows: Tables, why: str, late: bool) -> None:
        eve = house.referred()
        if not late:
            make_alike(rows, house.ada.user_id, eve.user_id, why)
        house.paid(eve)
        assert house.told() == [("HELD", None) if late else ("VOID", why)]
        if late:
            make_alike(rows, house.ada.user_id, eve.user_id, why)
        house.run()
        assert house.told() == [("VOID", why)]
        assert house.books.balances(house.ada) == Balances()

    def test_who_was_at_the_same_place_once_may(self, house: House, rows: Tables) -> None:
        """Not where the account began: two who met somewhere since."""
        eve = house.referred()
        for user_id, network, days in (
            (house.ada.user_id, b"cafe", 0),
            (eve.user_id, b"own", 9),
            (eve.user_id, b"cafe", 1),
        ):
            seen(rows, user_id, network, family="x" if days else "y", created_at=NOW - days * DAY)
        house.paid(eve)
        house.run()
        assert house.told() == [("PAID", None)]


def seen(rows: Tables, user_id: UUID, network: bytes, **columns: Any) -> None:
    row = {"device_hash": uuid4().bytes, "area": b"", "family": None, "last_seen_at": NOW}
    insert(rows, "known_devices", user_id=user_id, network=network, **row | columns)


def make_alike(rows: Tables, one: UUID, other: UUID, why: str) -> None:
    for user_id in (one, other):
        if why == "SAME_DOCUMENT":
            row = {"provider": "sandbox", "state": "APPROVED", "identity_hash": "k:1"}
            insert(rows, "kyc_sessions", user_id=user_id, ended_at=NOW, **row)
        else:
            seen(rows, user_id, b"home", family="Chrome on macOS" if why == "SAME_DEVICE" else None)


class TestPay:
    def test_after_two_weeks_and_once(self, house: House, rows: Tables) -> None:
        house.paid(house.referred())
        house.run(DUE - timedelta(seconds=1))
        assert house.told() == [("HELD", None)]
        assert house.figures() == (0, "0.00")
        for _ in range(2):
            house.run()
        assert house.told() == [("PAID", None)]
        assert house.books.balances(house.ada) == Balances(promo=REWARD)
        assert tally(rows, "promo_expense") == -REWARD
        assert house.figures() == (1, "5.00")
        jobs = rows.rows("SELECT topic, payload FROM outbox WHERE topic = 'email.reward_paid'")
        assert [job["payload"] for job in jobs] == [{"user": str(house.ada.user_id), "amount": "5.00"}]

    def test_by_many_workers_at_once_it_is_paid_once(self, house: House, rows: Tables) -> None:
        for number in range(6):
            house.paid(house.referred(f"p{number}"))
        ids = [row["id"] for row in rows.rows("SELECT id FROM referral_rewards")]
        works: list[Any] = [lambda db, each=each: house.rewards.settle(db, each, DUE) for each in ids * 5]
        assert set(house.books.use(*works)) == {None}
        assert house.books.balances(house.ada) == Balances(promo=6 * REWARD)
        assert house.figures() == (6, "30.00")

    def test_what_was_refunded_meanwhile_is_not_paid(self, house: House) -> None:
        paid = house.paid(house.referred())
        house.books.do(house.telling(paid, **refund(amount=1)))
        house.run(NOW + DAY)
        assert house.told() == [("VOID", "PAYMENT_TAKEN_BACK")]

    def test_a_dispute_is_waited_for(self, house: House) -> None:
        won, lost = house.paid(house.referred("eve")), house.paid(house.referred("ida"))
        house.books.do(house.telling(won, **dispute("d1")))
        house.books.do(house.telling(lost, **dispute("d2")))
        house.run()
        assert house.told() == [("HELD", None)] * 2
        house.books.do(house.telling(won, **dispute("d1", returned=True, closed=True)))
        house.books.do(house.telling(lost, **dispute("d2", closed=True)))
        house.run(NOW + DAY)
        assert house.told() == [("HELD", None), ("VOID", "PAYMENT_TAKEN_BACK")]
        house.run(DUE + DAY)
        assert house.told() == [("PAID", None), ("VOID", "PAYMENT_TAKEN_BACK")]

    @pytest.mark.parametrize("whose", ["REFERRER", "REFEREE"])
    def test_both_are_active(self, house: House, rows: Tables, whose: str) -> None:
        eve = house.referred()
        house.paid(eve)
        change(rows, "users", house.ada.user_id if whose == "REFERRER" else eve.user_id, status="SUSPENDED")
        house.run()
        assert house.told() == [("VOID", f"{whose}_NOT_ACTIVE")]

    @pytest.mark.parametrize(
        ("key", "why"),
        [("referral.max_rewards_per_day", "DAILY_LIMIT"), ("referral.max_per_referrer", "REFERRER_LIMIT")],
    )
    def test_an_account_earns_so_much(self, house: House, rows: Tables, config: FakeConfig, key: str, why: str) -> None:
        config[key] = 2 if why == "DAILY_LIMIT" else 10
        for number in range(4):
            house.paid(house.referred(f"p{number}"))
        rows.run(  # all on one day, in their order
            "UPDATE referral_rewards SET created_at = date_trunc('day', now()) + interval '12 h' + (created_at - now())"
        )
        house.run()
        assert sorted(house.told(), key=str) == [("PAID", None)] * 2 + [("VOID", why)] * 2

    def test_what_is_beyond_the_budget_waits_for_the_next_month(
        self, house: House, rows: Tables, config: FakeConfig
    ) -> None:
        config["referral.monthly_budget"] = 10
        for number in range(5):
            house.paid(house.referred(f"p{number}"))
        house.run()
        assert sorted(house.told()) == [("HELD", None)] * 3 + [("PAID", None)] * 2
        house.run(DUE + 32 * DAY)
        assert sorted(house.told()) == [("HELD", None)] + [("PAID", None)] * 4

    def test_while_referrals_are_off_nothing_is_paid_but_taken_back(self, house: House, config: FakeConfig) -> None:
        first = house.paid(house.referred())
        house.run()
        house.paid(house.referred("ida"))
        config["kill_switch.REFERRAL"] = True
        house.books.do(house.telling(first, DUE, **refund()))
        house.run()
        assert house.told() == [("CLAWED_BACK", None), ("HELD", None)]
        config["kill_switch.REFERRAL"] = False
        house.run()
        assert house.told() == [("CLAWED_BACK", None), ("PAID", None)]


class TestClawBack:
    @pytest.mark.parametrize("told", [refund(), dispute()], ids=["refund", "dispute"])
    def test_what_is_left_goes_back(self, house: House, rows: Tables, told: dict[str, Any]) -> None:
        paid = house.paid(house.referred())
        house.run()
        rows.run("UPDATE promo_grants SET expires_at = %s", NOW + 400 * DAY)  # so it is spent first
        singer = wallet_of(rows, "singer", "CREATOR")
        coupon = insert(rows, "coupons", code="ONE", type="FIXED", value=100, applies_to="LOAD")
        used = {"status": "USED", "expires_at": NOW, "settled_at": NOW, "amount": 1000, "discount": 100}
        other = insert(rows, "coupon_usages", coupon_id=coupon, user_id=house.ada.user_id, applies_to="LOAD", **used)

        async def spend(db: Repositories) -> None:
            gift = flows.coupon_credited(house.ada, other, 100)
            await GiftService().give(db, house.ada, "COUPON", gift, other, None)
            order = Message(uuid4(), uuid4(), house.ada.user_id, singer.user_id, 200, 2000, NOW + 500 * DAY)
            await EscrowService().hold(db, order)

        house.books.do(spend)
        for _ in range(2):
            house.books.do(house.telling(paid, NOW + 100 * DAY, **told))
            house.run(NOW + 100 * DAY)
        assert house.told() == [("CLAWED_BACK", None)]
        assert house.books.balances(house.ada) == Balances(promo=100)
        assert house.figures() == (0, "0.00")

    def test_later_it_is_the_referrers(self, house: House) -> None:
        paid = house.paid(house.referred())
        house.run()
        house.books.do(house.telling(paid, NOW + 121 * DAY, **refund()))
        house.run(NOW + 121 * DAY)
        assert house.told() == [("PAID", None)]
        assert house.books.balances(house.ada) == Balances(promo=REWARD)

    def test_refunded_while_it_is_paid_it_is_not_kept(self, house: House, rows: Tables) -> None:
        paid = {number: house.paid(house.referred(f"p{number}")) for number in range(8)}
        ids = [row["id"] for row in rows.rows("SELECT id FROM referral_rewards")]
        works: list[Any] = [lambda db, each=each: house.rewards.settle(db, each, DUE) for each in ids]
        works += [house.telling(each, DUE, **refund(f"r{number}")) for number, each in paid.items()]
        assert set(house.books.use(*works)) == {None}
        house.run()
        assert {state for state, _ in house.told()} <= {"VOID", "CLAWED_BACK"}
        assert house.books.balances(house.ada) == Balances()
        assert house.figures() == (0, "0.00")
