"""Payments through Mollie: what goes over the wire, what is made of the answers, and which pings are heard."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from domain.clock import utc_now
from domain.money.payments import DisputeState, Order, PaymentState, RefundOrder, RefundState
from domain.webhooks import Notice, RawNotice
from providers.asking import Patience
from providers.payment.mollie import MolliePayments
from providers.ports import ProviderRejected, ProviderUnavailable, ProviderUntouched
from tests.providers.fakes import FakeConfig
from tests.providers.forged import SHAPES, bad_queries
from tests.providers.payment_vendors import MollieTill, mollie_till
from tests.providers.servers import closed_port

T = TypeVar("T")
Ask = Callable[[Callable[[MolliePayments], Awaitable[Any]]], Any]

MOLLIE = "external.payment.mollie."


def order(amount: int = 2500, age: timedelta = timedelta(0)) -> Order:
    return Order(uuid4(), amount, "USD", "https://bio.re/wallet?sessionId=x", utc_now() + timedelta(hours=1) - age)


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig({"site.api_url": "https://api.bio.re"})


@pytest.fixture
def till(config: FakeConfig) -> Iterator[MollieTill]:
    with mollie_till() as found:
        for name, value in (("base_url", found.url), ("api_key", found.key), ("webhook_secret", found.secret)):
            config.slip(MOLLIE + name, value)
        yield found


@pytest.fixture
def ask(config: FakeConfig, till: MollieTill) -> Ask:
    return lambda work: with_mollie(config, work)


def with_mollie(
    config: FakeConfig, work: Callable[[MolliePayments], Awaitable[T]], live: bool = False, seconds: float = 5
) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(MolliePayments(config, http, live=live, patience=Patience(seconds, first_pause=0.01)))

    return asyncio.run(run())


def read(config: FakeConfig, query: str, body: bytes) -> Any:
    async def work(mollie: MolliePayments) -> Any:
        return mollie.read(RawNotice({}, body, query))

    return with_mollie(config, work)


def paid(ask: Ask, till: MollieTill) -> str:
    ref: str = ask(lambda mollie: mollie.checkout(order())).ref
    till.pay(ref)
    return ref


class TestCheckout:
    def test_a_payment_is_made_as_the_vendor_wants_it(self, ask: Ask, till: MollieTill) -> None:
        wanted = order()
        made = ask(lambda mollie: mollie.checkout(wanted))
        ((_, _, body),) = till.asked
        address = body.pop("webhookUrl")
        assert body == {
            "amount": {"currency": "USD", "value": "25.00"},
            "description": "Wallet balance",
            "redirectUrl": wanted.return_url,
            "cancelUrl": wanted.return_url,
            "metadata": {"payment": str(wanted.payment_id)},
        }
        assert address.startswith(f"https://api.bio.re/api/v1/webhooks/payment/mollie?p={wanted.payment_id}&k=")
        assert made.url == f"https://www.mollie.com/checkout/select-method/{made.ref}"
        assert made.expires_at == wanted.expires_at

    @pytest.mark.parametrize("faults", [[], ["drop_after"], ["409", "500"], ["drop", "drop"]])
    def test_a_repetition_is_the_same_payment(self, ask: Ask, till: MollieTill, faults: list[str]) -> None:
        till.faults.extend(faults)
        wanted = order()
        assert {ask(lambda mollie: mollie.checkout(wanted)).ref for _ in range(2)} == set(till.payments)

    @pytest.mark.parametrize(("minutes", "tried"), [(10, "POST"), (55, "GET"), (90, "GET")])
    def test_what_the_vendor_may_have_forgotten_is_looked_for(
        self, ask: Ask, till: MollieTill, minutes: int, tried: str
    ) -> None:
        till.page = 2
        wanted = order()
        ref = ask(lambda mollie: mollie.checkout(wanted)).ref
        for _ in range(4):
            ask(lambda mollie: mollie.checkout(order()))
        later = replace(wanted, expires_at=wanted.expires_at - timedelta(minutes=minutes))
        if minutes > 60:
            till.kept.clear()
        till.asked.clear()
        assert ask(lambda mollie: mollie.checkout(later)).ref == ref
        assert {method for method, _, _ in till.asked} == {tried}
        assert len(till.payments) == 5

    def test_one_that_was_never_made_is_not_made_too_late(self, ask: Ask, till: MollieTill) -> None:
        with pytest.raises(ProviderRejected, match="too late"):
            ask(lambda mollie: mollie.checkout(order(age=timedelta(minutes=61))))
        assert till.payments == {}
        assert ask(lambda mollie: mollie.checkout(order(age=timedelta(minutes=55)))).ref in till.payments

    def test_a_key_of_another_question_tells_nothing(self, ask: Ask, till: MollieTill) -> None:
        wanted = order()
        ask(lambda mollie: mollie.checkout(wanted))
        with pytest.raises(ProviderUnavailable, match="another payment"):
            ask(lambda mollie: mollie.checkout(replace(wanted, amount=5000)))

    @pytest.mark.parametrize("site", ["http://www.mollie.com/checkout/", "https://www.mollie.com/" + "x" * 5000])
    def test_a_link_that_is_none_leads_nobody_away(self, ask: Ask, till: MollieTill, site: str) -> None:
        till.site = site
        with pytest.raises(ProviderUnavailable, match="no payment"):
            ask(lambda mollie: mollie.checkout(order()))

    @pytest.mark.parametrize("fault", ["silence", "silence_after"])
    def test_silence_is_no_refusal(self, config: FakeConfig, till: MollieTill, fault: str) -> None:
        till.faults.append(fault)
        with pytest.raises(ProviderUnavailable) as told:
            with_mollie(config, lambda mollie: mollie.checkout(order()), seconds=0.3)
        assert not isinstance(told.value, ProviderUntouched)

    @pytest.mark.parametrize(("key", "told"), [("test_wrong", "401"), ("live_x", "mode"), ("x", "mode")])
    def test_a_wrong_key_has_done_nothing(self, config: FakeConfig, ask: Ask, key: str, told: str) -> None:
        config.slip(MOLLIE + "api_key", key)
        for work in (lambda mollie: mollie.checkout(order()), lambda mollie: mollie.probe()):
            with pytest.raises(ProviderUntouched, match=told):
                ask(work)

    def test_whom_nobody_reaches_has_done_nothing(self, config: FakeConfig, till: MollieTill) -> None:
        config.slip(MOLLIE + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUntouched):
            with_mollie(config, lambda mollie: mollie.checkout(order()))

    def test_without_a_secret_none_is_begun(self, config: FakeConfig, ask: Ask, till: MollieTill) -> None:
        config.slip(MOLLIE + "webhook_secret", "")
        for work in (lambda mollie: mollie.checkout(order()), lambda mollie: mollie.probe()):
            with pytest.raises(ProviderUnavailable, match="webhook_secret is empty"):
                ask(work)
        assert till.payments == {}


class TestFind:
    @pytest.mark.parametrize(
        ("status", "told"),
        [
            ("open", "OPEN"), ("pending", "OPEN"), ("authorized", "OPEN"), ("paid", "PAID"), ("canceled", "EXPIRED"),
            ("expired", "EXPIRED"), ("failed", "FAILED"),
        ],
    )  # fmt: skip
    def test_what_each_status_means(self, ask: Ask, till: MollieTill, status: str, told: Any) -> None:
        wanted = order()
        ref = ask(lambda mollie: mollie.checkout(wanted)).ref
        till.end(ref, status)
        assert ask(lambda mollie: mollie.find(ref)) == PaymentState(ref, wanted.payment_id, told, 2500, "USD")

    def test_refunds_and_chargebacks(self, ask: Ask, till: MollieTill) -> None:
        ref = paid(ask, till)
        refund, dispute = till.refund(ref, 700), till.dispute(ref, 1000)
        found = ask(lambda mollie: mollie.find(ref))
        assert found.refunds == (RefundState(refund, 700, "DONE"),)
        assert found.disputes == (DisputeState(dispute, 1000, taken=True, returned=False, closed=True),)
        till.win(dispute)
        assert ask(lambda mollie: mollie.find(ref)).disputes[0].returned

    def test_the_other_mode_of_the_vendor_is_no_money(self, config: FakeConfig, ask: Ask, till: MollieTill) -> None:
        ref = paid(ask, till)
        till.key = "live_of_the_tests"
        config.slip(MOLLIE + "api_key", till.key)
        with pytest.raises(ProviderRejected, match="mode"):
            with_mollie(config, lambda mollie: mollie.find(ref), live=True)
        till.payments[ref]["mode"] = "live"
        assert with_mollie(config, lambda mollie: mollie.find(ref), live=True).status == "PAID"

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "blessed"}, {"amount": {"currency": "USD", "value": "25"}}, {"amount": None}, {"id": "tr_other"},
        ],
    )  # fmt: skip
    def test_what_cannot_be_understood_is_no_answer(self, ask: Ask, till: MollieTill, changes: dict[str, Any]) -> None:
        ref = ask(lambda mollie: mollie.checkout(order())).ref
        till.payments[ref] |= changes
        with pytest.raises(ProviderUnavailable):
            ask(lambda mollie: mollie.find(ref))

    @pytest.mark.parametrize("ref", ["tr_nobody", "../balances", "a/b?c"])
    def test_a_payment_that_is_not_there(self, ask: Ask, ref: str) -> None:
        with pytest.raises(ProviderRejected, match="no such payment"):
            ask(lambda mollie: mollie.find(ref))


class TestExpireAndRefund:
    def test_it_ends_and_once_more_is_no_fault(self, ask: Ask, till: MollieTill) -> None:
        ref = ask(lambda mollie: mollie.checkout(order())).ref
        for _ in range(2):
            ask(lambda mollie: mollie.expire(ref))
        assert till.payments[ref]["status"] == "canceled"
        another = paid(ask, till)
        with pytest.raises(ProviderRejected):
            ask(lambda mollie: mollie.expire(another))

    def test_a_refund_is_made_once_however_often_it_is_asked_for(self, ask: Ask, till: MollieTill) -> None:
        ref = paid(ask, till)
        wanted = RefundOrder(uuid4(), ref, 700, "USD")
        till.faults.extend(["ok", "drop_after"])
        made = ask(lambda mollie: mollie.refund(wanted))
        assert (made.amount, made.status, made.refund_id) == (700, "OPEN", wanted.refund_id)
        till.kept.clear()  # an hour later
        assert ask(lambda mollie: mollie.refund(wanted)) == made
        with pytest.raises(ProviderRejected):
            ask(lambda mollie: mollie.refund(RefundOrder(uuid4(), ref, 1801, "USD")))

    def test_the_book_is_not_shown(self, ask: Ask) -> None:
        with pytest.raises(ProviderUnavailable):
            ask(lambda mollie: mollie.movements(utc_now().date()))


class TestRead:
    def address(self, ask: Ask, till: MollieTill) -> tuple[str, str]:
        """A payment, and the query of where it is told of."""
        ref = ask(lambda mollie: mollie.checkout(order())).ref
        return ref, urlsplit(till.payments[ref]["webhookUrl"]).query

    def test_a_ping_is_heard(self, config: FakeConfig, ask: Ask, till: MollieTill) -> None:
        ref, query = self.address(ask, till)
        assert read(config, query, f"id={ref}".encode()) == [Notice(None, "payment", ref)]
        config.slip(MOLLIE + "webhook_secret", "another")
        assert read(config, query, f"id={ref}".encode()) == []
        config.slip(MOLLIE + "webhook_secret_previous", till.secret)
        assert read(config, query, f"id={ref}".encode()) == [Notice(None, "payment", ref)]

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"id=", b"id=tr_", b"id=tr_abc", b"id=cs_abcdef", b"id=tr_abc/def", b"id=tr_ab%00cd",
            b"id=tr_\xff\xfe",
            b"id=tr_abcdef&id=tr_abcdeg", b"{}", b'{"id": "tr_abcdef"}', b"id=tr_" + b"a" * 41, b"x=1&" * 1000, b"\xff",
            "id=tr_١٢٣٤٥".encode(), b"id=tr_abcdef\n",
        ],
    )  # fmt: skip
    def test_what_is_no_id_is_nothing(self, config: FakeConfig, ask: Ask, till: MollieTill, body: bytes) -> None:
        _, query = self.address(ask, till)
        assert read(config, query, body) == []

    def test_each_bit_of_an_address_counts(self, config: FakeConfig, ask: Ask, till: MollieTill) -> None:
        ref, query = self.address(ask, till)

        async def work(mollie: MolliePayments) -> int:
            heard = 0
            for place, letter in enumerate(query):
                for bit in range(7):
                    changed = query[:place] + chr(ord(letter) ^ (1 << bit)) + query[place + 1 :]
                    heard += len(mollie.read(RawNotice({}, f"id={ref}".encode(), changed)))
            return heard

        # Of the id of ours, capital letters are the same id, which is no other's.
        letters = sum(letter.isalpha() for letter in query[2:38])
        assert with_mollie(config, work) == letters
        for other in ("", "p=&k=", "k=" + "0" * 64, query + "&k=0", query.partition("&")[0], query + "&x" * 100):
            assert read(config, other, f"id={ref}".encode()) == []

    def test_forged_addresses_are_nothing(self, config: FakeConfig, ask: Ask, till: MollieTill) -> None:
        ref, query = self.address(ask, till)
        body, shapes = f"id={ref}".encode(), bad_queries(query)
        assert len(shapes) >= SHAPES

        async def work(mollie: MolliePayments) -> list[str]:
            return [shape for shape, forged in shapes.items() if mollie.read(RawNotice({}, body, forged))]

        assert with_mollie(config, work) == []
        assert read(config, query, body)
