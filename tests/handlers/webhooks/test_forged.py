"""Signatures that are none, over HTTP and at every provider's intake: they are refused, and leave nothing."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest

from domain.clock import utc_now
from providers.sandbox import HEADER
from providers.signed import signed
from services.providers.sandbox import sandbox_secrets
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer
from tests.money import begin
from tests.providers.forged import SHAPES, bad_headers, bad_queries, bad_values
from tests.providers.kyc_vendors import VeriffWorld
from tests.providers.payment_vendors import mollie_till
from tests.providers.payout_vendors import WiseWorld

SECRET = "whsec_of_the_forged"
STRIPE = "Stripe-Signature"
BEYOND = 60
"""Seconds by which times are too old or too far ahead, so that none is as good before it was judged."""
TAKEN, REFUSED, TOO_LONG = (200, None), (401, "webhook.signature_invalid"), (431, None)
BEFORE = {"a zero behind it": (400, None), "ten thousand signatures": TOO_LONG, "ten thousand of them": TOO_LONG}
"""What is no header, or too long for one: it is refused before any intake sees it."""
UNSIGNED = {"payout/paypal"}
"""Anybody may send its pings: of what is not ours nothing is kept."""


@dataclass(frozen=True)
class Road:
    """``right`` is what is sent with a body that counts, ``forged`` what is sent in its place, each by its name."""

    body: bytes
    header: str
    right: str
    forged: Mapping[str, str]


Lay = Callable[[Server], Road]


def by_time(header: str, secret: str, body: bytes) -> Road:
    now = utc_now()
    return Road(body, header, signed(secret, body, now), bad_headers(secret, body, int(now.timestamp()), BEYOND))


def event(**fields: Any) -> bytes:
    told = {"id": f"evt_{uuid4().hex[:24]}", "object": "event", "type": "x", "livemode": False, "created": 1}
    return json.dumps(told | {"data": {"object": {"id": "x"}}} | fields).encode()


def of_stripe(name: str, secret: str) -> Lay:
    def lay(server: Server) -> Road:
        server.configure(**{f"external.{name}.{secret}": SECRET})
        return by_time(STRIPE, SECRET, event())

    return lay


def of_sandbox(family: str) -> Lay:
    def lay(server: Server) -> Road:
        secret = sandbox_secrets(server.app.parts.keyring.digests, family)()[0]
        told = {"id": f"evt_{uuid4()}", "type": "x", "object": str(uuid4()), "created": int(utc_now().timestamp())}
        return by_time(HEADER, secret, json.dumps(told).encode())

    return lay


def of_veriff(server: Server) -> Road:
    world = VeriffWorld(secret=SECRET)
    server.configure(**{"external.kyc.veriff.shared_secret": SECRET})
    body = world.event(str(uuid4()))
    others = {"of another body": world.signature(b""), "of another secret": VeriffWorld().signature(body)}
    return Road(body, "X-HMAC-Signature", world.signature(body), bad_values(world.signature(body), others))


def of_wise(server: Server) -> Road:
    world = WiseWorld()
    server.configure(**{"external.payout.wise.webhook_public_key": world.public_key})
    body = world.event(111)
    others = {"of another body": world.signature(b""), "of another key": WiseWorld().signature(body)}
    return Road(body, "X-Signature-SHA256", world.signature(body), bad_values(world.signature(body), others))


ROADS: dict[str, Lay] = {
    "payment/stripe": of_stripe("payment.stripe", "webhook_secret"),
    "payment/sandbox": of_sandbox("payment"),
    "kyc/stripe_identity": of_stripe("kyc.stripe_identity", "webhook_secret"),
    "kyc/veriff": of_veriff,
    "kyc/sandbox": of_sandbox("kyc"),
    "payout/stripe_connect": of_stripe("payout.stripe_connect", "connect_webhook_secret"),
    "payout/wise": of_wise,
    "payout/sandbox": of_sandbox("payout"),
}
BY_ADDRESS = {"payment/mollie"}


class Sender:
    """What no client would send: header values as they are."""

    def __init__(self, server: Server) -> None:
        found = urlsplit(server.origin)
        self._connection = HTTPConnection(str(found.hostname), found.port, timeout=30)

    def send(self, path: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> tuple[int, Any]:
        self._connection.putrequest("POST", f"/api/v1/webhooks/{path}", skip_accept_encoding=True)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self._connection.putheader(name, value.encode())
        self._connection.endheaders(body)
        answer: HTTPResponse = self._connection.getresponse()
        said = answer.read()
        if answer.will_close:
            self._connection.close()
        return answer.status, json.loads(said)["error"]["code"] if answer.status == 401 else None

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def sender(server: Server) -> Iterator[Sender]:
    sender = Sender(server)
    yield sender
    sender.close()


@pytest.mark.parametrize("path", ROADS)
def test_a_signature_that_is_none(server: Server, tables: Tables, sender: Sender, path: str) -> None:
    road = ROADS[path](server)
    before = tables.fingerprints()
    found = {name: sender.send(path, road.body, [(road.header, value)]) for name, value in sent(road).items()}
    assert len(found) >= SHAPES
    assert {name: answer for name, answer in found.items() if answer != REFUSED} == {
        name: BEFORE[name] for name in found if name in BEFORE
    }
    right = (road.header, road.right)
    for headers in ([], [right, right], [right, (road.header, "")], [("X-Another", road.right)]):
        assert sender.send(path, road.body, headers) == REFUSED
    for body in (road.body + b" ", road.body[:-1], b""):
        assert sender.send(path, body, [right]) == REFUSED
    assert tables.changed_since(before) == set()
    assert sender.send(path, road.body, [right]) == TAKEN
    assert tables.count("provider_events") == 1


def sent(road: Road) -> dict[str, str]:
    """But for line breaks, which no header has, and for blanks around it, which are no part of one: so HTTP has it."""
    lines = {name: value for name, value in road.forged.items() if "\n" not in value}
    return {name: value for name, value in lines.items() if value.strip() != road.right}


def test_an_address_that_is_none(api: Api, server: Server, tables: Tables, sender: Sender) -> None:
    """A provider that signs nothing, but knows where to tell us: nobody learns whether a key is right."""
    account(api, tables, created_at=utc_now() - timedelta(days=30))
    path = "payment/mollie"
    with mollie_till() as till:
        of_vendor = {"base_url": till.url, "api_key": till.key, "webhook_secret": till.secret}
        server.configure(**{f"external.{path.replace('/', '.')}.{name}": value for name, value in of_vendor.items()})
        server.configure(**{"external.payment.active_provider": "mollie"})
        begin(api, bearer(api.sign_in()))
        ((ref, payment),) = till.payments.items()
        query, body, asked = urlsplit(payment["webhookUrl"]).query, f"id={ref}".encode(), len(till.asked)
        before, forged = tables.fingerprints(), bad_queries(query)
        found = {name: sender.send(f"{path}?{quote(of, safe='=&%;')}", body) for name, of in forged.items()}
        assert len(found) >= SHAPES
        assert {name: answer for name, answer in found.items() if answer != TAKEN} == {
            name: TOO_LONG for name in found if "ten thousand of them" in name
        }
        assert tables.changed_since(before) == set()
        server.work_off()
        assert len(till.asked) == asked
        assert sender.send(f"{path}?{query}", body) == TAKEN
        assert tables.count("provider_events") == 1


def test_each_intake_is_tried(server: Server) -> None:
    parts, found = server.app.parts, set[str]()
    for family in (parts.providers.kyc, parts.providers.payment, parts.providers.payout):
        told = parts.webhooks.family(family.family)
        assert told is not None
        found |= {f"{family.family}/{name}" for name in family.names if told.source(name) is not None}
    assert found - UNSIGNED == ROADS.keys() | BY_ADDRESS
