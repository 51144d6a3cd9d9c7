"""Payouts to accounts at Stripe: what goes over the wire, what the vendor's book says, whose notices count."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest

from domain.clock import utc_now
from domain.money.movements import Movement
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.payout import ACCOUNT_PROVIDERS, payout_adapters
from providers.payout.stripe_connect import StripeConnect
from providers.ports import NoticeUnreadable, OnboardingProvider, ProviderRejected, ProviderUnavailable
from providers.signed import signed
from tests.providers.fakes import FakeConfig
from tests.providers.forged import refused
from tests.providers.payout_vendors import FAULTS, ConnectWorld, connect_world
from tests.providers.servers import closed_port

T = TypeVar("T")

PREFIX = "external.payout.stripe_connect."
ACCOUNT = NewAccount(UUID("6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d"), "ada@example.com", "US")
PAYOUT = UUID("7f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d")
AMOUNT = 60_00
FULL = 1_000_00


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def world(config: FakeConfig) -> Iterator[ConnectWorld]:
    with connect_world() as world:
        secrets = {"connect_webhook_secret": world.webhook_secret, "account_webhook_secret": world.account_secret}
        for name, value in ({"base_url": world.url, "api_key": world.key} | secrets).items():
            config.slip(PREFIX + name, value)
        yield world


@pytest.fixture
def order(config: FakeConfig, world: ConnectWorld) -> PayoutOrder:
    ref = done(config, lambda adapter: adapter.open_account(ACCOUNT)).ref
    world.ready(ref)
    return PayoutOrder(PAYOUT, 1, AMOUNT, "USD", account=ref)


def done(config: FakeConfig, work: Callable[[StripeConnect], Awaitable[T]], live: bool = False, wait: float = 5) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(StripeConnect(config, http, live=live, seconds=wait))

    return asyncio.run(run())


def pay(config: FakeConfig, order: PayoutOrder, wait: float = 5) -> PayoutState:
    return done(config, lambda adapter: adapter.pay(order), wait=wait)


def find(config: FakeConfig, order: PayoutOrder, ref: str | None = None) -> PayoutState | None:
    return done(config, lambda adapter: adapter.find(order, ref))


def read(config: FakeConfig, header: str, body: bytes) -> list[Notice]:
    async def work(adapter: StripeConnect) -> list[Notice]:
        return list(adapter.read(RawNotice({"stripe-signature": (header,)}, body)))

    return done(config, work)


def only(found: dict[str, Any]) -> Any:
    (ref,) = found
    return ref


def test_an_admin_may_choose_it(config: FakeConfig) -> None:
    async def run() -> list[Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return [one for one in payout_adapters(config, http, "production", None) if one.name == "stripe_connect"]

    (adapter,) = asyncio.run(run())
    assert adapter.name in ACCOUNT_PROVIDERS
    assert isinstance(adapter, OnboardingProvider)
    assert not adapter.verifies


class TestAccounts:
    def test_one_is_opened_as_the_vendor_wants_it(self, config: FakeConfig, world: ConnectWorld) -> None:
        opened = done(config, lambda adapter: adapter.open_account(ACCOUNT))
        assert opened == AccountState(only(world.accounts), "PENDING")
        assert world.forms == [
            (
                "/v1/accounts",
                {
                    "controller[stripe_dashboard][type]": "express",
                    "controller[fees][payer]": "application",
                    "controller[losses][payments]": "application",
                    "capabilities[transfers][requested]": "true",
                    "settings[payouts][schedule][interval]": "manual",
                    "metadata[account]": str(ACCOUNT.id),
                    "email": "ada@example.com",
                    "country": "US",
                },
            )
        ]

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_repetition_is_the_same_one(self, config: FakeConfig, world: ConnectWorld, fault: str) -> None:
        world.faults.append(("/accounts", fault))
        with pytest.raises(ProviderUnavailable):
            done(config, lambda adapter: adapter.open_account(ACCOUNT), wait=0.5)
        refs = {done(config, lambda adapter: adapter.open_account(ACCOUNT)).ref for _ in range(2)}
        assert refs == {only(world.accounts)}

    def test_one_that_the_vendor_does_not_want(self, config: FakeConfig, world: ConnectWorld) -> None:
        world.refuse("/v1/accounts", "country_unsupported")
        with pytest.raises(ProviderRejected, match="country_unsupported"):
            done(config, lambda adapter: adapter.open_account(ACCOUNT))

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({}, "ACTIVE"),
            ({"details_submitted": False}, "PENDING"),
            ({"payouts_enabled": False}, "RESTRICTED"),
            ({"capabilities": {"transfers": "pending"}}, "RESTRICTED"),
            ({"capabilities": {}}, "RESTRICTED"),
            ({"payouts_enabled": False, "requirements": {"disabled_reason": "under_review"}}, "RESTRICTED"),
            ({"requirements": {"disabled_reason": "rejected.fraud"}}, "DISABLED"),
            ({"details_submitted": False, "requirements": {"disabled_reason": "rejected.other"}}, "DISABLED"),
            ({"deleted": True}, "DISABLED"),
        ],
    )
    def test_what_its_state_is(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, fields: dict[str, Any], status: str
    ) -> None:
        ref = only(world.accounts)
        world.ready(ref, **fields)
        assert done(config, lambda adapter: adapter.account(ref)).status == status

    def test_what_its_flags_are(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref = only(world.accounts)
        found = done(config, lambda adapter: adapter.account(ref))
        assert found == AccountState(ref, "ACTIVE", False, True, True)

    def test_it_says_where_the_money_goes(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        """As long as that is the same it says so, whatever the bank account is called there."""
        ref = only(world.accounts)

        def told(*banks: dict[str, Any]) -> str | None:
            world.bank(ref, *banks)
            return done(config, lambda adapter: adapter.account(ref)).destination

        first = told({"fingerprint": "a"})
        assert first is not None
        assert re.fullmatch("[0-9a-f]{64}", first)
        aside = {"fingerprint": "b", "default_for_currency": False}
        assert told({"fingerprint": "a", "default_for_currency": True}, aside) == first
        assert told(*[aside] * 10, {"fingerprint": "a", "default_for_currency": True}) == first
        euros = {"fingerprint": "c", "currency": "eur", "default_for_currency": True}
        both = told({"fingerprint": "a"}, euros)
        assert told(euros, {"fingerprint": "a"}) == both
        others = [told({"fingerprint": "b"}), told({"id": "ba_1", "fingerprint": None}), told({"id": "card_2"})]
        assert len({first, both, *others}) == 5
        assert told() is None
        assert told(aside) is None

    def test_one_that_left_us(self, config: FakeConfig, world: ConnectWorld) -> None:
        assert done(config, lambda adapter: adapter.account("acct_gone")) == AccountState("acct_gone", "DISABLED")
        config.slip(PREFIX + "api_key", "sk_test_wrong")
        with pytest.raises(ProviderUnavailable, match="401"):
            done(config, lambda adapter: adapter.account("acct_gone"))

    def test_links(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref, back = only(world.accounts), ("https://bio.re/back", "https://bio.re/again")
        link = done(config, lambda adapter: adapter.onboarding_link(ref, *back))
        assert link.startswith(f"https://connect.stripe.com/setup/e/{ref}/")
        form = {"account": ref, "type": "account_onboarding", "return_url": back[0], "refresh_url": back[1]}
        assert world.forms[-1] == ("/v1/account_links", form)
        assert link != done(config, lambda adapter: adapter.onboarding_link(ref, *back))
        assert done(config, lambda adapter: adapter.dashboard_link(ref)).startswith(
            "https://connect.stripe.com/express/"
        )

    def test_no_links_of_accounts_that_are_not_there(self, config: FakeConfig, world: ConnectWorld) -> None:
        for work in (lambda one: one.onboarding_link("acct_x", "a", "b"), lambda one: one.dashboard_link("acct_x")):
            with pytest.raises(ProviderRejected, match="account_invalid"):
                done(config, work)
        world.outage = 200, b'{"url": "javascript:alert(1)"}'
        with pytest.raises(ProviderUnavailable, match="no link"):
            done(config, lambda adapter: adapter.dashboard_link("acct_x"))


class TestPay:
    def test_in_two_steps(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        state = pay(config, order)
        ref = only(world.transfers)
        about = {"metadata[payout]": str(PAYOUT), "metadata[attempt]": "1"}
        assert state == PayoutState(ref, "SENT")
        assert world.forms[1:] == [
            (
                "/v1/transfers",
                {"amount": "6000", "currency": "usd", "destination": order.account, "transfer_group": order.key}
                | about,
            ),
            ("/v1/payouts", {"amount": "6000", "currency": "usd", "metadata[transfer]": ref} | about),
        ]
        assert set(world.answers) >= {(None, f"{order.key}:transfer"), (order.account, f"{order.key}:payout")}
        assert world.book.balances == {"platform": FULL - AMOUNT, f"transit {order.account}": AMOUNT}

    def test_once_for_each_attempt(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        assert {pay(config, order).ref for _ in range(3)} == {only(world.transfers)}
        assert len(world.payouts) == 1
        pay(config, replace(order, attempt=2))
        assert (len(world.transfers), len(world.payouts)) == (2, 2)

    @pytest.mark.parametrize("keys", ["kept", "forgotten"])
    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("place", ["/transfers", "/payouts"])
    def test_a_fault_moves_nothing_twice(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, place: str, fault: str, keys: str
    ) -> None:
        """Even where the vendor has forgotten the keys by then: what was made under one says so itself."""
        world.faults.append((place, fault))
        with pytest.raises(ProviderUnavailable):
            pay(config, order, wait=0.5)
        if keys == "forgotten":
            world.answers.clear()
        found = find(config, order)
        assert (found is None) == (len(world.transfers) == 0)
        assert pay(config, order) == PayoutState(only(world.transfers), "SENT")
        assert len(world.payouts) == 1
        assert world.book.balances == {"platform": FULL - AMOUNT, f"transit {order.account}": AMOUNT}

    def test_many_at_once(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        world.held.clear()
        world.began.clear()

        async def at_once(adapter: StripeConnect) -> list[Any]:
            begun = [asyncio.create_task(adapter.pay(order)) for _ in range(8)]
            assert await asyncio.to_thread(world.began.wait, 5)
            world.held.set()
            return await asyncio.gather(*begun, return_exceptions=True)

        ended = done(config, at_once)
        refs = {one.ref for one in ended if isinstance(one, PayoutState)}
        assert refs <= {only(world.transfers)}
        assert all(isinstance(one, (PayoutState, ProviderUnavailable)) for one in ended)
        assert pay(config, order).ref == only(world.transfers)
        assert len(world.payouts) == 1

    def test_an_account_that_owes_gets_nothing(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        world.book.move(order.account or "", "world", 1)
        with pytest.raises(ProviderRejected, match="DESTINATION_NEGATIVE"):
            pay(config, order)
        assert world.transfers == {}

    def test_too_little_of_ours(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        """Once there is enough, the next attempt is another one: the vendor repeats what it said to the first."""
        world.book.move("platform", "world", FULL - AMOUNT + 1)
        for _ in range(2):
            with pytest.raises(ProviderRejected, match="TREASURY_EMPTY"):
                pay(config, order)
            world.book.move("world", "platform", 1)
        assert find(config, order) is None
        assert pay(config, replace(order, attempt=2)).state == "SENT"

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("account_invalid", "DESTINATION_REJECTED"),
            ("transfers_not_allowed", "DESTINATION_REJECTED"),
            ("amount_too_small", "PROVIDER_REJECTED"),
        ],
    )
    def test_a_transfer_that_is_refused(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, code: str, reason: str
    ) -> None:
        world.refuse("/v1/transfers", code)
        with pytest.raises(ProviderRejected, match=f"^{reason}$"):
            pay(config, order)
        assert find(config, order) is None
        assert world.book.balances == {"platform": FULL}

    @pytest.mark.parametrize("account", ["acct_gone", None])
    def test_an_account_that_is_not_there(self, config: FakeConfig, world: ConnectWorld, account: str | None) -> None:
        with pytest.raises(ProviderRejected, match="DESTINATION_REJECTED"):
            pay(config, PayoutOrder(PAYOUT, 1, AMOUNT, "USD", account=account))

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("balance_insufficient", "DESTINATION_NEGATIVE"),
            ("payouts_not_allowed", "DESTINATION_REJECTED"),
            ("parameter_invalid_integer", "PROVIDER_REJECTED"),
        ],
    )
    def test_a_payout_that_is_refused_takes_its_transfer_back(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, code: str, reason: str
    ) -> None:
        world.refuse("/v1/payouts", code)
        for _ in range(2):
            with pytest.raises(ProviderRejected, match=f"^{reason}$"):
                pay(config, order)
        assert find(config, order) == PayoutState(only(world.transfers), "FAILED", reason)
        assert (world.book.balances, world.payouts) == ({"platform": FULL}, {})
        assert (None, f"{order.key}:reversal") in world.answers

    @pytest.mark.parametrize("fault", FAULTS)
    def test_it_did_not_fail_before_the_money_is_back(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, fault: str
    ) -> None:
        world.refuse("/v1/payouts", "payouts_not_allowed")
        world.faults.append(("/reversals", fault))
        with pytest.raises(ProviderUnavailable):
            pay(config, order, wait=0.5)
        ref = only(world.transfers)
        assert find(config, order, ref) == PayoutState(ref, "FAILED", "DESTINATION_REJECTED")
        assert world.book.balances == {"platform": FULL}

    def test_a_key_that_was_used_for_something_else(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        """What was done then is for people to find out: it is no refusal."""
        pay(config, order)
        with pytest.raises(ProviderUnavailable, match="something else"):
            pay(config, replace(order, amount=AMOUNT + 1))
        world.transfers.clear()
        with pytest.raises(ProviderUnavailable, match="400"):
            pay(config, replace(order, amount=AMOUNT + 1))

    @pytest.mark.parametrize(
        "outage", [(500, b"{}"), (429, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (302, b""), (403, b"{}")]
    )
    def test_an_outage_is_no_refusal(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, outage: tuple[int, bytes]
    ) -> None:
        world.outage = outage
        works: list[Callable[[StripeConnect], Awaitable[Any]]] = [
            lambda adapter: adapter.pay(order),
            lambda adapter: adapter.find(order, None),
            lambda adapter: adapter.account(order.account or ""),
            lambda adapter: adapter.open_account(ACCOUNT),
            lambda adapter: adapter.dashboard_link(order.account or ""),
        ]
        for work in works:
            with pytest.raises(ProviderUnavailable):
                done(config, work)

    def test_nobody_there(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        config.slip(PREFIX + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            pay(config, order)

    def test_the_other_mode_of_the_vendor_pays_nobody(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        with pytest.raises(ProviderUnavailable, match="api_key is of the vendor's other mode"):
            done(config, lambda adapter: adapter.pay(order), live=True)
        world.key = "rk_live_of_the_tests"
        config.slip(PREFIX + "api_key", world.key)
        with pytest.raises(ProviderUnavailable, match="api_key is of the vendor's other mode"):
            pay(config, order)
        with pytest.raises(ProviderUnavailable, match="that is of the vendor's other mode"):
            done(config, lambda adapter: adapter.pay(order), live=True)
        assert world.transfers == {}
        world.livemode = True
        assert done(config, lambda adapter: adapter.pay(order), live=True).state == "SENT"


class TestFind:
    def test_none_was_made(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        assert find(config, order) is None
        with pytest.raises(ProviderUnavailable, match="does not find"):
            find(config, order, "tr_of_another_day")

    @pytest.mark.parametrize("status", ["pending", "in_transit"])
    def test_under_way(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, status: str) -> None:
        ref = pay(config, order).ref
        world.payouts[only(world.payouts)]["status"] = status
        assert find(config, order, ref) == find(config, order) == PayoutState(ref, "SENT")

    def test_it_arrived(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref = pay(config, order).ref
        world.arrive(only(world.payouts))
        assert find(config, order, ref) == pay(config, order) == PayoutState(ref, "PAID")
        assert world.book.balances == {"platform": FULL - AMOUNT, f"bank {order.account}": AMOUNT}

    @pytest.mark.parametrize("paid_before", [False, True])
    @pytest.mark.parametrize(
        ("status", "code", "reason"),
        [
            ("failed", "account_closed", "DESTINATION_REJECTED"),
            ("failed", "could_not_process", "PROVIDER_REJECTED"),
            ("canceled", None, "PROVIDER_REJECTED"),
        ],
    )
    def test_it_failed(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, paid_before: bool, status: str,
        code: str | None, reason: str,
    ) -> None:  # fmt: skip
        """Even after it was paid: the money is ours again, once."""
        ref = pay(config, order).ref
        if paid_before:
            world.arrive(only(world.payouts))
            assert find(config, order, ref) == PayoutState(ref, "PAID")
        world.fail(only(world.payouts), code, status)
        world.faults.append(("/reversals", "after"))
        with pytest.raises(ProviderUnavailable):
            find(config, order, ref)
        for _ in range(3):
            world.answers.clear()
            assert find(config, order, ref) == PayoutState(ref, "FAILED", reason)
        assert world.book.balances == {"platform": FULL}

    def test_what_is_over_here_is_not_paid_out_but_taken_back(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        """The transfer was made, and nobody came to the payout."""
        world.faults.append(("/payouts", "before"))
        with pytest.raises(ProviderUnavailable):
            pay(config, order)
        over = replace(order, over=True)
        for _ in range(2):
            assert find(config, over) == PayoutState(only(world.transfers), "FAILED", "PROVIDER_REJECTED")
        assert (world.payouts, world.book.balances) == ({}, {"platform": FULL})

    def test_while_payouts_are_stopped_a_transfer_gets_no_payout(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        halted = replace(order, halted=True)
        assert find(config, halted) is None
        world.faults.append(("/payouts", "before"))
        with pytest.raises(ProviderUnavailable):
            pay(config, order)
        with pytest.raises(ProviderUnavailable, match="while payouts are stopped"):
            find(config, halted)
        assert world.payouts == {}
        assert find(config, order) == find(config, halted) == PayoutState(only(world.transfers), "SENT")
        world.arrive(only(world.payouts))
        assert find(config, halted) == PayoutState(only(world.transfers), "PAID")

    def test_an_account_that_keeps_the_money(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref = pay(config, order).ref
        world.fail(only(world.payouts))
        world.book.move(order.account or "", "world", 1)
        with pytest.raises(ProviderUnavailable, match="not taken back"):
            find(config, order, ref)
        world.book.move("world", order.account or "", 1)
        with pytest.raises(ProviderUnavailable, match="not taken back"):  # the vendor repeats itself, for a day
            find(config, order, ref)
        world.answers.clear()
        state = find(config, order, ref)
        assert state == PayoutState(ref, "FAILED", "DESTINATION_REJECTED")
        assert world.book.balances == {"platform": FULL}

    def test_somebody_took_a_part_back_before(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        ref = pay(config, order).ref
        world.fail(only(world.payouts))
        world.undo(ref, 10_00, {"metadata": {}})
        assert find(config, order, ref) == PayoutState(ref, "FAILED", "DESTINATION_REJECTED")
        assert world.book.balances == {"platform": FULL}

    def test_somebody_took_back_what_was_paid(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder
    ) -> None:
        """The account owes it, then, and gets nothing until it has paid."""
        ref = pay(config, order).ref
        world.undo(ref, AMOUNT, {"metadata": {}})
        assert find(config, order, ref) == PayoutState(ref, "SENT")
        world.arrive(only(world.payouts))
        assert find(config, order, ref) == PayoutState(ref, "RETURNED", "RETURNED")
        with pytest.raises(ProviderRejected, match="DESTINATION_NEGATIVE"):
            pay(config, replace(order, attempt=2))

    def test_a_payout_below_many_others(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref = pay(config, order).ref
        like = world.payouts[only(world.payouts)]
        for number in range(250):
            world.payouts[f"po_{number}"] = like | {"id": f"po_{number}", "metadata": {}}
            world.owners[f"po_{number}"] = order.account or ""
        assert find(config, order, ref) == PayoutState(ref, "SENT")
        assert world.asked["GET /v1/payouts"] == 1 + 3
        for number in range(250, 1000):
            world.payouts[f"po_{number}"] = like | {"id": f"po_{number}", "metadata": {}}
            world.owners[f"po_{number}"] = order.account or ""
        with pytest.raises(ProviderUnavailable, match="is longer than is read"):
            find(config, order, ref)

    @pytest.mark.parametrize(
        "changes",
        [{"amount": 1}, {"currency": "eur"}, {"livemode": True}, {"destination": "acct_x"}, {"amount_reversed": -1}],
    )
    def test_what_is_not_what_was_ordered(
        self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, changes: dict[str, Any]
    ) -> None:
        ref = pay(config, order).ref
        world.transfers[ref] |= changes
        with pytest.raises(ProviderUnavailable):
            find(config, order, ref)

    def test_what_is_no_status(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        ref = pay(config, order).ref
        world.payouts[only(world.payouts)]["status"] = "blessed"
        with pytest.raises(ProviderUnavailable, match="no status"):
            find(config, order, ref)


class TestNotices:
    @pytest.mark.parametrize("kind", ["payout.paid", "payout.failed", "payout.canceled"])
    def test_of_payouts(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder, kind: str) -> None:
        """They are about the transfer, which is what the attempt is known by."""
        ref = pay(config, order).ref
        body = world.event(kind, world.payouts[only(world.payouts)], order.account)
        (notice,) = read(config, signed(world.webhook_secret, body, utc_now()), body)
        moment = datetime.fromtimestamp(world.moment + 100, UTC)
        assert notice == Notice(json.loads(body)["id"], kind, ref, moment)
        assert kind in StripeConnect.types

    def test_of_payouts_that_are_not_ours(self, config: FakeConfig, world: ConnectWorld) -> None:
        body = world.event("payout.paid", {"id": "po_1", "metadata": {}}, "acct_1")
        assert read(config, signed(world.webhook_secret, body, utc_now()), body) == []

    def test_of_transfers(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        """With the secret of the other endpoint: transfers are the platform's own."""
        ref = pay(config, order).ref
        body = world.event("transfer.reversed", world.transfers[ref])
        (notice,) = read(config, signed(world.account_secret, body, utc_now()), body)
        assert (notice.type, notice.object_ref) == ("transfer.reversed", ref)

    @pytest.mark.parametrize(
        ("kind", "found"),
        [
            ("account.updated", {"id": "acct_1"}),
            ("account.application.deauthorized", {"id": "ca_1"}),
            ("account.external_account.created", {"id": "ba_1"}),
            ("account.external_account.updated", {"id": "card_1"}),
            ("account.external_account.deleted", {"id": "ba_1"}),
        ],
    )
    def test_of_accounts(self, config: FakeConfig, world: ConnectWorld, kind: str, found: dict[str, str]) -> None:
        body = world.event(kind, found, "acct_1")
        (notice,) = read(config, signed(world.webhook_secret, body, utc_now()), body)
        assert (notice.type, notice.object_ref) == (kind, "acct_1")
        assert kind in StripeConnect.types

    @pytest.mark.parametrize("livemode", [True, None])
    def test_of_the_other_mode_are_none(self, config: FakeConfig, world: ConnectWorld, livemode: Any) -> None:
        """Endpoints for connected accounts are told of both modes."""
        world.livemode = livemode
        body = world.event("account.updated", {"id": "acct_1"}, "acct_1")
        header = signed(world.webhook_secret, body, utc_now())
        assert read(config, header, body) == []

    def test_of_another_type(self, config: FakeConfig, world: ConnectWorld) -> None:
        body = world.event("charge.updated", {"id": "ch_1"})
        (notice,) = read(config, signed(world.webhook_secret, body, utc_now()), body)
        assert notice.type not in StripeConnect.types

    @pytest.mark.parametrize("name", ["connect_webhook_secret", "account_webhook_secret"])
    def test_a_former_secret_is_good_while_one_takes_its_place(
        self, config: FakeConfig, world: ConnectWorld, name: str
    ) -> None:
        body = world.event("account.updated", {"id": "acct_1"}, "acct_1")
        with pytest.raises(ProviderRejected):
            read(config, signed("whsec_before", body, utc_now()), body)
        config.slip(f"{PREFIX}{name}_previous", "whsec_before")
        assert read(config, signed("whsec_before", body, utc_now()), body)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"{}", b'{"id": 1}', b'{"id":"evt_1","type":"account.updated"}', b"[" * 100_000, b"\xff"],
    )
    def test_signed_nonsense_is_unreadable(self, config: FakeConfig, world: ConnectWorld, body: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            read(config, signed(world.webhook_secret, body, utc_now()), body)

    def test_each_bit_counts(self, config: FakeConfig, world: ConnectWorld) -> None:
        body = json.dumps({"id": "evt_1", "type": "x", "data": "y" * 2000, "livemode": False}).encode()
        header = signed(world.webhook_secret, body, utc_now())

        async def work(adapter: StripeConnect) -> int:
            return refused(adapter, "stripe-signature", header, body)

        assert done(config, work) == len(body) * 8


class TestProbe:
    def test_it_moves_nothing(self, config: FakeConfig, world: ConnectWorld) -> None:
        assert "nothing was moved" in done(config, lambda adapter: adapter.probe())
        assert dict(world.asked) == {"GET /v1/balance": 1}

    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("api_key", "sk_test_wrong", "401"),
            ("api_key", "", "is empty"),
            ("api_key", "sk_live_x", "other mode"),
            ("connect_webhook_secret", "", "connect_webhook_secret is empty"),
        ],
    )
    def test_what_is_missing(self, config: FakeConfig, world: ConnectWorld, name: str, value: str, told: str) -> None:
        config.slip(PREFIX + name, value)
        with pytest.raises(ProviderUnavailable, match=told):
            done(config, lambda adapter: adapter.probe())


