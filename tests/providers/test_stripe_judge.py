"""The vendor's own SDK as a judge: it takes what we take, and refuses what we refuse."""

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import httpx
import pytest
import stripe
import stripe.params._webhook_endpoint_create_params as webhook_endpoint
from stripe import SignatureVerificationError, Webhook

from domain.clock import utc_now
from domain.money.payouts import PayoutOrder, PayoutState
from domain.webhooks import RawNotice
from providers.kyc.stripe_identity import SESSIONS, STATUSES, VERSION, StripeIdentity
from providers.payout import stripe_connect
from providers.payout.stripe_connect import StripeConnect
from providers.ports import ProviderRejected
from providers.signed import require_signed, signature, signed
from tests.providers.fakes import FakeConfig
from tests.providers.kyc_vendors import StripeWorld, stripe_world
from tests.providers.payout_vendors import ConnectWorld, connect_world
from tests.providers.test_kyc import STRIPE, SUBJECT
from tests.providers.test_signed import BAD, GOOD, MOMENT, RIGHT, SECRET
from tests.providers.test_stripe_connect import ACCOUNT, AMOUNT, PAYOUT, PREFIX

HEADER = "stripe-signature"

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
    def test_what_we_take_the_sdk_takes(self, name: str) -> None:
        """Of the shapes of all headers, made anew for this moment and body."""
        body, now = event(), utc_now()
        former, moment = (GOOD | BAD)[name], int(now.timestamp())
        right = signature(SECRET, body, moment)
        header = former.replace(str(MOMENT), str(moment)).replace(RIGHT, right)
        if ours(header, body, now):
            assert theirs(header, body)

    def test_a_changed_body_is_refused_by_both(self) -> None:
        body, now = event(), utc_now()
        header = signed(SECRET, body, now)
        for place in range(0, len(body), 7):
            changed = bytearray(body)
            changed[place] ^= 1
            assert not ours(header, bytes(changed), now)
            assert not theirs(header, bytes(changed))


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

        async def run() -> T:
            async with httpx.AsyncClient(trust_env=False) as http:
                return await work(StripeConnect(config, http, live=False))

        return asyncio.run(run())

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

    def test_the_words_are_those_of_the_sdk(self) -> None:
        source = inspect.getsource(stripe.Payout)
        (line,) = (line for line in source.splitlines() if "Current status of the payout" in line)
        assert set(re.findall(r"`([a-z_]+)`", line.partition(". A payout")[0])) == stripe_connect.STATUSES.keys()
        events = inspect.getsource(webhook_endpoint)
        assert StripeConnect.types <= set(re.findall(r"\"([a-z_.]+)\"", events))
        codes = inspect.getsource(stripe.SetupIntent)
        known = set(re.findall(r"\"([a-z_]+)\"", codes)) | {"insufficient_capabilities_for_transfer"}
        assert {stripe_connect.BALANCE, *stripe_connect.DESTINATION_CODES} <= known
