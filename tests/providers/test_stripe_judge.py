"""The vendor's own SDK as a judge: it takes what we take, and refuses what we refuse."""

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
import stripe
import stripe.params._webhook_endpoint_create_params as webhook_endpoint
from stripe import SignatureVerificationError, Webhook

from domain.clock import utc_now
from domain.money.movements import begin_of, end_of
from domain.money.payments import RefundOrder
from domain.money.payouts import PayoutOrder, PayoutState
from domain.webhooks import RawNotice
from providers.kyc.stripe_identity import SESSIONS, STATUSES, StripeIdentity
from providers.payment.stripe import CLOSED, GIVEN_UP, KINDS, REFUND_STATUSES, StripePayments
from providers.payout import stripe_connect
from providers.payout.stripe_connect import StripeConnect
from providers.ports import ProviderRejected
from providers.signed import require_signed, signature, signed
from providers.stripe import TRANSFER_LINES, VERSION
from tests.providers.fakes import FakeConfig
from tests.providers.forged import bad_headers, each_bit_changed, good_headers
from tests.providers.kyc_vendors import StripeWorld, stripe_world
from tests.providers.payment_vendors import StripeTill, stripe_till
from tests.providers.payout_vendors import ConnectWorld, connect_world
from tests.providers.test_kyc import STRIPE, SUBJECT
from tests.providers.test_signed import BAD, GOOD, SECRET
from tests.providers.test_stripe_connect import ACCOUNT, AMOUNT, PAYOUT, PREFIX, done
from tests.providers.test_stripe_payments import order, with_stripe

HEADER = "stripe-signature"
NO_BOUND = "it reads a header of any length; ours has a bound, so that nobody makes us compare ten thousand signatures"
A_NUMBER = "it reads the time as Python reads a number; the vendor writes nothing but digits"
LAXER = {
    "too far ahead": "it judges what is too old alone; what is dated ahead could be kept, and sent again until then",
    "two times": "it goes by the first of them; for us it is not said when such a notice was signed",
    "a time with a sign": A_NUMBER,
    "a time with a blank": A_NUMBER,
    "a time in Arabic digits": A_NUMBER,
    "a line break": A_NUMBER + "; and no header of HTTP has one",
    "ten thousand signatures": NO_BOUND,
    "ten thousand commas": NO_BOUND,
    "too long by one": NO_BOUND,
}
"""Shapes that the SDK takes and we refuse, each with the reason. There is none that we take and the SDK refuses."""

T = TypeVar("T")


@pytest.fixture
def world() -> Iterator[StripeWorld]:
    with stripe_world() as found:
        yield found


def ours(header: str, body: bytes, now: datetime) -> bool:
    try:
        require_signed(RawNotice({HEADER: (header,)}, body), HEADER, (SECRET,), now)
    except ProviderRejected:
        return False
    return True


def theirs(header: str, body: bytes) -> bool:
    try:
        Webhook.construct_event(body, header, SECRET)
    except (SignatureVerificationError, ValueError, UnicodeError):
        return False
    except TypeError:  # of what is no ASCII, which is a fault of the SDK, but not taken either
        if header.isascii():
            raise
        return False
    return True


def event(**fields: Any) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}} | fields).encode()


class TestSignatures:
    def test_the_sdk_takes_what_we_sign(self) -> None:
        body = event()
        assert theirs(signed(SECRET, body, utc_now()), body)

    @pytest.mark.parametrize("seconds", [-400, -301, -299, 0])
    def test_dates_are_judged_alike(self, seconds: int) -> None:
        """But for those ahead, which the SDK takes."""
        body, now = event(), utc_now()
        moment = int(now.timestamp()) + seconds
        header = f"t={moment},v1={signature(SECRET, body, moment)}"
        assert ours(header, body, now) == theirs(header, body)

    @pytest.mark.parametrize("name", [*GOOD, *BAD])
    def test_each_shape_is_judged_alike(self, name: str) -> None:
        """Made anew for this moment and body. What we take the SDK takes; what we refuse it refuses, but for LAXER."""
        body, now = event(), utc_now()
        moment = int(now.timestamp())
        # A quarter of a minute on this side of both ends: the SDK has a clock of its own.
        good, bad = good_headers(SECRET, SECRET, body, moment, within=15), bad_headers(SECRET, body, moment, beyond=15)
        header = (good | bad)[name]
        assert ours(header, body, now) is (name in good)
        assert theirs(header, body) is (name in good or name in LAXER)

    def test_it_is_known_why_the_sdk_is_laxer(self) -> None:
        assert LAXER.keys() <= BAD.keys()

    def test_each_changed_bit_is_refused_by_both(self) -> None:
        body, now = event(), utc_now()
        header = signed(SECRET, body, now)
        assert ours(header, body, now)
        assert theirs(header, body)
        for changed in each_bit_changed(body):
            assert not ours(header, changed, now)
            assert not theirs(header, changed)
        for place, letter in enumerate(header):
            for bit in range(8):
                other = header[:place] + chr(ord(letter) ^ (1 << bit)) + header[place + 1 :]
                assert not ours(other, body, now)
                assert not theirs(other, body)


