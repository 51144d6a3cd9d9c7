"""The price of a message, held and settled once; gifts, which are spent first and expire."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.money import flows
from domain.money.escrows import GRACE, Order
from domain.money.flows import Balances, Parts
from domain.money.ledger import InsufficientBalance, TransferDiffers, WalletName
from jobs.money import expire_escrows, expire_gifts
from persistence.repositories import Repositories
from services.money.escrows import EscrowService, WalletFrozen
from services.money.gifts import GiftService
from tests.handlers.support import insert
from tests.harness import Tables
from tests.ledger import Books, load, tally, wallet_of
from tests.sampling import Sampling

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ESCROWS, GIFTS = EscrowService(), GiftService()
FIFTH = 2000
AT_ONCE, FIT, PRICE = 64, 10, 100
ENOUGH = FIT * PRICE
ROUNDS, SOME_ROUNDS = 200, 3
# A moment in which somebody had less than nothing, by what each entry and each line of the page says.
NEGATIVE = """
    SELECT e.balance_after FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
    WHERE a.code IN ('fan', 'fan_promo', 'creator') AND e.balance_after < 0
    UNION ALL SELECT balance_after FROM wallet_activity WHERE balance_after < 0
"""


def order(fan: WalletName, creator: WalletName, price: int = 500, **values: Any) -> Order:
    whole: dict[str, Any] = {"commission_bps": FIFTH, "deadline": NOW + timedelta(days=2)} | values
    return Order(uuid4(), uuid4(), fan.user_id, creator.user_id, price, **whole)


def hold(books: Books, wanted: Order) -> Parts:
    parts: Parts = books.do(lambda db: ESCROWS.hold(db, wanted))
    return parts


def give(books: Books, fan: WalletName, amount: int, until: datetime | None) -> UUID:
    reward = uuid4()

    async def work(db: Repositories) -> None:
        await GIFTS.give(db, fan, "REWARD", flows.rewarded(fan, reward, amount), reward, until)

    books.do(work)
    return reward


def reserved(rows: Tables, fan: WalletName, price: int, off: int) -> UUID:
    """A coupon's reservation for a message of that price."""
    coupon_id = insert(rows, "coupons", code="OFF", type="FIXED", value=off, applies_to="MESSAGE")
    row = {"applies_to": "MESSAGE", "amount": price, "discount": off, "expires_at": NOW + timedelta(minutes=30)}
    return insert(rows, "coupon_usages", coupon_id=coupon_id, user_id=fan.user_id, **row)


def left(rows: Tables, reward: UUID) -> tuple[int, datetime | None]:
    row = rows.one("SELECT remaining, expires_at FROM promo_grants WHERE source_id = %s", reward)
    return row["remaining"], row["expires_at"]


def agrees(rows: Tables, books: Books, fan: WalletName) -> bool:
    """Everything sums to nothing, escrows and gifts are what their accounts hold."""
    held = rows.one("SELECT coalesce(sum(price), 0)::bigint AS n FROM escrows WHERE status = 'HELD'")["n"]
    gifts = rows.one("SELECT coalesce(sum(remaining), 0)::bigint AS n FROM promo_grants")["n"]
    total = rows.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"]
    return (total, tally(rows, "escrow"), books.balances(fan).promo) == (0, held, gifts)


