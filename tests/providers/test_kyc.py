"""Who verifies identities: what goes over the wire, what is made of the answers, whose notices are taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest

from domain.clock import utc_now
from domain.creators.kyc import KycSubject, KycVerdict
from domain.webhooks import RawNotice
from providers.kyc import PROVIDERS, kyc_adapters
from providers.kyc.stripe_identity import StripeIdentity
from providers.kyc.veriff import Veriff
from providers.ports import KycProvider, NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.signed import signed
from tests.providers.fakes import FakeConfig
from tests.providers.forged import SHAPES, bad_values, is_refused, refused
from tests.providers.kyc_vendors import StripeWorld, VeriffWorld, stripe_world, veriff_world
from tests.providers.servers import closed_port

T = TypeVar("T")

SUBJECT = KycSubject(UUID("6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d"), "https://bio.re/creator/verification")
OTHER = KycSubject(UUID("7f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d"), "https://bio.re/creator/verification")
STRIPE, VERIFF = "external.kyc.stripe_identity.", "external.kyc.veriff."


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def stripe(config: FakeConfig) -> Iterator[StripeWorld]:
    with stripe_world() as world:
        for name, value in (("base_url", world.url), ("api_key", world.key), ("webhook_secret", world.webhook_secret)):
            config.slip(STRIPE + name, value)
        yield world


@pytest.fixture
def veriff(config: FakeConfig) -> Iterator[VeriffWorld]:
    with veriff_world() as world:
        for name, value in (("base_url", world.url), ("api_key", world.key), ("shared_secret", world.secret)):
            config.slip(VERIFF + name, value)
        yield world


def with_stripe(config: FakeConfig, work: Callable[[StripeIdentity], Awaitable[T]], live: bool = False) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(StripeIdentity(config, http, live=live, seconds=5))

    return asyncio.run(run())


def with_veriff(config: FakeConfig, work: Callable[[Veriff], Awaitable[T]]) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(Veriff(config, http, live=False, seconds=5))

    return asyncio.run(run())


def reading(config: FakeConfig, name: str, header: str, value: str | None, body: bytes) -> Any:
    async def run() -> Any:
        async with httpx.AsyncClient(trust_env=False) as http:
            (adapter,) = (one for one in kyc_adapters(config, http, "development", None) if one.name == name)
            return adapter.read(RawNotice({header: (value,)} if value is not None else {}, body))

    return asyncio.run(run())


def adapters(config: FakeConfig, env: str) -> list[KycProvider]:
    async def run() -> list[KycProvider]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return kyc_adapters(config, http, env, None)

    return asyncio.run(run())


def test_the_names_are_those_that_an_admin_may_choose(config: FakeConfig) -> None:
    assert {adapter.name for adapter in adapters(config, "production")} == set(PROVIDERS) - {"none", "sandbox"}


def test_without_secrets_no_notice_can_be_told_from_a_stranger(config: FakeConfig) -> None:
    assert [adapter.verifies for adapter in adapters(config, "production")] == [False, False]


class TestStripe:
    def test_a_session_is_made_as_the_vendor_wants_it(self, config: FakeConfig, stripe: StripeWorld) -> None:
        link = with_stripe(config, lambda adapter: adapter.start(SUBJECT))
        (form,) = stripe.forms
        assert form == {
            "type": ["document"],
            "client_reference_id": [str(SUBJECT.id)],
            "metadata[kyc]": [str(SUBJECT.id)],
            "return_url": [SUBJECT.return_url],
            "options[document][require_matching_selfie]": ["true"],
        }
        assert (link.ref in stripe.sessions, link.url) == (True, stripe.sessions[link.ref]["url"])
        assert link.expires_at is not None
        assert timedelta(hours=47) < link.expires_at - utc_now() <= timedelta(hours=48)
        assert link.url not in repr(link)

    def test_a_repetition_is_the_same_session(self, config: FakeConfig, stripe: StripeWorld) -> None:
        links = [with_stripe(config, lambda adapter: adapter.start(SUBJECT)) for _ in range(2)]
        another = with_stripe(config, lambda adapter: adapter.start(OTHER))
        assert (len({link.ref for link in links}), len(stripe.sessions)) == (1, 2)
        assert another.ref != links[0].ref

    @pytest.mark.parametrize(
        ("status", "error", "verdict"),
        [
            ("requires_input", None, KycVerdict("OPEN")),
            ("requires_input", {"code": "document_expired"}, KycVerdict("REJECTED", ("document_expired",))),
            ("requires_input", {"code": "Ada Lovelace"}, KycVerdict("REJECTED")),
            ("processing", None, KycVerdict("PROCESSING")),
            ("verified", None, KycVerdict("APPROVED")),
            ("canceled", None, KycVerdict("EXPIRED")),
        ],
    )
    def test_what_each_status_means(
        self, config: FakeConfig, stripe: StripeWorld, status: str, error: Any, verdict: KycVerdict
    ) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        stripe.set(ref, status, last_error=error)
        assert with_stripe(config, lambda adapter: adapter.find(ref)) == verdict
        resumed = with_stripe(config, lambda adapter: adapter.resume(ref))
        assert (resumed is not None) == (verdict.status == "OPEN")

    def test_what_is_no_status_is_no_verdict(self, config: FakeConfig, stripe: StripeWorld) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        stripe.set(ref, "blessed")
        with pytest.raises(ProviderUnavailable):
            with_stripe(config, lambda adapter: adapter.find(ref))

    def test_a_key_that_may_read_documents_finds_them(self, config: FakeConfig, stripe: StripeWorld) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        report = {"type": "passport", "issuing_country": "TR", "number": "u1234567"}
        report |= {"first_name": "ADA", "last_name": "LOVELACE"}
        stripe.set(ref, "verified", report=report | {"expiration_date": {"year": 2030, "month": 2, "day": 3}})
        assert with_stripe(config, lambda adapter: adapter.find(ref)) == KycVerdict("APPROVED")
        config.slip(STRIPE + "reads_documents", True)
        verdict = with_stripe(config, lambda adapter: adapter.find(ref))
        assert (verdict.identity, verdict.document_until) == ("TR:PASSPORT:U1234567", date(2030, 2, 3))
        assert verdict.name == "ADA LOVELACE"
        assert not any(word in repr(verdict) for word in ("U1234567", "LOVELACE"))
        stripe.reads_documents = False
        with pytest.raises(ProviderUnavailable, match="403"):
            with_stripe(config, lambda adapter: adapter.find(ref))

    def test_the_other_mode_of_the_vendor_verifies_nobody(self, config: FakeConfig, stripe: StripeWorld) -> None:
        """Whatever its key says."""
        stripe.key = "a-key-that-names-no-mode"
        config.slip(STRIPE + "api_key", stripe.key)
        with pytest.raises(ProviderRejected, match="mode"):
            with_stripe(config, lambda adapter: adapter.start(SUBJECT), live=True)
        stripe.livemode = True
        assert with_stripe(config, lambda adapter: adapter.start(OTHER), live=True).ref in stripe.sessions
        (ref, _) = stripe.sessions
        with pytest.raises(ProviderRejected, match="mode"):
            with_stripe(config, lambda adapter: adapter.find(ref), live=True)

    @pytest.mark.parametrize(("key", "live"), [("sk_test_x", True), ("rk_test_x", True), ("sk_live_x", False)])
    def test_a_key_of_the_other_mode_begins_nothing(
        self, config: FakeConfig, stripe: StripeWorld, key: str, live: bool
    ) -> None:
        stripe.key = key
        config.slip(STRIPE + "api_key", key)
        for work in (lambda adapter: adapter.start(SUBJECT), lambda adapter: adapter.probe()):
            with pytest.raises(ProviderUnavailable, match="other mode"):
                with_stripe(config, work, live)
        assert stripe.sessions == {}

    def test_a_session_that_is_not_there(self, config: FakeConfig, stripe: StripeWorld) -> None:
        for ref in ("vs_nobody", "../charges", "a/b?c"):
            with pytest.raises(ProviderRejected, match="no such session"):
                with_stripe(config, lambda adapter, ref=ref: adapter.find(ref))  # type: ignore[misc]

    @pytest.mark.parametrize(
        "outage", [(500, b"{}"), (429, b"{}"), (200, b"<html>"), (200, b"[]"), (302, b""), (409, b"{}")]
    )
    def test_an_outage_is_no_verdict(self, config: FakeConfig, stripe: StripeWorld, outage: tuple[int, bytes]) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        stripe.outage = outage
        with pytest.raises((ProviderUnavailable, ProviderRejected)) as told:
            with_stripe(config, lambda adapter: adapter.find(ref))
        assert isinstance(told.value, ProviderUnavailable) == (outage[0] != 200)

    def test_nobody_there(self, config: FakeConfig, stripe: StripeWorld) -> None:
        config.slip(STRIPE + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            with_stripe(config, lambda adapter: adapter.start(SUBJECT))

    def test_a_wrong_key_and_none(self, config: FakeConfig, stripe: StripeWorld) -> None:
        for key, told in (("sk_wrong", "401"), ("", "is empty")):
            config.slip(STRIPE + "api_key", key)
            with pytest.raises(ProviderUnavailable, match=told):
                with_stripe(config, lambda adapter: adapter.probe())
            with pytest.raises(ProviderUnavailable, match=told):
                with_stripe(config, lambda adapter: adapter.start(SUBJECT))

    def test_a_probe_begins_nothing(self, config: FakeConfig, stripe: StripeWorld) -> None:
        assert "none was begun" in with_stripe(config, lambda adapter: adapter.probe())
        assert stripe.sessions == {}
        config.slip(STRIPE + "webhook_secret", "")
        with pytest.raises(ProviderUnavailable, match="webhook_secret is empty"):
            with_stripe(config, lambda adapter: adapter.probe())

    @pytest.mark.parametrize("secret", ["whsec_of_the_tests", "whsec_before"])
    def test_events_are_read(self, config: FakeConfig, stripe: StripeWorld, secret: str) -> None:
        config.slip(STRIPE + "webhook_secret_previous", "whsec_before")
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        body = stripe.event("identity.verification_session.verified", ref)
        header = signed(secret, body, utc_now())
        (notice,) = reading(config, "stripe_identity", "stripe-signature", header, body)
        assert notice.external_id == json.loads(body)["id"]
        assert (notice.object_ref, notice.type) == (ref, "identity.verification_session.verified")
        assert notice.occurred_at == datetime.fromtimestamp(1_796_000_100, UTC)
        assert notice.type in StripeIdentity.types

    def test_an_event_of_another_type_is_kept(self, config: FakeConfig, stripe: StripeWorld) -> None:
        told = {"id": "evt_1", "type": "charge.updated", "data": {"object": {}}, "livemode": False}
        body = json.dumps(told).encode()
        header = signed(stripe.webhook_secret, body, utc_now())
        (notice,) = reading(config, "stripe_identity", "stripe-signature", header, body)
        assert (notice.object_ref, notice.type in StripeIdentity.types) == (None, False)

    @pytest.mark.parametrize("livemode", [True, None])
    def test_events_of_the_other_mode_are_none(self, config: FakeConfig, stripe: StripeWorld, livemode: Any) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        stripe.livemode = livemode
        body = stripe.event("identity.verification_session.verified", ref)
        header = signed(stripe.webhook_secret, body, utc_now())
        assert reading(config, "stripe_identity", "stripe-signature", header, body) == []

    @pytest.mark.parametrize("url", ["http://verify.stripe.com/start/1", "https://verify.stripe.com/" + "x" * 5000])
    def test_a_link_that_is_none_leads_nobody_away(self, config: FakeConfig, stripe: StripeWorld, url: str) -> None:
        ref = with_stripe(config, lambda adapter: adapter.start(SUBJECT)).ref
        stripe.sessions[ref]["url"] = url
        for work in (lambda one: one.start(SUBJECT), lambda one: one.resume(ref)):
            with pytest.raises(ProviderUnavailable, match="gave no"):
                with_stripe(config, work)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 1}', b"[" * 100_000, b"\xff"])
    def test_signed_nonsense_is_unreadable(self, config: FakeConfig, stripe: StripeWorld, body: bytes) -> None:
        header = signed(stripe.webhook_secret, body, utc_now())
        with pytest.raises(NoticeUnreadable):
            reading(config, "stripe_identity", "stripe-signature", header, body)

    def test_each_bit_of_an_event_counts(self, config: FakeConfig, stripe: StripeWorld) -> None:
        body = json.dumps({"id": "evt_1", "type": "x", "data": "y" * 2000, "livemode": False}).encode()
        header = signed(stripe.webhook_secret, body, utc_now())

        async def work(adapter: StripeIdentity) -> int:
            return refused(adapter, "stripe-signature", header, body)

        assert with_stripe(config, work) == len(body) * 8


class TestVeriff:
    def test_a_session_is_made_as_the_vendor_wants_it(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        link = with_veriff(config, lambda adapter: adapter.start(SUBJECT))
        assert veriff.asked == [{"callback": SUBJECT.return_url, "vendorData": str(SUBJECT.id)}]
        assert (link.ref in veriff.sessions, link.url[:27], link.lasts) == (True, "https://alchemy.veriff.com/", True)
        assert with_veriff(config, lambda adapter: adapter.resume(link.ref)) is None

    @pytest.mark.parametrize(
        ("status", "shown"),
        [
            ("approved", "APPROVED"), ("declined", "REJECTED"), ("resubmission_requested", "OPEN"),
            ("review", "PROCESSING"), ("expired", "EXPIRED"), ("abandoned", "EXPIRED"),
        ],
    )  # fmt: skip
    def test_what_each_decision_means(self, config: FakeConfig, veriff: VeriffWorld, status: str, shown: str) -> None:
        """By the word, whatever the number says."""
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        veriff.decide(ref, status, code=9121)
        assert with_veriff(config, lambda adapter: adapter.find(ref)).status == shown

    @pytest.mark.parametrize("url", ["http://alchemy.veriff.com/v/1", "https://alchemy.veriff.com/" + "x" * 5000])
    def test_a_link_that_is_none_leads_nobody_away(self, config: FakeConfig, veriff: VeriffWorld, url: str) -> None:
        made = {"id": "1", "url": url, "vendorData": "x"}
        veriff.outage = 201, json.dumps({"status": "success", "verification": made}).encode()
        with pytest.raises(ProviderUnavailable):
            with_veriff(config, lambda adapter: adapter.start(SUBJECT))

    def test_no_decision_yet(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        assert with_veriff(config, lambda adapter: adapter.find(ref)) == KycVerdict("OPEN")

    def test_the_document_and_the_reason(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        document = {"number": "b0752463", "type": "PASSPORT", "country": "US", "validUntil": "2030-02-03"}
        veriff.decide(ref, "approved", document=document, person={"firstName": "Ada", "lastName": None})
        verdict = with_veriff(config, lambda adapter: adapter.find(ref))
        assert (verdict.identity, verdict.document_until) == ("US:PASSPORT:B0752463", date(2030, 2, 3))
        assert verdict.name == "Ada"
        veriff.decide(ref, "declined", document=document, reasonCode=106)
        assert with_veriff(config, lambda adapter: adapter.find(ref)) == KycVerdict("REJECTED", ("veriff_106",))

    @pytest.mark.parametrize("changes", [{"status": "blessed"}, {"id": "another"}])
    def test_what_is_no_decision_of_this_session(
        self, config: FakeConfig, veriff: VeriffWorld, changes: dict[str, str]
    ) -> None:
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        veriff.sessions[ref] = {"id": ref, "status": "approved"} | changes
        with pytest.raises(ProviderUnavailable):
            with_veriff(config, lambda adapter: adapter.find(ref))

    def test_a_session_that_is_not_there(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        with pytest.raises(ProviderRejected, match="no such session"):
            with_veriff(config, lambda adapter: adapter.find("nobody"))

    @pytest.mark.parametrize("outage", [(500, b"{}"), (200, b"<html>"), (200, b"{}"), (429, b"")])
    def test_an_outage_is_no_verdict(self, config: FakeConfig, veriff: VeriffWorld, outage: tuple[int, bytes]) -> None:
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        veriff.outage = outage
        for work in (lambda adapter: adapter.find(ref), lambda adapter: adapter.start(OTHER)):
            with pytest.raises(ProviderUnavailable):
                with_veriff(config, work)

    def test_a_probe_begins_nothing(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        assert "no verification was begun" in with_veriff(config, lambda adapter: adapter.probe())
        assert veriff.sessions == {}
        config.slip(VERIFF + "shared_secret", "wrong")
        with pytest.raises(ProviderUnavailable, match="401"):
            with_veriff(config, lambda adapter: adapter.probe())

    def test_notices_are_read(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        ref = with_veriff(config, lambda adapter: adapter.start(SUBJECT)).ref
        bodies = {"event": veriff.event(ref), "decision": veriff.decide(ref, "approved")}
        for kind, body in bodies.items():
            told = [reading(config, "veriff", "x-hmac-signature", veriff.signature(body), body) for _ in range(2)]
            ((notice,), again) = told
            assert ([notice], notice.type, notice.object_ref) == (again, kind, ref)
            assert notice.type in Veriff.types
        later = veriff.decide(ref, "declined")
        (another,) = reading(config, "veriff", "x-hmac-signature", veriff.signature(later), later)
        assert another.external_id != notice.external_id

    def test_a_former_secret_is_good_while_one_takes_its_place(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        body = veriff.event("a-session")
        header = veriff.signature(body)
        config.slip(VERIFF + "shared_secret", "the-new-one")
        with pytest.raises(ProviderRejected):
            reading(config, "veriff", "x-hmac-signature", header, body)
        config.slip(VERIFF + "shared_secret_previous", veriff.secret)
        assert reading(config, "veriff", "x-hmac-signature", header, body)

    def test_what_is_not_signed_is_refused(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        body = veriff.event("a-session")
        right, name = veriff.signature(body), "x-hmac-signature"
        others = {
            "of another body": veriff.signature(body + b" "),
            "of no body": veriff.signature(b""),
            "of the session": veriff.signature(b"a-session"),
            "of another secret": VeriffWorld(secret="another").signature(body),
            "of an empty secret": VeriffWorld(secret="").signature(body),
        }
        shapes = bad_values(right, others)
        assert len(shapes) >= SHAPES

        async def work(adapter: Veriff) -> list[str]:
            return [shape for shape, value in shapes.items() if not is_refused(adapter, name, value, body)]

        assert with_veriff(config, work) == []
        with pytest.raises(ProviderRejected):
            reading(config, "veriff", name, None, body)
        for signature in (right, right.upper()):
            assert reading(config, "veriff", name, signature, body)

    def test_a_signature_that_comes_twice_is_none(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        body = veriff.event("a-session")
        lines = (veriff.signature(body),) * 2

        async def work(adapter: Veriff) -> None:
            adapter.read(RawNotice({"x-hmac-signature": lines}, body))

        with pytest.raises(ProviderRejected):
            with_veriff(config, work)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"verification": null}', b"\xff"])
    def test_signed_nonsense_is_unreadable(self, config: FakeConfig, veriff: VeriffWorld, body: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            reading(config, "veriff", "x-hmac-signature", veriff.signature(body), body)

    def test_each_bit_of_a_notice_counts(self, config: FakeConfig, veriff: VeriffWorld) -> None:
        body = json.dumps({"id": "a-session", "more": "y" * 2000}).encode()
        header = veriff.signature(body)

        async def work(adapter: Veriff) -> int:
            return refused(adapter, "x-hmac-signature", header, body)

        assert with_veriff(config, work) == len(body) * 8