class TestRequests:
    def test_the_sdk_asks_in_the_same_words(self, world: StripeWorld) -> None:
        """For the same session, with the same idempotency key: the vendor's server tells them apart by nothing."""
        config = FakeConfig()
        config.slip(STRIPE + "base_url", world.url)
        config.slip(STRIPE + "api_key", world.key)

        async def start() -> str:
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await StripeIdentity(config, http, live=False).start(SUBJECT)).ref

        ref = asyncio.run(start())
        client = stripe.StripeClient(world.key, stripe_version=VERSION, base_addresses={"api": world.url})
        made = client.v1.identity.verification_sessions.create(
            {
                "type": "document",
                "client_reference_id": str(SUBJECT.id),
                "metadata": {"kyc": str(SUBJECT.id)},
                "return_url": SUBJECT.return_url,
                "options": {"document": {"require_matching_selfie": True}},
            },
            {"idempotency_key": f"kyc:{SUBJECT.id}"},
        )
        assert (made.id, len(world.forms)) == (ref, 1)
        assert SESSIONS == "/v1/identity/verification_sessions"

    def test_the_statuses_are_those_of_the_sdk(self) -> None:
        known = str(stripe.identity.VerificationSession.__annotations__["status"])
        assert set(re.findall(r"[\"']([a-z_]+)[\"']", known)) == STATUSES.keys()


class TestPayouts:
    @pytest.fixture
    def bank(self) -> Iterator[ConnectWorld]:
        with connect_world() as found:
            yield found

    def ours(self, bank: ConnectWorld, work: Callable[[StripeConnect], Awaitable[T]]) -> T:
        config = FakeConfig()
        config.slip(PREFIX + "base_url", bank.url)
        config.slip(PREFIX + "api_key", bank.key)
        return done(config, work)

    def test_the_sdk_asks_in_the_same_words(self, bank: ConnectWorld) -> None:
        """For the same account, transfer, payout and reversal, with the same keys: nothing is made by the SDK."""
        client = stripe.StripeClient(bank.key, stripe_version=VERSION, base_addresses={"api": bank.url})
        ref = self.ours(bank, lambda adapter: adapter.open_account(ACCOUNT)).ref
        bank.ready(ref)
        order = PayoutOrder(PAYOUT, 1, AMOUNT, "USD", account=ref)
        sent = self.ours(bank, lambda adapter: adapter.pay(order))
        (payout_id,) = bank.payouts
        bank.fail(payout_id)
        failed = self.ours(bank, lambda adapter: adapter.find(order, sent.ref))
        made = len(bank.forms)

        account = client.v1.accounts.create(
            {
                "controller": {
                    "stripe_dashboard": {"type": "express"},
                    "fees": {"payer": "application"},
                    "losses": {"payments": "application"},
                },
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {"account": str(ACCOUNT.id)},
                "email": ACCOUNT.email or "",
                "country": ACCOUNT.country or "",
            },
            {"idempotency_key": ACCOUNT.key},
        )
        about = {"payout": str(PAYOUT), "attempt": "1"}
        transfer = client.v1.transfers.create(
            {
                "amount": AMOUNT,
                "currency": "usd",
                "destination": ref,
                "transfer_group": order.key,
                "metadata": about,
            },
            {"idempotency_key": f"{order.key}:transfer"},
        )
        payout = client.v1.payouts.create(
            {"amount": AMOUNT, "currency": "usd", "metadata": about | {"transfer": sent.ref}},
            {"idempotency_key": f"{order.key}:payout", "stripe_account": ref},
        )
        reversal = client.v1.transfers.reversals.create(
            sent.ref,
            {"amount": AMOUNT, "metadata": about | {"reason": "DESTINATION_REJECTED"}},
            {"idempotency_key": f"{order.key}:reversal"},
        )
        assert (account.id, transfer.id, payout.id, reversal.transfer) == (ref, sent.ref, payout_id, sent.ref)
        assert failed == PayoutState(sent.ref, "FAILED", "DESTINATION_REJECTED")
        assert len(bank.forms) == made

    def test_the_sdk_finds_what_we_made(self, bank: ConnectWorld) -> None:
        client = stripe.StripeClient(bank.key, stripe_version=VERSION, base_addresses={"api": bank.url})
        ref = self.ours(bank, lambda adapter: adapter.open_account(ACCOUNT)).ref
        bank.ready(ref)
        order = PayoutOrder(PAYOUT, 1, AMOUNT, "USD", account=ref)
        sent = self.ours(bank, lambda adapter: adapter.pay(order))
        (transfer,) = client.v1.transfers.list({"transfer_group": order.key, "limit": 2}).data
        since = transfer.created - stripe_connect.SKEW
        (payout,) = client.v1.payouts.list({"limit": 100, "created": {"gte": since}}, {"stripe_account": ref}).data
        assert payout.metadata is not None
        assert (transfer.id, payout.metadata["transfer"]) == (sent.ref, sent.ref)
        assert client.v1.balance.retrieve(options={"stripe_account": ref}).available[0].amount == 0

    def test_the_sdk_reads_where_the_money_goes(self, bank: ConnectWorld) -> None:
        """By what it calls the same bank account, wherever that is entered."""
        client = stripe.StripeClient(bank.key, stripe_version=VERSION, base_addresses={"api": bank.url})
        ref = self.ours(bank, lambda adapter: adapter.open_account(ACCOUNT)).ref
        bank.bank(ref, {"fingerprint": "a", "default_for_currency": True})
        banks = client.v1.accounts.retrieve(ref).external_accounts
        assert banks is not None
        (one,) = banks.data
        assert isinstance(one, stripe.BankAccount)
        assert (one.fingerprint, one.currency, one.default_for_currency) == ("a", "usd", True)
        assert self.ours(bank, lambda adapter: adapter.account(ref)).destination is not None

    def test_the_words_are_those_of_the_sdk(self) -> None:
        source = inspect.getsource(stripe.Payout)
        (line,) = (line for line in source.splitlines() if "Current status of the payout" in line)
        assert set(re.findall(r"`([a-z_]+)`", line.partition(". A payout")[0])) == stripe_connect.STATUSES.keys()
        events = inspect.getsource(webhook_endpoint)
        assert StripeConnect.types <= set(re.findall(r"\"([a-z_.]+)\"", events))
        codes = inspect.getsource(stripe.SetupIntent)
        known = set(re.findall(r"\"([a-z_]+)\"", codes)) | {"insufficient_capabilities_for_transfer"}
        assert {stripe_connect.BALANCE, *stripe_connect.DESTINATION_CODES} <= known