class TestMovements:
    DAY = datetime.fromtimestamp(1_796_000_000, UTC).date()

    def told(self, config: FakeConfig, day: date = DAY) -> Sequence[Movement]:
        return done(config, lambda adapter: adapter.movements(day))

    def test_transfers_and_what_came_back(self, config: FakeConfig, world: ConnectWorld, order: PayoutOrder) -> None:
        world.most = 1
        ref = pay(config, order).ref
        assert self.told(config) == [Movement(ref, "PAYOUT", -AMOUNT)]
        world.fail(next(iter(world.payouts)))
        find(config, order, ref)
        assert self.told(config) == [Movement(ref, "PAYOUT", -AMOUNT), Movement(ref, "PAYOUT", AMOUNT)]
        for days in (-1, 1):
            assert self.told(config, self.DAY + timedelta(days=days)) == []

    def test_several_pages(self, config: FakeConfig, world: ConnectWorld) -> None:
        world.most = 2
        for number in range(5):
            world.line("transfer", -100, {"id": f"tr_{number}", "object": "transfer"})
        assert sum(line.amount for line in self.told(config)) == -500

    @pytest.mark.parametrize("fields", [{"amount": None}, {"id": None}, {"type": "charge"}])
    def test_a_line_that_cannot_be_read_is_no_answer(
        self, config: FakeConfig, world: ConnectWorld, fields: dict[str, Any]
    ) -> None:
        world.line("transfer", -100, {"id": "tr_1", "object": "transfer"})
        answer = json.dumps({"data": [world.lines[0] | fields], "has_more": False}).encode()
        world.outage = 200, answer
        with pytest.raises(ProviderUnavailable, match="line"):
            self.told(config)

    def test_no_list_is_no_answer(self, config: FakeConfig, world: ConnectWorld) -> None:
        world.outage = 200, b"{}"
        with pytest.raises(ProviderUnavailable, match="no list"):
            self.told(config)
