"""Payments through Stripe: what goes over the wire, what is made of the answers, and whose notices are taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest

from domain.clock import utc_now
from domain.money.movements import Movement
from domain.money.payments import DisputeState, Order, PaymentState, RefundOrder, RefundState
from domain.webhooks import RawNotice
from providers.asking import Patience
from providers.payment import PROVIDERS, payment_adapters
from providers.payment.stripe import StripePayments
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable, ProviderUntouched
from providers.signed import signature, signed
from tests.providers.fakes import FakeConfig
from tests.providers.forged import refused
from tests.providers.payment_vendors import DISPUTE_FEE, OURS, StripeTill, fee_of, stripe_till
from tests.providers.servers import closed_port
from tests.providers.test_signed import BAD, GOOD, MOMENT, RIGHT, SECRET

T = TypeVar("T")

STRIPE = "external.payment.stripe."
HEADER = "stripe-signature"


def order(amount: int = 2500, expires_at: datetime | None = None) -> Order:
    until = expires_at or utc_now().replace(microsecond=0) + timedelta(hours=1)
    return Order(uuid4(), amount, "USD", "https://bio.re/wallet?sessionId=x", until)


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def till(config: FakeConfig) -> Iterator[StripeTill]:
    with stripe_till() as found:
        for name, value in (("base_url", found.url), ("api_key", found.key), ("webhook_secret", found.secret)):
            config.slip(STRIPE + name, value)
        yield found


Ask = Callable[[Callable[[StripePayments], Awaitable[Any]]], Any]


@pytest.fixture
def ask(config: FakeConfig, till: StripeTill) -> Ask:
    return lambda work: with_stripe(config, work)


def with_stripe(
    config: FakeConfig, work: Callable[[StripePayments], Awaitable[T]], live: bool = False, seconds: float = 5
) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(StripePayments(config, http, live=live, patience=Patience(seconds, first_pause=0.01)))

    return asyncio.run(run())


def paid(ask: Ask, till: StripeTill, amount: int = 2500) -> str:
    ref: str = ask(lambda stripe: stripe.checkout(order(amount))).ref
    till.pay(ref)
    return ref


def questions(till: StripeTill) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in till.asked]


class TestCheckout:
    def test_a_session_is_made_as_the_vendor_wants_it(self, ask: Ask, till: StripeTill) -> None:
        wanted = order()
        made = ask(lambda stripe: stripe.checkout(wanted))
        ((_, _, form),) = till.asked
        payment_id = str(wanted.payment_id)
        assert form == {
            "mode": "payment",
            "client_reference_id": payment_id,
            "metadata[payment]": payment_id,
            "payment_intent_data[metadata][payment]": payment_id,
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": "2500",
            "line_items[0][price_data][product_data][name]": "Wallet balance",
            "line_items[0][quantity]": "1",
            "success_url": wanted.return_url,
            "cancel_url": wanted.return_url,
            "expires_at": str(int(wanted.expires_at.timestamp())),
            "adaptive_pricing[enabled]": "false",
        }
        session = till.sessions[made.ref]
        assert (made.url, made.expires_at) == (session["url"], wanted.expires_at)
        assert list(till.kept) == [f"payment:{payment_id}"]

    def test_a_repetition_is_the_same_session(self, ask: Ask, till: StripeTill) -> None:
        wanted = order()
        assert {ask(lambda stripe: stripe.checkout(wanted)).ref for _ in range(3)} == set(till.sessions)

    def test_a_key_of_another_question_tells_nothing(self, config: FakeConfig, ask: Ask, till: StripeTill) -> None:
        """Something was made under it: nobody may say that there is nothing."""
        wanted = order()
        ask(lambda stripe: stripe.checkout(wanted))
        config.slip(STRIPE + "product_name", "Another")
        with pytest.raises(ProviderUnavailable) as told:
            ask(lambda stripe: stripe.checkout(wanted))
        assert not isinstance(told.value, ProviderUntouched)

    @pytest.mark.parametrize("faults", [["drop"], ["drop_after"], ["409", "409"], ["503"], ["drop_after", "409"]])
    def test_what_is_passing_is_tried_again(self, ask: Ask, till: StripeTill, faults: list[str]) -> None:
        till.faults.extend(faults)
        made = ask(lambda stripe: stripe.checkout(order()))
        assert (list(till.sessions), len(till.asked)) == ([made.ref], len(faults) + 1)

    @pytest.mark.parametrize(
        ("faults", "tries", "sessions"),
        [(["drop"] * 3, 3, 0), (["drop_after"] * 3, 3, 1), (["409"] * 3, 3, 0), (["503"] * 3, 3, 0), (["500"], 1, 1)],
    )
    def test_what_lasts_is_left_to_later(
        self, ask: Ask, till: StripeTill, faults: list[str], tries: int, sessions: int
    ) -> None:
        """A failure that is kept under its key would only come again; nobody knows then what there is."""
        till.faults.extend(faults)
        with pytest.raises(ProviderUnavailable) as told:
            ask(lambda stripe: stripe.checkout(order()))
        assert not isinstance(told.value, ProviderUntouched)
        assert (len(till.asked), len(till.sessions)) == (tries, sessions)

    @pytest.mark.parametrize("fault", ["silence", "silence_after"])
    def test_silence_is_no_refusal(self, config: FakeConfig, till: StripeTill, fault: str) -> None:
        till.faults.append(fault)
        with pytest.raises(ProviderUnavailable, match=r"TimeoutError|ReadTimeout") as told:
            with_stripe(config, lambda stripe: stripe.checkout(order()), seconds=0.3)
        assert not isinstance(told.value, ProviderUntouched)
        assert len(till.sessions) == (fault == "silence_after")

    def test_whom_nobody_reaches_has_done_nothing(self, config: FakeConfig, till: StripeTill) -> None:
        config.slip(STRIPE + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUntouched, match="ConnectError"):
            with_stripe(config, lambda stripe: stripe.checkout(order()))

    @pytest.mark.parametrize(("key", "told"), [("sk_test_wrong", "401"), ("", "is empty"), ("sk_live_x", "mode")])
    def test_a_wrong_key_has_done_nothing(self, config: FakeConfig, ask: Ask, key: str, told: str) -> None:
        config.slip(STRIPE + "api_key", key)
        for work in (lambda stripe: stripe.checkout(order()), lambda stripe: stripe.probe()):
            with pytest.raises(ProviderUntouched, match=told):
                ask(work)

    def test_turned_away_after_a_try_that_nobody_heard_of(self, ask: Ask, till: StripeTill) -> None:
        till.faults.extend(["drop_after", "429"])
        with pytest.raises(ProviderUnavailable, match="429") as told:
            ask(lambda stripe: stripe.checkout(order()))
        assert not isinstance(told.value, ProviderUntouched)
        till.faults.append("429")
        with pytest.raises(ProviderUntouched, match="429"):
            ask(lambda stripe: stripe.checkout(order()))

    @pytest.mark.parametrize("hours", [-1, 0.4, 25])
    def test_what_is_refused_is_refused(self, ask: Ask, till: StripeTill, hours: float) -> None:
        with pytest.raises(ProviderRejected, match="parameter_invalid"):
            ask(lambda stripe: stripe.checkout(order(expires_at=utc_now() + timedelta(hours=hours))))
        assert till.sessions == {}

    def test_words_of_the_vendor_are_not_told(self, ask: Ask, till: StripeTill) -> None:
        with pytest.raises(ProviderRejected) as told:
            ask(lambda stripe: stripe.checkout(order(expires_at=utc_now())))
        assert "Ada" not in str(told.value)


class TestFind:
    def test_one_that_is_open(self, ask: Ask, till: StripeTill) -> None:
        wanted = order()
        ref = ask(lambda stripe: stripe.checkout(wanted)).ref
        assert ask(lambda stripe: stripe.find(ref)) == PaymentState(ref, wanted.payment_id, "OPEN", 2500, "USD")

    def test_one_that_is_paid(self, ask: Ask, till: StripeTill) -> None:
        wanted = order()
        ref = ask(lambda stripe: stripe.checkout(wanted)).ref
        till.pay(ref)
        alias = till.sessions[ref]["payment_intent"]
        state = PaymentState(ref, wanted.payment_id, "PAID", 2500, "USD", fee_of(2500), alias=alias)
        assert ask(lambda stripe: stripe.find(ref)) == state
        assert ask(lambda stripe: stripe.find(alias)) == state

    def test_each_end(self, ask: Ask, till: StripeTill) -> None:
        ref = ask(lambda stripe: stripe.checkout(order())).ref
        ends = []
        for action in (till.pay_later, till.decline, till.expire):
            action(ref)
            ends.append(ask(lambda stripe: stripe.find(ref)).status)
        assert ends == ["OPEN", "FAILED", "EXPIRED"]

    def test_a_fee_is_known_later_or_never(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        (line,) = till.lines
        line["currency"] = "eur"
        assert ask(lambda stripe: stripe.find(ref)).fee is None
        till.lines.clear()
        assert ask(lambda stripe: stripe.find(ref)).fee is None

    @pytest.mark.parametrize(
        ("status", "told"),
        [
            ("pending", "OPEN"), ("requires_action", "OPEN"), ("succeeded", "DONE"), ("failed", "FAILED"),
            ("canceled", "FAILED"),
        ],
    )  # fmt: skip
    def test_what_each_status_of_a_refund_means(self, ask: Ask, till: StripeTill, status: str, told: Any) -> None:
        ref = paid(ask, till)
        refund = till.refund(ref, 700)
        till.refunds[refund]["status"] = status
        assert ask(lambda stripe: stripe.find(ref)).refunds == (RefundState(refund, 700, told),)

    def test_all_refunds_are_found_page_by_page(self, ask: Ask, till: StripeTill) -> None:
        ref, till.page = paid(ask, till), 2
        made = {till.refund(ref, 100) for _ in range(5)}
        assert {each.ref for each in ask(lambda stripe: stripe.find(ref)).refunds} == made

    def test_a_dispute_by_its_lines_and_not_by_its_status(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        dispute = till.dispute(ref)
        state = DisputeState(dispute, 2500, taken=True, returned=False, closed=False, fee=DISPUTE_FEE)
        assert ask(lambda stripe: stripe.find(ref)).disputes == (state,)
        till.disputes[dispute]["status"] = "won"  # before the money is back
        (found,) = ask(lambda stripe: stripe.find(ref)).disputes
        assert (found.closed, found.returned) == (True, False)
        till.win(dispute)
        (found,) = ask(lambda stripe: stripe.find(ref)).disputes
        assert (found.closed, found.returned, found.fee) == (True, True, DISPUTE_FEE)

    @pytest.mark.parametrize("status", ["lost", "prevented", "warning_closed"])
    def test_an_inquiry_moves_no_money(self, ask: Ask, till: StripeTill, status: str) -> None:
        ref = paid(ask, till)
        dispute = till.dispute(ref, inquiry=True)
        (found,) = ask(lambda stripe: stripe.find(ref)).disputes
        assert found == DisputeState(dispute, 2500, taken=False, returned=False, closed=False)
        till.lose(dispute, status)
        (found,) = ask(lambda stripe: stripe.find(ref)).disputes
        assert (found.taken, found.closed) == (False, True)

    def test_the_other_mode_of_the_vendor_is_no_money(self, config: FakeConfig, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        till.key = "rk_live_of_the_tests"
        config.slip(STRIPE + "api_key", till.key)
        with pytest.raises(ProviderRejected, match="mode"):
            with_stripe(config, lambda stripe: stripe.find(ref), live=True)
        till.sessions[ref]["livemode"] = True
        assert with_stripe(config, lambda stripe: stripe.find(ref), live=True).status == "PAID"
        with pytest.raises(ProviderUntouched, match="mode"):
            ask(lambda stripe: stripe.find(ref))

    @pytest.mark.parametrize("ref", ["cs_nobody", "pi_nobody", "../charges", "a/b?c"])
    def test_a_session_that_is_not_there(self, ask: Ask, ref: str) -> None:
        with pytest.raises(ProviderRejected, match="no such session"):
            ask(lambda stripe: stripe.find(ref))

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "blessed"}, {"amount_total": "2500"}, {"amount_total": None}, {"currency": None}, {"id": 1},
            {"status": "complete", "payment_status": "blessed"},
        ],
    )  # fmt: skip
    def test_what_cannot_be_understood_is_no_answer(self, ask: Ask, till: StripeTill, changes: dict[str, Any]) -> None:
        ref = ask(lambda stripe: stripe.checkout(order())).ref
        till.sessions[ref] |= changes
        with pytest.raises(ProviderUnavailable):
            ask(lambda stripe: stripe.find(ref))

    def test_what_is_not_ours_has_no_payment(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        for metadata in ({}, {"payment": "x"}, None):
            till.sessions[ref]["metadata"] = metadata
            assert ask(lambda stripe: stripe.find(ref)).payment_id is None


class TestExpire:
    def test_it_ends_and_once_more_is_no_fault(self, ask: Ask, till: StripeTill) -> None:
        ref = ask(lambda stripe: stripe.checkout(order())).ref
        for _ in range(2):
            ask(lambda stripe: stripe.expire(ref))
        assert till.sessions[ref]["status"] == "expired"

    def test_one_that_was_paid_does_not(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        with pytest.raises(ProviderRejected):
            ask(lambda stripe: stripe.expire(ref))
        with pytest.raises(ProviderRejected, match="no such session"):
            ask(lambda stripe: stripe.expire("cs_nobody"))


class TestRefund:
    def test_it_is_made_once_however_often_it_is_asked_for(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        wanted = RefundOrder(uuid4(), ref, 700, "USD")
        till.faults.extend(["ok", "ok", "drop_after"])
        made = ask(lambda stripe: stripe.refund(wanted))
        assert made == RefundState(next(iter(till.refunds)), 700, "OPEN", wanted.refund_id)
        till.kept.clear()  # a day later
        till.end_refund(made.ref, "succeeded")
        assert ask(lambda stripe: stripe.refund(wanted)).status == "DONE"
        assert len(till.refunds) == 1
        assert ask(lambda stripe: stripe.find(ref)).refunds[0].refund_id == wanted.refund_id

    def test_no_more_than_there_is(self, ask: Ask, till: StripeTill) -> None:
        ref = paid(ask, till)
        with pytest.raises(ProviderRejected, match="charge_already_refunded"):
            ask(lambda stripe: stripe.refund(RefundOrder(uuid4(), ref, 2501, "USD")))

    def test_nothing_of_what_was_not_paid(self, ask: Ask) -> None:
        ref = ask(lambda stripe: stripe.checkout(order())).ref
        with pytest.raises(ProviderRejected, match="nothing was paid"):
            ask(lambda stripe: stripe.refund(RefundOrder(uuid4(), ref, 1, "USD")))


class TestMovements:
    def test_they_are_what_the_vendor_owes_us(self, ask: Ask, till: StripeTill) -> None:
        ref, till.page = paid(ask, till), 2
        till.refund(ref, 700)
        till.win(till.dispute(ref, 1000))
        today = utc_now().date()
        lines = ask(lambda stripe: stripe.movements(today))
        assert sum(line.amount for line in lines) == till.book.balance(OURS)
        assert {line.ref for line in lines} == {till.sessions[ref]["payment_intent"]}
        assert {line.kind for line in lines} == {"PAID", "BACK", "FEE"}
        assert [line.amount for line in lines if line.kind == "PAID"] == [2500]
        assert ask(lambda stripe: stripe.movements(today - timedelta(days=1))) == []

    def test_what_is_of_no_payment_has_an_id_of_its_own(self, ask: Ask, till: StripeTill) -> None:
        payout = till.settle(900, cost=40)
        cost = till.lines[-1]["id"]
        till._line("transfer", "tr_1", -700, 0)
        till._line("adjustment", "adj_1", 5, 0)
        lines = ask(lambda stripe: stripe.movements(utc_now().date()))
        assert Movement(payout, "SETTLED", -900) in lines
        assert Movement(cost, "COST", -40) in lines
        assert Movement(till.lines[-1]["id"], "OTHER", 5) in lines
        assert len(lines) == 3

    @pytest.mark.parametrize("name", ["amount", "fee", "type"])
    def test_a_line_that_cannot_be_read_is_no_answer(self, ask: Ask, till: StripeTill, name: str) -> None:
        paid(ask, till)
        till.lines[0][name] = None
        with pytest.raises(ProviderUnavailable, match="line"):
            ask(lambda stripe: stripe.movements(utc_now().date()))


class TestRead:
    def test_events_are_read(self, config: FakeConfig, ask: Ask, till: StripeTill) -> None:
        """By either secret, while one takes the other's place."""
        config.slip(STRIPE + "webhook_secret_previous", "whsec_before")
        ref = paid(ask, till)
        till.end_refund(till.refund(ref, 100), "failed")
        till.win(till.dispute(ref))
        till.warn(ref)
        alias, kinds = till.sessions[ref]["payment_intent"], set[str]()
        for body in till.told:
            for secret in (till.secret, "whsec_before"):
                (notice,) = read(config, signed(secret, body, utc_now()), body)
            event = json.loads(body)
            of_session = notice.type.startswith("checkout.session.")
            assert (notice.external_id, notice.object_ref) == (event["id"], ref if of_session else alias)
            assert notice.occurred_at == datetime.fromtimestamp(event["created"], UTC)
            assert notice.type in StripePayments.types
            kinds.add(notice.type)
        assert len(kinds) == 9

    @pytest.mark.parametrize("livemode", [True, None])
    def test_events_of_the_other_mode_are_none(self, config: FakeConfig, till: StripeTill, livemode: Any) -> None:
        body = event(livemode=livemode)
        assert read(config, signed(till.secret, body, utc_now()), body) == []

    def test_an_event_of_another_type_is_kept(self, config: FakeConfig, till: StripeTill) -> None:
        body = event(type="charge.updated")
        (notice,) = read(config, signed(till.secret, body, utc_now()), body)
        assert (notice.object_ref, notice.type in StripePayments.types) == (None, False)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 1}', b"[" * 100_000, b"\xff"])
    def test_signed_nonsense_is_unreadable(self, config: FakeConfig, till: StripeTill, body: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            read(config, signed(till.secret, body, utc_now()), body)

    @pytest.mark.parametrize("name", [*GOOD, *BAD])
    def test_each_shape_of_a_header(self, config: FakeConfig, till: StripeTill, name: str) -> None:
        config.slip(STRIPE + "webhook_secret", SECRET)
        config.slip(STRIPE + "webhook_secret_previous", "whsec_the-one-before")
        body, moment = event(), int(utc_now().timestamp())
        former = (GOOD | BAD)[name]
        shaped = former.replace(RIGHT, signature(SECRET, body, moment)).replace(str(MOMENT), str(moment))
        of_its_own = name in {"by the former secret", "as old as may be", "as far ahead as may be"}
        if name in GOOD and not of_its_own:
            assert read(config, shaped, body)
        else:
            with pytest.raises(ProviderRejected):
                read(config, shaped, body)

    def test_each_bit_of_an_event_counts(self, config: FakeConfig, till: StripeTill) -> None:
        body = event(data={"object": {"id": "cs_1", "more": "y" * 1900}}).ljust(2048)
        header = signed(till.secret, body, utc_now())
        assert (len(body), len(read(config, header, body))) == (2048, 1)

        async def work(stripe: StripePayments) -> int:
            return refused(stripe, HEADER, header, body)

        assert with_stripe(config, work) == 2048 * 8


class TestProbe:
    def test_it_begins_nothing(self, config: FakeConfig, ask: Ask, till: StripeTill) -> None:
        assert "none was begun" in ask(lambda stripe: stripe.probe())
        assert questions(till) == [("GET", "/v1/checkout/sessions")]
        config.slip(STRIPE + "webhook_secret", "")
        with pytest.raises(ProviderUnavailable, match="webhook_secret is empty"):
            ask(lambda stripe: stripe.probe())


def test_the_names_are_those_that_an_admin_may_choose(config: FakeConfig) -> None:
    adapters = payment_adapters(config, httpx.AsyncClient(), "production", None)
    assert {adapter.name for adapter in adapters} == set(PROVIDERS) - {"none", "sandbox"}
    assert not any(adapter.verifies for adapter in adapters)  # none has its secrets


def event(**fields: Any) -> bytes:
    told = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}, "livemode": False}
    return json.dumps(told | fields).encode()


def read(config: FakeConfig, header: str, body: bytes) -> Any:
    async def work(stripe: StripePayments) -> Any:
        return stripe.read(RawNotice({HEADER: (header,)}, body))

    return with_stripe(config, work)
