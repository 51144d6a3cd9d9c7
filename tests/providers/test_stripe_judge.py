"""The vendor's own SDK as a judge: it takes what we take, and refuses what we refuse."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
import stripe
from stripe import SignatureVerificationError, Webhook

from domain.clock import utc_now
from domain.webhooks import RawNotice
from providers.kyc.stripe_identity import SESSIONS, STATUSES, VERSION, StripeIdentity
from providers.ports import ProviderRejected
from providers.signed import require_signed, signature, signed
from tests.providers.fakes import FakeConfig
from tests.providers.kyc_vendors import StripeWorld, stripe_world
from tests.providers.test_kyc import STRIPE, SUBJECT
from tests.providers.test_signed import BAD, GOOD, MOMENT, RIGHT, SECRET

HEADER = "stripe-signature"


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
