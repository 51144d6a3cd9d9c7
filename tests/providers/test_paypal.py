"""Payouts to accounts at PayPal: what goes over the wire, what the vendor's book says, which notices are kept."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest

from domain.clock import utc_now
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.payout import ACCOUNT_PROVIDERS, payout_adapters
from providers.payout.paypal import SENT_AGAIN_WITHIN, STATUSES, PayPal
from providers.ports import (
    OnboardingProvider,
    ProviderForgot,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUntouched,
    SignInProvider,
)
from tests.providers.fakes import FakeConfig
from tests.providers.forged import each_bit_changed
from tests.providers.payout_vendors import FAULTS, PayPalWorld, paypal_world
from tests.providers.servers import closed_port

T = TypeVar("T")

PREFIX = "external.payout.paypal."
PAYOUT = UUID("7f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d")
AMOUNT = 60_05
FULL = 1_000_00
PAYER = "QYR5Z8XDVJNXQ"
RETURN_URL = "https://bio.re/creator/payouts"
ORDER = PayoutOrder(PAYOUT, 1, AMOUNT, "USD", account=PAYER, begun=utc_now())
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def world(config: FakeConfig) -> Iterator[PayPalWorld]:
    with paypal_world() as world:
        client_id, secret = world.client
        config.slip(PREFIX + "sign_in_url", "https://www.sandbox.paypal.com/connect")
        for name, value in (("base_url", world.url), ("client_id", client_id), ("client_secret", secret)):
            config.slip(PREFIX + name, value)
        yield world


def done(config: FakeConfig, work: Callable[[PayPal], Awaitable[T]], wait: float = 5, live: bool = False) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(PayPal(config, http, live=live, seconds=wait))

    return asyncio.run(run())


def pay(config: FakeConfig, order: PayoutOrder = ORDER, wait: float = 5) -> PayoutState:
    return done(config, lambda adapter: adapter.pay(order), wait)


def find(config: FakeConfig, ref: str | None = None, order: PayoutOrder = ORDER) -> PayoutState | None:
    return done(config, lambda adapter: adapter.find(order, ref))


def read(config: FakeConfig, body: bytes) -> list[Notice]:
    async def work(adapter: PayPal) -> list[Notice]:
        return list(adapter.read(RawNotice({}, body)))

    return done(config, work)


def only(found: dict[str, Any]) -> str:
    (ref,) = found
    return ref


def test_it_may_be_chosen(config: FakeConfig) -> None:
    async def run() -> list[str]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return [one.name for one in payout_adapters(config, http, "production", None)]

    assert "paypal" in asyncio.run(run())
    assert "paypal" in ACCOUNT_PROVIDERS


class TestSignIn:
    def link(self, config: FakeConfig, live: bool = False) -> str:
        async def work(adapter: PayPal) -> str:
            return adapter.sign_in_link("a state", RETURN_URL)

        return done(config, work, live=live)

    def test_they_sign_in_and_come_back(self, config: FakeConfig, world: PayPalWorld) -> None:
        url = self.link(config)
        assert url.startswith("https://www.sandbox.paypal.com/connect?flowEntry=static&client_id=an-id&")
        back = world.sign_in(url, PAYER)
        assert back["state"] == "a state"
        state = done(config, lambda adapter: adapter.signed_in(back["code"], RETURN_URL))
        assert state == AccountState(PAYER, "ACTIVE", payouts_enabled=True, details_submitted=True)
        assert world.asked == {"POST /v1/oauth2/token": 1, "GET /v1/identity/oauth2/userinfo": 1}

    @pytest.mark.parametrize(
        ("told", "status"),
        [(True, "ACTIVE"), ("true", "ACTIVE"), ("false", "RESTRICTED"), (False, "RESTRICTED"), (None, "RESTRICTED"),
         (1, "RESTRICTED"), ("yes", "RESTRICTED")],
    )  # fmt: skip
    def test_who_is_not_verified_is_paid_nothing(
        self, config: FakeConfig, world: PayPalWorld, told: Any, status: str
    ) -> None:
        code = world.sign_in(self.link(config), PAYER, told)["code"]
        state = done(config, lambda adapter: adapter.signed_in(code, RETURN_URL))
        assert (state.ref, state.status, state.payouts_enabled) == (PAYER, status, status == "ACTIVE")

    @pytest.mark.parametrize("address", [RETURN_URL, "https://elsewhere.example"])
    def test_a_code_is_good_once_and_at_its_address(self, config: FakeConfig, world: PayPalWorld, address: str) -> None:
        code = world.sign_in(self.link(config), PAYER)["code"]
        if address == RETURN_URL:
            done(config, lambda adapter: adapter.signed_in(code, address))
        with pytest.raises(ProviderRejected, match="code"):
            done(config, lambda adapter: adapter.signed_in(code, address))

    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("path", ["/token", "/userinfo"])
    def test_an_answer_that_is_lost(self, config: FakeConfig, world: PayPalWorld, fault: str, path: str) -> None:
        code = world.sign_in(self.link(config), PAYER)["code"]
        world.faults.append((path, fault))
        with pytest.raises(ProviderUnavailable):
            done(config, lambda adapter: adapter.signed_in(code, RETURN_URL), wait=0.3)
        world.released.set()

    @pytest.mark.parametrize("payer", ["", "ada@example.com", "a" * 300, "../x", str(PAYOUT)])
    def test_what_is_no_payer_id(self, config: FakeConfig, world: PayPalWorld, payer: str) -> None:
        code = world.sign_in(self.link(config), payer)["code"]
        with pytest.raises(ProviderUnavailable, match="without an account"):
            done(config, lambda adapter: adapter.signed_in(code, RETURN_URL))

    def test_a_wrong_secret_is_no_fault_of_who_signed_in(self, config: FakeConfig, world: PayPalWorld) -> None:
        code = world.sign_in(self.link(config), PAYER)["code"]
        config.slip(PREFIX + "client_secret", "wrong")
        with pytest.raises(ProviderUnavailable, match="401"):
            done(config, lambda adapter: adapter.signed_in(code, RETURN_URL))

    def test_nobody_signs_in_in_the_other_mode(self, config: FakeConfig, world: PayPalWorld) -> None:
        with pytest.raises(ProviderUntouched, match="sign_in_url is of the vendor's other mode"):
            self.link(config, live=True)
        config.slip(PREFIX + "sign_in_url", "https://www.paypal.com/connect")
        assert self.link(config, live=True).startswith("https://www.paypal.com/connect?")
        with pytest.raises(ProviderUntouched, match="sign_in_url is of the vendor's other mode"):
            self.link(config)

    def test_an_account_has_a_name_of_ours_until_then(self, config: FakeConfig, world: PayPalWorld) -> None:
        opened = done(config, lambda adapter: adapter.open_account(NewAccount(PAYOUT, "ada@example.com")))
        assert opened == AccountState(str(PAYOUT), "NOT_STARTED")
        assert done(config, lambda adapter: adapter.account(opened.ref)) == opened
        assert done(config, lambda adapter: adapter.account(PAYER)).status == "ACTIVE"
        assert done(config, lambda adapter: adapter.dashboard_link(PAYER)) is None
        assert world.asked == {}

    def test_it_is_one_at_which_people_sign_in(self, config: FakeConfig) -> None:
        async def work(adapter: PayPal) -> tuple[bool, bool]:
            return isinstance(adapter, SignInProvider), isinstance(adapter, OnboardingProvider)

        assert done(config, work) == (True, False)


class TestPay:
    def test_a_batch_of_one(self, config: FakeConfig, world: PayPalWorld) -> None:
        state = pay(config)
        ref = only(world.batches)
        assert state == PayoutState(ref, "SENT")
        (item,) = world.batches[ref]["items"]
        assert item["payout_item"] == {
            "recipient_type": "PAYPAL_ID",
            "receiver": "QYR5Z8XDVJNXQ",
            "amount": {"value": "60.05", "currency": "USD"},
            "sender_item_id": str(PAYOUT),
        }
        header = world.batches[ref]["batch_header"]["sender_batch_header"]
        assert header == {"sender_batch_id": f"{PAYOUT}-1"}
        assert world.book.balances == {"balance": FULL - AMOUNT, "transit": AMOUNT}

    def test_a_repetition_is_followed_to_the_first(self, config: FakeConfig, world: PayPalWorld) -> None:
        assert {pay(config).ref for _ in range(3)} == {only(world.batches)}
        pay(config, replace(ORDER, attempt=2))
        assert len(world.batches) == 2

    def test_a_repetition_of_which_nothing_is_told(self, config: FakeConfig, world: PayPalWorld) -> None:
        pay(config)
        world.linked = False
        with pytest.raises(ProviderUnavailable, match="400"):
            pay(config)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_moves_nothing_twice(self, config: FakeConfig, world: PayPalWorld, fault: str) -> None:
        world.faults.append(("/payouts", fault))
        with pytest.raises(ProviderUnavailable):
            pay(config, wait=0.5)
        state = find(config)
        assert state == PayoutState(only(world.batches), "SENT")
        assert pay(config) == state
        assert world.book.balances == {"balance": FULL - AMOUNT, "transit": AMOUNT}

    def test_what_is_over_here_is_not_sent_again(self, config: FakeConfig, world: PayPalWorld) -> None:
        over = replace(ORDER, over=True)
        with pytest.raises(ProviderUnavailable, match="not sent again"):
            find(config, order=over)
        assert world.batches == {}
        ref = pay(config).ref
        assert find(config, ref, over) == PayoutState(ref, "SENT")

    @pytest.mark.parametrize("begun", [utc_now() - SENT_AGAIN_WITHIN - timedelta(hours=1), None])
    def test_what_the_vendor_may_have_forgotten_is_not_sent_again(
        self, config: FakeConfig, world: PayPalWorld, begun: datetime | None
    ) -> None:
        """Its answer was lost, and by now a repetition could be paid anew."""
        world.faults.append(("/payouts", "after"))
        with pytest.raises(ProviderUnavailable):
            pay(config, wait=0.5)
        ref = only(world.batches)
        young = replace(ORDER, begun=utc_now() - SENT_AGAIN_WITHIN + timedelta(hours=1))
        assert find(config, order=young) == PayoutState(ref, "SENT")
        world.forget(ref)
        with pytest.raises(ProviderForgot):
            find(config, order=replace(ORDER, begun=begun))
        assert (only(world.batches), world.book.balances) == (ref, {"balance": FULL - AMOUNT, "transit": AMOUNT})

    def test_nothing_is_sent_again_while_payouts_are_stopped(self, config: FakeConfig, world: PayPalWorld) -> None:
        halted = replace(ORDER, halted=True)
        with pytest.raises(ProviderUnavailable, match="while payouts are stopped"):
            find(config, order=halted)
        assert world.batches == {}
        ref = pay(config).ref
        assert find(config, ref, halted) == PayoutState(ref, "SENT")

    def test_many_at_once(self, config: FakeConfig, world: PayPalWorld) -> None:
        async def at_once(adapter: PayPal) -> list[PayoutState]:
            return await asyncio.gather(*(adapter.pay(ORDER) for _ in range(8)))

        assert {state.ref for state in done(config, at_once)} == {only(world.batches)}

    @pytest.mark.parametrize(
        ("field", "reason"),
        [("items[0].receiver", "DESTINATION_REJECTED"), ("items[0].amount.value", "PROVIDER_REJECTED")],
    )
    def test_what_is_refused(self, config: FakeConfig, world: PayPalWorld, field: str, reason: str) -> None:
        refused = {"name": "VALIDATION_ERROR", "details": [{"field": field}]}
        world.refused = refused
        with pytest.raises(ProviderRejected, match=reason):
            pay(config)
        world.refused = refused
        assert find(config) is None
        assert world.book.balances == {"balance": FULL}

    def test_an_account_that_was_never_known(self, config: FakeConfig, world: PayPalWorld) -> None:
        with pytest.raises(ProviderRejected, match="DESTINATION_REJECTED"):
            pay(config, replace(ORDER, account=None))

    @pytest.mark.parametrize("name", ["INSUFFICIENT_FUNDS", "USER_BUSINESS_ERROR", "SOMETHING_NEW"])
    def test_another_error_may_be_about_a_batch_that_was_taken(
        self, config: FakeConfig, world: PayPalWorld, name: str
    ) -> None:
        world.refused = {"name": name}
        with pytest.raises(ProviderUnavailable):
            pay(config)
        assert pay(config).state == "SENT"

    @pytest.mark.parametrize("outage", [(500, b"{}"), (429, b"{}"), (200, b"<html>"), (200, b"{}"), (403, b"{}")])
    def test_an_outage_is_no_refusal(self, config: FakeConfig, world: PayPalWorld, outage: tuple[int, bytes]) -> None:
        async def later(adapter: PayPal) -> None:
            await adapter.probe()
            world.outage = outage
            for work in (adapter.pay(ORDER), adapter.find(ORDER, None), adapter.find(ORDER, "AAAAAAAA")):
                with pytest.raises(ProviderUnavailable):
                    await work

        done(config, later)

    def test_nobody_there(self, config: FakeConfig, world: PayPalWorld) -> None:
        config.slip(PREFIX + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            pay(config)


class TestFind:
    @pytest.mark.parametrize("status", STATUSES)
    def test_what_each_status_means(self, config: FakeConfig, world: PayPalWorld, status: str) -> None:
        ref = pay(config).ref
        world.end(ref, status)
        state = find(config, ref)
        assert state is not None
        assert (state.ref, state.state) == (ref, STATUSES[status])
        assert find(config) == state

    def test_it_arrived_and_came_back(self, config: FakeConfig, world: PayPalWorld) -> None:
        ref = pay(config).ref
        world.end(ref, "SUCCESS")
        assert find(config, ref) == PayoutState(ref, "PAID", fee=25)
        world.end(ref, "REVERSED")
        assert find(config, ref) == PayoutState(ref, "RETURNED", "RETURNED")
        assert world.book.balances == {"balance": FULL}

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            ("INSUFFICIENT_FUNDS", "TREASURY_EMPTY"),
            ("RECEIVER_ACCOUNT_LOCKED", "DESTINATION_REJECTED"),
            ("SPENDING_LIMIT_EXCEEDED", "PROVIDER_REJECTED"),
            (None, "PROVIDER_REJECTED"),
        ],
    )
    def test_why_it_failed(self, config: FakeConfig, world: PayPalWorld, error: str | None, reason: str) -> None:
        ref = pay(config).ref
        world.end(ref, "FAILED", error)
        assert find(config, ref) == PayoutState(ref, "FAILED", reason)
        with pytest.raises(ProviderRejected, match=reason):
            pay(config)

    def test_a_batch_that_is_denied_or_has_no_item_yet(self, config: FakeConfig, world: PayPalWorld) -> None:
        ref = pay(config).ref
        batch = world.batches[ref]
        items, batch["items"] = batch["items"], []
        assert find(config, ref) == PayoutState(ref, "SENT")
        batch["items"], batch["batch_header"]["batch_status"] = items, "DENIED"
        assert find(config, ref) == PayoutState(ref, "FAILED", "PROVIDER_REJECTED")
        batch["batch_header"]["batch_status"] = "BLESSED"
        with pytest.raises(ProviderUnavailable, match="no status"):
            find(config, ref)

    def test_what_is_not_what_was_ordered(self, config: FakeConfig, world: PayPalWorld) -> None:
        ref = pay(config).ref
        for other in (replace(ORDER, amount=1), replace(ORDER, attempt=2), replace(ORDER, account="ANOTHER")):
            with pytest.raises(ProviderUnavailable, match="something else"):
                find(config, ref, other)
        world.batches[ref]["items"] *= 2
        with pytest.raises(ProviderUnavailable, match="something else"):
            find(config, ref)
        with pytest.raises(ProviderUnavailable, match="404"):
            find(config, "../x")


class TestTokens:
    def test_one_is_kept_until_it_ends(self, config: FakeConfig, world: PayPalWorld) -> None:
        moment = [NOW]

        async def run(adapter: PayPal) -> None:
            for _ in range(3):
                await adapter.pay(ORDER)
            assert world.asked["POST /v1/oauth2/token"] == 1
            moment[0] = NOW + timedelta(hours=9)
            await adapter.pay(ORDER)
            assert world.asked["POST /v1/oauth2/token"] == 2

        async def work() -> None:
            async with httpx.AsyncClient(trust_env=False) as http:
                await run(PayPal(config, http, live=False, clock=lambda: moment[0]))

        asyncio.run(work())

    def test_one_that_is_refused_is_asked_for_anew(self, config: FakeConfig, world: PayPalWorld) -> None:
        async def run(adapter: PayPal) -> None:
            await adapter.pay(ORDER)
            world.tokens.clear()
            with pytest.raises(ProviderUnavailable, match="401"):
                await adapter.pay(ORDER)
            assert (await adapter.pay(ORDER)).state == "SENT"

        done(config, run)

    def test_another_secret_is_another_token(self, config: FakeConfig, world: PayPalWorld) -> None:
        async def run(adapter: PayPal) -> None:
            await adapter.probe()
            config.slip(PREFIX + "client_secret", "wrong")
            with pytest.raises(ProviderUnavailable, match="401"):
                await adapter.probe()

        done(config, run)

    @pytest.mark.parametrize(
        ("url", "live"),
        [("https://api-m.sandbox.paypal.com", True), ("https://api-m.paypal.com", False)],
    )
    def test_the_other_mode_of_the_vendor_pays_nobody(
        self, config: FakeConfig, world: PayPalWorld, url: str, live: bool
    ) -> None:
        config.slip(PREFIX + "base_url", url)
        for work in (lambda one: one.pay(ORDER), lambda one: one.find(ORDER, None), lambda one: one.probe()):
            with pytest.raises(ProviderUntouched, match="base_url is of the vendor's other mode"):
                done(config, work, live=live)
        assert world.book.balances == {"balance": FULL}

    @pytest.mark.parametrize("name", ["client_id", "client_secret"])
    def test_what_is_missing(self, config: FakeConfig, world: PayPalWorld, name: str) -> None:
        config.slip(PREFIX + name, "")
        with pytest.raises(ProviderUnavailable, match=f"{name} is empty"):
            done(config, lambda adapter: adapter.probe())

        async def verifies(adapter: PayPal) -> bool:
            return adapter.verifies

        assert not done(config, verifies)


class TestNotices:
    @pytest.mark.parametrize("kind", sorted(PayPal.types))
    def test_they_are_bare_pings(self, config: FakeConfig, world: PayPalWorld, kind: str) -> None:
        assert read(config, world.event("AAAAAAAAAAAAA", kind)) == [Notice(None, kind, "AAAAAAAAAAAAA")]

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"event_type": "PAYMENT.PAYOUTS-ITEM.FAILED"}',
            b'{"event_type": "PAYMENT.SALE.COMPLETED", "resource": {"payout_batch_id": "AAAAAAAAAAAAA"}}',
            b'{"event_type": "PAYMENT.PAYOUTS-ITEM.FAILED", "resource": {"payout_batch_id": "../x"}}',
        ],
    )  # fmt: skip
    def test_nothing_is_kept_of_what_is_none(self, config: FakeConfig, body: bytes) -> None:
        assert read(config, body) == []

    def test_no_bit_makes_one_that_is_kept_unknown(self, config: FakeConfig, world: PayPalWorld) -> None:
        """Whatever is changed, it stays a ping: of a batch that is not known here the intake keeps nothing."""
        body = world.event("AAAAAAAAAAAAA", "PAYMENT.PAYOUTS-ITEM.FAILED")[:-1] + b', "more": "' + b"y" * 1800 + b'"}'

        async def work(adapter: PayPal) -> list[Notice]:
            return [notice for changed in each_bit_changed(body) for notice in adapter.read(RawNotice({}, changed))]

        assert json.loads(body)
        kept = done(config, work)
        assert {notice.external_id for notice in kept} == {None}
        assert all(notice.type in PayPal.types for notice in kept)


class TestMovements:
    def test_there_is_no_list_by_what_we_know(self, config: FakeConfig) -> None:
        assert not PayPal.tells_movements
        with pytest.raises(ProviderUnavailable, match="does not name"):
            done(config, lambda adapter: adapter.movements(datetime.now(UTC).date()))