@pytest.fixture
def till() -> Iterator[StripeTill]:
    with stripe_till() as found:
        yield found


class TestPayments:
    """Asked by us and by the SDK, of one server that knows a repetition by its key and by nothing else."""

    def ask(self, till: StripeTill, work: Callable[[StripePayments], Awaitable[Any]]) -> Any:
        config = FakeConfig()
        of_vendor = {"base_url": till.url, "api_key": till.key, "webhook_secret": SECRET}
        for name, value in of_vendor.items():
            config.slip(f"external.payment.stripe.{name}", value)
        return with_stripe(config, work)

    def sdk(self, till: StripeTill) -> stripe.StripeClient:
        return stripe.StripeClient(till.key, stripe_version=VERSION, base_addresses={"api": till.url})

    def test_a_session_is_asked_for_in_the_same_words(self, till: StripeTill) -> None:
        wanted = order()
        ref = self.ask(till, lambda payments: payments.checkout(wanted)).ref
        payment_id = str(wanted.payment_id)
        made = self.sdk(till).v1.checkout.sessions.create(
            {
                "mode": "payment",
                "client_reference_id": payment_id,
                "metadata": {"payment": payment_id},
                "payment_intent_data": {"metadata": {"payment": payment_id}},
                "line_items": [
                    {
                        "price_data": {
                            "currency": "usd",
                            "unit_amount": wanted.amount,
                            "product_data": {"name": "Wallet balance"},
                        },
                        "quantity": 1,
                    }
                ],
                "success_url": wanted.return_url,
                "cancel_url": wanted.return_url,
                "expires_at": int(wanted.expires_at.timestamp()),
                "adaptive_pricing": {"enabled": False},
            },
            {"idempotency_key": wanted.key},
        )
        assert (made.id, len(till.sessions)) == (ref, 1)

    def test_a_refund_is_asked_for_in_the_same_words(self, till: StripeTill) -> None:
        ref = self.ask(till, lambda payments: payments.checkout(order())).ref
        till.pay(ref)
        wanted = RefundOrder(uuid4(), ref, 700, "USD")
        made = self.ask(till, lambda payments: payments.refund(wanted))
        again = self.sdk(till).v1.refunds.create(
            {
                "payment_intent": till.sessions[ref]["payment_intent"],
                "amount": 700,
                "metadata": {"refund": str(wanted.refund_id)},
            },
            {"idempotency_key": wanted.key},
        )
        assert (again.id, len(till.refunds)) == (made.ref, 1)

    def test_an_end_is_asked_for_in_the_same_words(self, till: StripeTill) -> None:
        one, other = (self.ask(till, lambda payments: payments.checkout(order())).ref for _ in range(2))
        self.ask(till, lambda payments: payments.expire(one))
        assert self.sdk(till).v1.checkout.sessions.expire(other).status == "expired"
        assert [path.replace(one, other) for _, path, _ in till.asked[2:]] == [
            f"/v1/checkout/sessions/{other}/expire"
        ] * 2

    def test_what_is_told_is_read_alike(self, till: StripeTill) -> None:
        ref = self.ask(till, lambda payments: payments.checkout(order())).ref
        till.pay(ref)
        refund, dispute = till.refund(ref, 700), till.dispute(ref, 1000)
        ours, client = self.ask(till, lambda payments: payments.find(ref)), self.sdk(till)
        expanded = "payment_intent.latest_charge.balance_transaction"
        session = client.v1.checkout.sessions.retrieve(ref, {"expand": [expanded]})
        intent: Any = session.payment_intent
        assert (ours.ref, ours.amount, ours.currency.lower()) == (session.id, session.amount_total, session.currency)
        assert (ours.status, session.payment_status, session.livemode) == ("PAID", "paid", False)
        assert (ours.alias, ours.fee) == (intent.id, intent.latest_charge.balance_transaction.fee)
        found = client.v1.refunds.list({"payment_intent": intent.id}).data
        assert [(one.id, one.amount) for one in found] == [(ours.refunds[0].ref, ours.refunds[0].amount)]
        (told,) = client.v1.disputes.list({"payment_intent": intent.id}).data
        assert (told.id, told.amount) == (ours.disputes[0].ref, ours.disputes[0].amount)
        assert (refund, dispute) == (found[0].id, told.id)
        assert ours.disputes[0].fee == told.balance_transactions[0].fee

    def test_a_day_is_asked_for_in_the_same_words_and_read_alike(self, till: StripeTill) -> None:
        ref = self.ask(till, lambda payments: payments.checkout(order())).ref
        till.pay(ref)
        till.refund(ref, 700)
        till.win(till.dispute(ref, 1000))
        till.settle(300, cost=40)
        day = utc_now().date()
        ours = self.ask(till, lambda payments: payments.movements(day))
        begin, end = (int(moment.timestamp()) for moment in (begin_of(day), end_of(day)))
        asked: Any = {"limit": 100, "created": {"gte": begin, "lt": end}, "expand": ["data.source"]}
        lines = self.sdk(till).v1.balance_transactions.list(asked).data
        (_, path, form), (_, their_path, their_form) = till.asked[-2:]
        assert (path, form) == (their_path, {name.replace("[0]", "[]"): of for name, of in their_form.items()})
        assert sum(line.net for line in lines) == sum(one.amount for one in ours)

    def test_events_are_read_alike(self, till: StripeTill) -> None:
        ref = self.ask(till, lambda payments: payments.checkout(order())).ref
        till.pay(ref)
        till.win(till.dispute(ref, 1000))
        till.refund(ref)
        for body in till.told:
            header = signed(SECRET, body, utc_now())
            event = Webhook.construct_event(body, header, SECRET)

            async def read(payments: StripePayments, header: str = header, body: bytes = body) -> Any:
                return payments.read(RawNotice({HEADER: (header,)}, body))

            (notice,) = self.ask(till, read)
            assert (notice.external_id, notice.type) == (event.id, event.type)
            about = event.data.object
            assert notice.object_ref == (
                about["id"] if about["object"] == "checkout.session" else about["payment_intent"]
            )

    def test_the_words_are_those_of_the_sdk(self) -> None:
        sessions, disputes = (str(one.__annotations__["status"]) for one in (stripe.checkout.Session, stripe.Dispute))
        assert words(sessions) >= {"open", "expired", "complete"}
        assert words(disputes) >= CLOSED
        assert words(str(stripe.checkout.Session.__annotations__["payment_status"])) >= {
            "paid", "unpaid", "no_payment_required",
        }  # fmt: skip
        intents = words(str(stripe.PaymentIntent.__annotations__["status"]))
        assert intents >= GIVEN_UP
        assert words(str(stripe.Event.__annotations__["type"])) >= StripePayments.types
        types = words(str(stripe.BalanceTransaction.__annotations__["type"]))
        assert types >= {*KINDS, *TRANSFER_LINES}
        source = Path(inspect.getfile(stripe.Refund)).read_text()
        told = next(line for line in source.splitlines() if "Status of the refund" in line)
        assert set(re.findall(r"`([a-z_]+)`", told)) == REFUND_STATUSES.keys()


def words(annotation: str) -> set[str]:
    return set(re.findall(r"[\"']([a-z_.]+)[\"']", annotation))
