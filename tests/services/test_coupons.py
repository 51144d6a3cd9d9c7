"""Reservations of coupons: never more than there are, used once, and free again when they run out."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.errors import ApiError
from domain.money.coupons import RESERVED_FOR, CouponUsageInvalid, Reservation
from domain.money.escrows import Order
from domain.money.flows import Balances, Parts
from domain.money.ledger import InsufficientBalance, WalletName
from jobs.money import expire_coupons
from persistence.repositories import Repositories
from services.money.coupons import CouponService
from services.money.escrows import EscrowService
from tests.handlers.support import change, insert
from tests.harness import Tables
from tests.ledger import Books, load, tally

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = NOW + RESERVED_FOR
COUPONS, ESCROWS = CouponService(), EscrowService()


def coupon(rows: Tables, **columns: Any) -> UUID:
    return insert(rows, "coupons", **({"code": "TEN", "type": "FIXED", "value": 200, "applies_to": "BOTH"} | columns))


def people(rows: Tables, many: int) -> list[UUID]:
    return [insert(rows, "users", email=f"p{number}@example.com", referral_code=f"P{number}") for number in range(many)]


def reserving(user_id: UUID, use: Any = "LOAD", amount: int = 500, now: datetime = NOW) -> Any:
    return lambda db: COUPONS.reserve(db, user_id, "TEN", use, amount, now)


def using(usage_id: UUID, user_id: UUID, use: Any = "LOAD", amount: int = 500) -> Any:
    return lambda db: COUPONS.consume(db, usage_id, user_id, use, amount)


def redeeming(usage_id: UUID, user_id: UUID) -> Any:
    return lambda db: COUPONS.redeem(db, usage_id, user_id, LATER)


def reserve(books: Books, user_id: UUID, **told: Any) -> Reservation:
    made: Reservation = books.do(reserving(user_id, **told))
    return made


def statuses(rows: Tables) -> Counter[str]:
    return Counter(row["status"] for row in rows.rows("SELECT status FROM coupon_usages"))


def order(fan: WalletName, creator: WalletName, usage_id: UUID, price: int = 500) -> Order:
    return Order(uuid4(), uuid4(), fan.user_id, creator.user_id, price, 2000, NOW + timedelta(days=2), usage_id)


class TestReserve:
    def test_ten_of_two_hundred_people_at_once(self, database_url: str, rows: Tables) -> None:
        """More of them at the same moment than there are places."""
        coupon(rows, max_uses=10)
        with Books(database_url, pool_size=40) as books:
            results = books.use(*[reserving(each) for each in people(rows, 200)])
        assert sum(isinstance(each, Reservation) for each in results) == 10
        refused = Counter(each.code for each in results if isinstance(each, ApiError))
        assert refused == {"coupon.exhausted": 190}
        assert statuses(rows) == {"RESERVED": 10}

    def test_one_person_at_once_has_one(self, books: Books, rows: Tables, fan: WalletName) -> None:
        coupon(rows, max_uses_per_user=1)
        results = books.use(*[reserving(fan.user_id)] * 30)
        assert {each.id for each in results} == {results[0].id}
        assert rows.count("coupon_usages") == 1

    def test_places_that_ran_out_are_taken_once(self, books: Books, rows: Tables) -> None:
        coupon(rows, max_uses=10)
        everybody = people(rows, 60)
        books.use(*[reserving(each) for each in everybody[:30]])
        results = books.use(*[reserving(each, now=LATER) for each in everybody[30:]])
        assert sum(isinstance(each, Reservation) for each in results) == 10
        assert statuses(rows) == {"RESERVED": 10, "EXPIRED": 10}


class TestConsume:
    def test_once(self, books: Books, rows: Tables, fan: WalletName) -> None:
        coupon(rows)
        usage = reserve(books, fan.user_id)
        results = books.use(*[using(usage.id, fan.user_id)] * 20)
        assert Counter(map(type, results)) == {int: 1, CouponUsageInvalid: 19}
        assert statuses(rows) == {"USED": 1}

    def test_only_by_its_owner_and_for_what_it_was_made(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        coupon(rows)
        usage = reserve(books, fan.user_id)
        others = [
            using(usage.id, creator.user_id), using(usage.id, fan.user_id, "MESSAGE"),
            using(usage.id, fan.user_id, amount=499), using(uuid4(), fan.user_id),
        ]  # fmt: skip
        assert {type(each) for each in books.use(*others)} == {CouponUsageInvalid}
        assert books.do(using(usage.id, fan.user_id)) == 200

    def test_a_payment_that_fails_leaves_it_reserved(self, books: Books, rows: Tables, fan: WalletName) -> None:
        coupon(rows)
        usage = reserve(books, fan.user_id)

        async def failing(db: Repositories) -> None:
            await COUPONS.consume(db, usage.id, fan.user_id, "LOAD", 500)
            raise InsufficientBalance

        assert isinstance(books.use(failing)[0], InsufficientBalance)
        assert books.do(using(usage.id, fan.user_id)) == 200

    def test_what_runs_out_while_it_is_paid_with_is_used_or_given_away_never_both(
        self, books: Books, rows: Tables
    ) -> None:
        """Ten have a place each that has run out, and pay; others want the places; the job frees them: all at once."""
        everybody = people(rows, 60)
        for _ in range(5):
            rows.run("TRUNCATE coupon_usages, coupons CASCADE")
            coupon(rows, max_uses=10)
            usages = [(reserve(books, each), each) for each in everybody[:10]]
            works = [using(usage.id, owner) for usage, owner in usages]
            works += [reserving(each, now=LATER) for each in everybody[10:]]
            works.insert(5, lambda db: db.coupons.free_all(LATER, 100))
            results = books.use(*works)
            del results[5]  # how many the job freed
            assert {type(each) for each in results} <= {int, CouponUsageInvalid, Reservation, ApiError}
            paid = sum(isinstance(each, int) for each in results)
            given = sum(isinstance(each, Reservation) for each in results)
            found = statuses(rows)
            assert (found["USED"], found["RESERVED"]) == (paid, given + 10 - paid - found["EXPIRED"])
            assert paid + given <= 10
            # No place is lost: what nobody has is there to take.
            books.use(*[reserving(each, now=LATER) for each in everybody[10:]])
            found = statuses(rows)
            assert found["USED"] + found["RESERVED"] == 10

    def test_whoever_is_paying_keeps_what_runs_out(self, books: Books, rows: Tables) -> None:
        coupon(rows, max_uses=1)
        ada, eve = people(rows, 2)
        usage = reserve(books, ada)

        async def slowly(db: Repositories) -> int:
            discount = await COUPONS.consume(db, usage.id, ada, "LOAD", 500)
            async with books.database.unit() as other:
                with pytest.raises(ApiError, match=r"coupon\.exhausted"):
                    await COUPONS.reserve(other, eve, "TEN", "LOAD", 500, LATER)
            return discount

        assert books.do(slowly) == 200
        assert statuses(rows) == {"USED": 1}


class TestRedeem:
    def test_what_runs_out_during_a_load_is_neither_used_twice_nor_lost(self, books: Books, rows: Tables) -> None:
        """Ten are paying with places that have run out: they are credited, others reserve, the job frees: all at once.

        Before each round chance has freed some of them, so that their places may be others' by the time.
        """
        everybody = people(rows, 60)
        for freed in (0, 3, 6, 10):
            rows.run("TRUNCATE coupon_usages, coupons CASCADE")
            coupon(rows, max_uses=10)
            usages = [(reserve(books, each).id, each) for each in everybody[:10]]
            books.do(lambda db, freed=freed: db.coupons.free_all(LATER, freed))  # type: ignore[misc]
            works = [redeeming(usage_id, owner) for usage_id, owner in usages]
            works += [reserving(each, now=LATER) for each in everybody[10:]]
            works.insert(5, lambda db: db.coupons.free_all(LATER, 100))
            results = books.use(*works)
            del results[5]  # how many the job freed
            assert {type(each) for each in results} <= {int, type(None), Reservation, ApiError}
            paid = sum(isinstance(each, int) for each in results)
            given = sum(isinstance(each, Reservation) for each in results)
            assert paid + given <= 10
            assert statuses(rows)["USED"] == paid
            books.use(*[reserving(each, now=LATER) for each in everybody[10:]])
            found = statuses(rows)
            assert found["USED"] + found["RESERVED"] == 10

    def test_credited_by_all_processes_at_once_it_is_used_once(self, books: Books, rows: Tables) -> None:
        coupon(rows, max_uses=1)
        (ada,) = people(rows, 1)
        usage = reserve(books, ada)
        books.do(lambda db: COUPONS.release(db, usage.id))
        results = books.use(*[redeeming(usage.id, ada)] * 20)
        assert Counter(results) == {200: 1, None: 19}
        assert statuses(rows) == {"USED": 1}


class TestRelease:
    def test_its_place_is_free_again_and_twice_is_once(self, books: Books, rows: Tables) -> None:
        coupon(rows, max_uses=1, max_uses_per_user=1)
        ada, eve = people(rows, 2)
        usage = reserve(books, ada)
        books.do(using(usage.id, ada))
        for _ in range(2):
            books.do(lambda db: COUPONS.release(db, usage.id))
        assert isinstance(books.use(using(usage.id, ada))[0], CouponUsageInvalid)
        reserve(books, eve)
        books.do(lambda db: COUPONS.release(db, usage.id))
        assert statuses(rows) == {"RELEASED": 1, "RESERVED": 1}


class TestEscrows:
    def test_a_message_uses_it_and_gives_it_back(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        coupon(rows, max_uses=1)
        books.post(load(fan, 1000))
        wanted = order(fan, creator, reserve(books, fan.user_id, use="MESSAGE").id)
        assert books.do(lambda db: ESCROWS.hold(db, wanted)) == Parts(0, 300, 200)
        assert statuses(rows) == {"USED": 1}
        books.do(lambda db: ESCROWS.refund(db, wanted.id, "REJECTED", NOW))
        assert (books.balances(fan), tally(rows, "promo_expense")) == (Balances(fan=1000), 0)
        assert statuses(rows) == {"RELEASED": 1}
        assert reserve(books, fan.user_id, use="MESSAGE").discount == 200

    def test_an_answer_uses_it_up(self, books: Books, rows: Tables, fan: WalletName, creator: WalletName) -> None:
        coupon(rows)
        books.post(load(fan, 1000))
        wanted = order(fan, creator, reserve(books, fan.user_id, use="MESSAGE").id)
        books.do(lambda db: ESCROWS.hold(db, wanted))
        books.do(lambda db: ESCROWS.release(db, wanted.id, NOW))
        assert books.balances(creator) == Balances(creator=400)
        assert statuses(rows) == {"USED": 1}

    def test_what_cannot_be_paid_writes_nothing(
        self, books: Books, rows: Tables, fan: WalletName, creator: WalletName
    ) -> None:
        coupon(rows)
        usage = reserve(books, fan.user_id, use="MESSAGE")

        async def caught(db: Repositories) -> None:
            with pytest.raises(InsufficientBalance):
                await ESCROWS.hold(db, order(fan, creator, usage.id))

        books.do(caught)
        assert statuses(rows) == {"RESERVED": 1}
        assert rows.count("escrows") == 0

    def test_no_two_messages_with_one(self, books: Books, rows: Tables, fan: WalletName, creator: WalletName) -> None:
        coupon(rows)
        books.post(load(fan, 10_000))
        usage = reserve(books, fan.user_id, use="MESSAGE")
        works: list[Any] = [lambda db: ESCROWS.hold(db, order(fan, creator, usage.id))] * 10
        assert Counter(map(type, books.use(*works))) == {Parts: 1, CouponUsageInvalid: 9}
        assert books.balances(fan) == Balances(fan=9_700)


class TestExpire:
    def test_what_ran_out_is_ended_and_the_rest_stays(self, books: Books, rows: Tables) -> None:
        coupon(rows)
        ada, eve, ida = people(rows, 3)
        over = reserve(books, ada)
        reserve(books, eve, now=NOW + timedelta(seconds=1))
        change(rows, "coupon_usages", reserve(books, ida).id, status="USED", settled_at=NOW)
        books.run(expire_coupons(books.uow, lambda: LATER))
        assert statuses(rows) == {"EXPIRED": 1, "RESERVED": 1, "USED": 1}
        assert isinstance(books.use(using(over.id, ada))[0], CouponUsageInvalid)
        reserve(books, ada, now=LATER)