class TestHold:
    def test_takes_gifts_first_and_those_that_expire_soonest(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        forever = give(books, fan, 100, None)
        later = give(books, fan, 100, NOW + timedelta(days=20))
        sooner = give(books, fan, 100, NOW + timedelta(days=10))
        assert hold(books, order(fan, creator, 250)) == Parts(promo=250, fan=0)
        assert [left(rows, each)[0] for each in (sooner, later, forever)] == [0, 0, 50]
        assert hold(books, order(fan, creator, 250)) == Parts(promo=50, fan=200)
        assert books.balances(fan) == Balances(fan=800)
        assert agrees(rows, books, fan)

    def test_a_coupon_is_paid_by_the_platform(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        wanted = order(fan, creator, 500, coupon_usage_id=reserved(rows, fan, 500, 200))
        assert hold(books, wanted) == Parts(0, 300, 200)
        assert (tally(rows, "escrow"), tally(rows, "promo_expense")) == (500, -200)

    def test_a_coupon_may_pay_everything(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        wanted = order(fan, creator, 500, coupon_usage_id=reserved(rows, fan, 500, 500))
        assert hold(books, wanted) == Parts(0, 0, 500)
        books.do(lambda db: ESCROWS.refund(db, wanted.id, "REJECTED", NOW))
        assert rows.count("wallet_activity") == 0
        assert tally(rows, "promo_expense") == 0

    def test_what_a_wallet_does_not_have_is_refused_and_leaves_nothing(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 499))
        with pytest.raises(InsufficientBalance):
            hold(books, order(fan, creator, 500))
        assert rows.count("escrows") == 0

    @pytest.mark.parametrize("column", ["frozen_at = now(), frozen_for = 'DISPUTE'", "closed_at = now()"])
    def test_a_frozen_or_closed_wallet_pays_nothing(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName, column: str
    ) -> None:
        books.post(load(fan, 1000))
        rows.run(f"UPDATE wallets SET {column}")  # noqa: S608 - a constant of this test
        with pytest.raises(WalletFrozen):
            hold(books, order(fan, creator))
        assert books.balances(fan) == Balances(fan=1000)

    def test_nobody_pays_themselves(self, fan: WalletName) -> None:
        with pytest.raises(ValueError, match="themselves"):
            order(fan, fan)

    def test_all_at_once_spend_what_is_there(
        self, database_url: str, rows: Tables, sampling: Sampling, pytestconfig: pytest.Config
    ) -> None:
        """Rounds of 64 with enough for 10, each with its own part of gifts; `make races` has all 200 of them."""
        everything = range(ROUNDS)
        rounds = everything if pytestconfig.getoption("--full-races") else sampling.of("holds", everything, SOME_ROUNDS)
        with Books(database_url, pool_size=AT_ONCE) as books:
            for number, turn in enumerate(rounds, 1):
                gifts = turn * ENOUGH // ROUNDS
                fan, creator = (wallet_of(rows, f"r{uuid4().hex[:10]}", kind) for kind in ("FAN", "CREATOR"))
                books.post(load(fan, ENOUGH - gifts))
                if gifts:
                    give(books, fan, gifts, NOW + timedelta(days=1))
                wanted = [order(fan, creator, PRICE) for _ in range(AT_ONCE)]
                results = books.use(*[lambda db, one=one: ESCROWS.hold(db, one) for one in wanted])
                kinds = Counter(type(each) for each in results)
                assert kinds == {Parts: FIT, InsufficientBalance: AT_ONCE - FIT}, (turn, results)
                assert sum(each.promo for each in results if isinstance(each, Parts)) == gifts
                assert books.balances(fan) == Balances()
                assert tally(rows, "escrow") == number * ENOUGH
            assert rows.rows(NEGATIVE) == []
            assert books.findings() == []


class TestSettle:
    def test_a_reply_pays_the_creator_less_the_commission_of_the_moment_of_sending(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        wanted = order(fan, creator, 333, commission_bps=1999)
        hold(books, wanted)
        row = books.do(lambda db: ESCROWS.release(db, wanted.id, NOW))
        assert row is not None
        assert (row.status, row.outcome) == ("RELEASED", "REPLIED")
        assert books.balances(creator) == Balances(creator=267)
        assert (tally(rows, "commission"), tally(rows, "escrow")) == (66, 0)

    def test_a_refund_gives_back_the_very_parts(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        gift = give(books, fan, 200, NOW + timedelta(days=30))
        wanted = order(fan, creator, 500)
        hold(books, wanted)
        books.do(lambda db: ESCROWS.refund(db, wanted.id, "REJECTED", NOW))
        assert books.balances(fan) == Balances(fan=1000, promo=200)
        assert left(rows, gift) == (200, NOW + timedelta(days=30))
        assert agrees(rows, books, fan)

    def test_each_is_settled_once_whatever_comes_at_once(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        """Reply, rejection, expiry and removal of 100 messages, all at once."""
        books.post(load(fan, 100_000))
        give(books, fan, 5_000, None)
        wanted = [order(fan, creator, 100) for _ in range(100)]
        for one in wanted:
            hold(books, one)
        works: list[Any] = [lambda db, one=one: ESCROWS.release(db, one.id, NOW) for one in wanted]
        for why in ("REJECTED", "EXPIRED", "REMOVED"):
            works += [lambda db, one=one, why=why: ESCROWS.refund(db, one.id, why, NOW) for one in wanted]
        results = books.use(*works)
        assert not [each for each in results if isinstance(each, BaseException)]
        settled = [each for each in results if each is not None]
        assert len(settled) == len({each.id for each in settled}) == 100
        released = sum(each.status == "RELEASED" for each in settled)
        assert books.balances(creator).creator == released * 80
        assert tally(rows, "escrow") == 0
        assert agrees(rows, books, fan)

    def test_one_that_never_was_settles_nothing(self, books: Books) -> None:
        assert books.do(lambda db: ESCROWS.release(db, uuid4(), NOW)) is None


class TestJobs:
    def test_what_nobody_answered_in_time_goes_back(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        due, later = order(fan, creator, 100, deadline=NOW), order(fan, creator, 100)
        hold(books, due)
        hold(books, later)
        books.run(expire_escrows(books.uow, lambda: NOW, ESCROWS))
        outcomes = {row["id"]: row["outcome"] for row in rows.rows("SELECT id, outcome FROM escrows")}
        assert outcomes == {due.id: "EXPIRED", later.id: None}
        assert books.balances(fan) == Balances(fan=900)

    def test_one_that_cannot_be_settled_keeps_no_other_waiting(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        books.post(load(fan, 1000))
        broken, good = (
            order(fan, creator, 100, deadline=NOW - timedelta(days=1)),
            order(fan, creator, 100, deadline=NOW),
        )
        hold(books, broken)
        hold(books, good)
        books.post(flows.unheld(fan, broken.id, Parts(0, 100)))  # its row does not know
        rows.run("SET session_replication_role = replica")
        rows.run("UPDATE ledger_transfers SET fingerprint = '' WHERE kind = 'unhold'")
        rows.run("SET session_replication_role = origin")
        with pytest.raises(TransferDiffers):
            books.run(expire_escrows(books.uow, lambda: NOW, ESCROWS))
        outcomes = {row["id"]: row["outcome"] for row in rows.rows("SELECT id, outcome FROM escrows")}
        assert outcomes == {broken.id: None, good.id: "EXPIRED"}

    def test_gifts_expire_and_what_was_held_meanwhile_lives_a_week_more(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        gift = give(books, fan, 300, NOW)
        wanted = order(fan, creator, 100)
        hold(books, wanted)
        for _ in range(2):
            books.run(expire_gifts(books.uow, lambda: NOW, GIFTS))
        assert books.balances(fan) == Balances()
        books.do(lambda db: ESCROWS.refund(db, wanted.id, "EXPIRED", NOW))
        assert books.balances(fan) == Balances(promo=100)
        assert left(rows, gift) == (100, NOW + GRACE)
        books.run(expire_gifts(books.uow, lambda: NOW, GIFTS))
        assert books.balances(fan) == Balances(promo=100)
        books.run(expire_gifts(books.uow, lambda: NOW + GRACE, GIFTS))
        assert books.balances(fan) == Balances()
        kinds = [row["type"] for row in rows.rows("SELECT type FROM wallet_activity ORDER BY seq")]
        assert kinds == ["CREDIT", "DEBIT", "EXPIRY", "CREDIT", "EXPIRY"]
        assert agrees(rows, books, fan)

    def test_a_gift_is_given_once(self, books: Books, rows: Tables, fan: WalletName) -> None:
        reward = uuid4()

        async def work(db: Repositories) -> None:
            await GIFTS.give(db, fan, "REWARD", flows.rewarded(fan, reward, 500), reward, None)

        assert books.use(*[work] * 20) == [None] * 20
        assert books.balances(fan) == Balances(promo=500)
        assert rows.count("promo_grants") == 1
