"""A provider is switched, a secret rotated, an account changed or an identity taken back while money is under way.

What was begun is pinned: it ends with whom it began with. What was not begun yet stops where it may not go on, with the
money back in the balance. Nothing is lost, and the books of the vendors and ours agree to the cent.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from domain.clock import utc_now
from domain.keys import Purpose
from providers.signed import signed
from services.money.refunds import RefundService
from services.money.vault import Vault
from tests.bank import DETAILS, enter
from tests.creators import Creator, signed_in
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer
from tests.ledger import tally
from tests.money import begin, hurry
from tests.payees import available
from tests.payout_vendor import payout_of, ready
from tests.payouts import at_paypal, connected
from tests.providers.kyc_vendors import StripeWorld, VeriffWorld, stripe_world, veriff_world
from tests.providers.payment_vendors import OURS, MollieTill, StripeTill, mollie_till, stripe_till
from tests.providers.payout_vendors import (
    ConnectWorld,
    PayPalWorld,
    WiseWorld,
    connect_world,
    wise_world,
)
from tests.providers.test_wise import BANK

OTHER_IBAN = "DE75512108001245126199"
AMOUNT = 100_00
FULL = 1_000_00
OLD = "2026-01-01"


def configure(server: Server, family: str, values: Mapping[str, Any]) -> None:
    server.configure(**{f"external.{family}.{name}": value for name, value in values.items()})


class TestPayments:
    """Open at Stripe when Mollie takes its place."""

    @pytest.fixture
    def stripe(self, server: Server) -> Iterator[StripeTill]:
        with stripe_till() as till:
            self.known(server, "stripe", till)
            configure(server, "payment", {"active_provider": "stripe"})
            yield till

    @pytest.fixture
    def mollie(self, server: Server) -> Iterator[MollieTill]:
        with mollie_till() as till:
            self.known(server, "mollie", till)
            yield till

    @pytest.fixture
    def fan(self, api: Api, tables: Tables) -> UUID:
        return account(api, tables, created_at=OLD)

    @pytest.fixture
    def headers(self, api: Api, fan: UUID) -> dict[str, str]:
        assert str(fan)
        return bearer(api.sign_in())

    def known(self, server: Server, name: str, till: StripeTill | MollieTill) -> None:
        values = {"base_url": till.url, "api_key": till.key, "webhook_secret": till.secret}
        configure(server, "payment", {f"{name}.{key}": value for key, value in values.items()})

    def payment(self, tables: Tables, session: Mapping[str, str]) -> dict[str, Any]:
        return tables.one("SELECT * FROM payments WHERE id = %s", session["sessionId"])

    def look(self, server: Server) -> None:
        hurry(server.tables)
        server.tables.run("UPDATE refunds SET due_at = now() WHERE due_at IS NOT NULL")
        server.let_time_come("payments.sweep")

    def assert_agree(self, tables: Tables, stripe: StripeTill, mollie: MollieTill) -> None:
        assert -tally(tables, "clearing:stripe") == stripe.book.balance(OURS)
        assert -tally(tables, "clearing:mollie") == mollie.book.balance(OURS)
        assert tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"] == 0

    @pytest.mark.parametrize("is_told", [True, False])
    def test_what_is_open_is_paid_and_refunded_where_it_was_begun(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], stripe: StripeTill,
        mollie: MollieTill, is_told: bool,
    ) -> None:  # fmt: skip
        first = begin(api, headers)
        configure(server, "payment", {"active_provider": "mollie"})
        second = begin(api, headers)
        (session,), (other,) = stripe.sessions, mollie.payments
        assert self.payment(tables, first)["ref"] == session
        assert self.payment(tables, second)["ref"] == other
        stripe.pay(session)
        mollie.pay(other)
        if is_told:
            assert set(stripe.deliver(server.origin)) == {200}
            server.work_off()
        self.look(server)
        assert {self.payment(tables, one)["status"] for one in (first, second)} == {"PAID"}
        self.assert_agree(tables, stripe, mollie)

        async def give_back() -> None:
            async with server.app.parts.database.unit() as db:
                held = await db.payments.hold(UUID(first["sessionId"]))
                assert held is not None
                by = held.wallet.user_id
                assert await RefundService().ask(db, held, 2500, by, "a test", utc_now()) is not None

        server.on_loop(give_back())
        server.work_off()
        (refund,) = stripe.refunds
        stripe.end_refund(refund, "succeeded")
        self.look(server)
        assert tables.one("SELECT status FROM refunds") == {"status": "DONE"}
        assert not any(payment["_held"]["refunds"] for payment in mollie.payments.values())
        self.assert_agree(tables, stripe, mollie)

    @pytest.mark.parametrize("fault", ["drop", "drop_after"])
    def test_what_nobody_answered_is_asked_for_again_where_it_was_asked(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], stripe: StripeTill,
        mollie: MollieTill, fault: str,
    ) -> None:  # fmt: skip
        """It may have a session there, which somebody could pay."""
        stripe.faults.extend([fault] * 3)
        response = api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers)
        assert response.status_code == 503
        configure(server, "payment", {"active_provider": "mollie"})
        self.look(server)
        row = tables.one("SELECT * FROM payments")
        assert (row["provider"], [row["ref"]], mollie.payments) == ("stripe", list(stripe.sessions), {})
        stripe.pay(row["ref"])
        self.look(server)
        assert tables.one("SELECT status FROM payments") == {"status": "PAID"}
        self.assert_agree(tables, stripe, mollie)

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_secrets_change(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], stripe: StripeTill,
        mollie: MollieTill, provider: str,
    ) -> None:  # fmt: skip
        """With the former one kept, notices of what is open are taken; without it, they are refused, and the sweeper
        finds what they told. A key that is no good yet lets all wait.
        """
        configure(server, "payment", {"active_provider": provider})
        sessions = [begin(api, headers, "5.00") for _ in range(3)]
        refs = [self.payment(tables, session)["ref"] for session in sessions]
        till: Any = stripe if provider == "stripe" else mollie
        secrets = {"webhook_secret": "another secret", "webhook_secret_previous": till.secret}
        configure(server, "payment", {f"{provider}.{name}": value for name, value in secrets.items()})
        till.pay(refs[0])
        self.deliver(server, till, 200)
        assert self.payment(tables, sessions[0])["status"] == "PAID"

        configure(server, "payment", {f"{provider}.webhook_secret_previous": ""})
        till.pay(refs[1])
        events = tables.count("provider_events")
        self.deliver(server, till, 401 if provider == "stripe" else 200)
        assert (tables.count("provider_events"), self.payment(tables, sessions[1])["status"]) == (events, "OPEN")
        self.look(server)
        assert self.payment(tables, sessions[1])["status"] == "PAID"

        till.key = till.key + "_new"
        till.pay(refs[2])
        self.look(server)
        assert self.payment(tables, sessions[2])["status"] == "OPEN"
        configure(server, "payment", {f"{provider}.api_key": till.key})
        self.look(server)
        assert self.payment(tables, sessions[2])["status"] == "PAID"
        self.assert_agree(tables, stripe, mollie)

    def deliver(self, server: Server, till: Any, status: int) -> None:
        told = till.deliver(server.origin) if isinstance(till, StripeTill) else till.deliver()
        assert set(told) == {status}
        server.work_off()


class Flight:
    """Payouts of one creator, and what is seen of them."""

    def __init__(self, api: Api, one: Creator) -> None:
        self.api, self.server, self.tables, self.one = api, api.server, api.server.tables, one

    def approved(self, provider: str, **columns: Any) -> UUID:
        return payout_of(self.server, self.one, AMOUNT, provider=provider, status="APPROVED", **columns)

    def sweep(self) -> None:
        self.tables.run("UPDATE payouts SET due_at = now() WHERE due_at IS NOT NULL")
        self.tables.run("UPDATE payout_attempts SET created_at = created_at - interval '5 minutes'")
        self.server.let_time_come("payouts.sweep")

    def status(self, payout_id: UUID) -> str:
        return str(self.tables.one("SELECT status FROM payouts WHERE id = %s", payout_id)["status"])

    def assert_rail(self, provider: str, there: int, here: int = 0) -> None:
        """What left us at the vendor, by its book, and what the creator has."""
        assert tally(self.tables, f"rail:{provider}") == there
        assert tally(self.tables, "payout_transit") == 0
        assert available(self.tables, self.one.user_id) == here
        assert self.tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"] == 0


class TestPayoutsToAccounts:
    """Under way by Stripe Connect when the sandbox takes its place, or when something of their owner changes."""

    @pytest.fixture
    def connect(self, server: Server) -> Iterator[ConnectWorld]:
        with connect_world() as world:
            secrets = {"connect_webhook_secret": world.webhook_secret, "account_webhook_secret": world.account_secret}
            values = {"base_url": world.url, "api_key": world.key} | secrets
            configure(server, "payout.stripe_connect", values)
            configure(server, "payout", {"active_provider": "stripe_connect"})
            yield world

    @pytest.fixture
    def ada(self, api: Api, tables: Tables, connect: ConnectWorld) -> Creator:
        """With an account that takes money."""
        one = ready(api, tables)
        tables.run("DELETE FROM payout_accounts")
        self.connect_account(api, tables, connect, one)
        return one

    @pytest.fixture
    def flight(self, api: Api, ada: Creator) -> Flight:
        return Flight(api, ada)

    def connect_account(self, api: Api, tables: Tables, world: ConnectWorld, one: Creator) -> str:
        ref = connected(api, signed_in(api, one))
        world.ready(ref)
        self.told(api, world, "account.updated", world.accounts[ref], ref)
        tables.run("UPDATE payout_accounts SET held_until = NULL")
        assert tables.one("SELECT status FROM payout_accounts WHERE ref = %s", ref) == {"status": "ACTIVE"}
        return ref

    def told(self, api: Api, world: ConnectWorld, kind: str, found: Any, ref: str, status: int = 200) -> None:
        body = world.event(kind, found, ref)
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signed(world.webhook_secret, body, utc_now()),
        }
        response = api.post("/api/v1/webhooks/payout/stripe_connect", content=body, headers=headers)
        assert response.status_code == status, response.text
        api.server.work_off()

    def arrive(self, connect: ConnectWorld) -> str:
        (ref,) = connect.payouts
        connect.arrive(ref)
        return ref

    @pytest.mark.parametrize("begun", [True, False])
    def test_another_provider_is_active(
        self, server: Server, connect: ConnectWorld, flight: Flight, begun: bool
    ) -> None:
        """Whether it was sent by then or only requested: it goes where it was requested to."""
        payout_id = flight.approved("stripe_connect")
        if begun:
            flight.sweep()
        configure(server, "payout", {"active_provider": "sandbox"})
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSING"
        self.arrive(connect)
        flight.sweep()
        assert (flight.status(payout_id), flight.tables.count("sandbox_payouts")) == ("PROCESSED", 0)
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"))

    @pytest.mark.parametrize("place", ["/transfers", "/payouts"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_another_provider_is_active_while_nobody_knows_whether_it_was_sent(
        self, server: Server, connect: ConnectWorld, flight: Flight, place: str, when: str
    ) -> None:
        payout_id = flight.approved("stripe_connect")
        connect.faults.append((place, when))
        flight.sweep()
        configure(server, "payout", {"active_provider": "sandbox"})
        flight.sweep()
        flight.sweep()
        self.arrive(connect)
        flight.sweep()
        assert (flight.status(payout_id), flight.tables.count("sandbox_payouts")) == ("PROCESSED", 0)
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"))

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_payouts_are_stopped_while_nobody_knows_whether_it_was_sent(
        self, server: Server, connect: ConnectWorld, flight: Flight, when: str
    ) -> None:
        """What arrived is seen. What lies in the account without a payout gets none until they go on."""
        payout_id = flight.approved("stripe_connect")
        connect.faults.append(("/payouts", when))
        flight.sweep()
        server.configure(**{"kill_switch.PAYOUT": True})
        if when == "before":
            flight.sweep()
            assert (flight.status(payout_id), connect.payouts) == ("PROCESSING", {})
            server.configure(**{"kill_switch.PAYOUT": False})
            flight.sweep()
            server.configure(**{"kill_switch.PAYOUT": True})
        self.arrive(connect)
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSED"
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"))

    def test_secrets_change(self, api: Api, server: Server, connect: ConnectWorld, flight: Flight) -> None:
        """What the vendor signed before is taken as long as the former secret is kept. Under a key that is no good
        nothing fails: it waits for the right one.
        """
        payout_id = flight.approved("stripe_connect")
        flight.sweep()
        secrets = {
            "connect_webhook_secret": "whsec_another",
            "connect_webhook_secret_previous": connect.webhook_secret,
        }
        configure(server, "payout.stripe_connect", secrets)
        ref = self.arrive(connect)
        self.told(api, connect, "payout.paid", connect.payouts[ref], connect.owners[ref])
        assert flight.status(payout_id) == "PROCESSED"
        configure(server, "payout.stripe_connect", {"connect_webhook_secret_previous": ""})
        connect.fail(ref)
        self.told(api, connect, "payout.failed", connect.payouts[ref], connect.owners[ref], status=401)
        connect.key += "_new"
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSED"
        configure(server, "payout.stripe_connect", {"api_key": connect.key})
        flight.sweep()
        assert flight.status(payout_id) == "FAILED"
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"), AMOUNT)

    def test_the_account_is_closed_and_another_one_opened(
        self, api: Api, tables: Tables, server: Server, connect: ConnectWorld, flight: Flight
    ) -> None:
        """What is under way ends at the account that it went to. What waits is for staff to decide anew."""
        payout_id = flight.approved("stripe_connect")
        flight.sweep()
        (old,) = connect.accounts
        connect.accounts[old]["requirements"]["disabled_reason"] = "rejected.other"
        self.told(api, connect, "account.updated", connect.accounts[old], old)
        assert tables.one("SELECT closed_at IS NULL AS open FROM payout_accounts") == {"open": False}
        configure(server, "payout", {"active_provider": "sandbox"})
        new = connected(api, signed_in(api, flight.one))
        assert new != old
        ref = self.arrive(connect)
        self.told(api, connect, "payout.paid", connect.payouts[ref], old)
        assert flight.status(payout_id) == "PROCESSED"
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"))

    def test_the_account_is_closed_before_it_is_sent(
        self, api: Api, tables: Tables, connect: ConnectWorld, flight: Flight
    ) -> None:
        payout_id = flight.approved("stripe_connect")
        (old,) = connect.accounts
        connect.accounts[old]["requirements"]["disabled_reason"] = "rejected.other"
        self.told(api, connect, "account.updated", connect.accounts[old], old)
        flight.sweep()
        assert (flight.status(payout_id), connect.transfers) == ("PENDING", {})
        assert tally(tables, "payout_reserved") == AMOUNT
        headers = signed_in(api, flight.one)
        assert api.call("payouts.cancel", path=f"/payouts/{payout_id}/cancel", headers=headers).status_code == 200
        flight.assert_rail("stripe_connect", 0, AMOUNT)


class TestPayoutsByPayPal:
    """Whose answer was lost, so that the attempt could be found by sending it again alone."""

    @pytest.fixture
    def paypal(self, server: Server) -> Iterator[PayPalWorld]:
        with at_paypal(server) as world:
            yield world

    @pytest.fixture
    def flight(self, api: Api, tables: Tables, paypal: PayPalWorld) -> Flight:
        flight = Flight(api, ready(api, tables))
        tables.run("UPDATE payout_accounts SET provider = 'paypal', ref = 'QYR5Z8XDVJNXQ'")
        paypal.faults.append(("/payouts", "after"))
        return flight

    def end(self, flight: Flight, paypal: PayPalWorld) -> None:
        (ref,) = paypal.batches
        paypal.end(ref, "SUCCESS")
        flight.sweep()

    def test_payouts_are_stopped(self, server: Server, paypal: PayPalWorld, flight: Flight) -> None:
        payout_id = flight.approved("paypal")
        flight.sweep()
        server.configure(**{"kill_switch.PAYOUT": True})
        self.end(flight, paypal)
        assert (flight.status(payout_id), paypal.asked["POST /v1/payments/payouts"]) == ("PROCESSING", 1)
        server.configure(**{"kill_switch.PAYOUT": False})
        flight.sweep()
        assert (flight.status(payout_id), len(paypal.batches)) == ("PROCESSED", 1)

    def test_the_vendor_may_have_forgotten_it(
        self, server: Server, tables: Tables, paypal: PayPalWorld, flight: Flight
    ) -> None:
        """It is not paid again: it stays as it is, and the staff is told."""
        payout_id = flight.approved("paypal")
        flight.sweep()
        (ref,) = paypal.batches
        paypal.forget(ref)
        tables.run("UPDATE payout_attempts SET created_at = now() - interval '29 days'")
        with capture_logs() as logs:
            for _ in range(2):
                flight.sweep()
        told = [each for each in logs if each["event"] == "payout.vanished"]
        assert [(each["log_level"], each["payout"], each["provider"]) for each in told] == [
            ("error", str(payout_id), "paypal")
        ] * 2
        assert (flight.status(payout_id), list(paypal.batches)) == ("PROCESSING", [ref])
        assert tables.one("SELECT state FROM payout_attempts") == {"state": "SENDING"}
        assert tables.one("SELECT due_at > now() + interval '50 minutes' AS later FROM payouts") == {"later": True}

        async def look() -> list[str]:
            async with server.app.parts.database.unit() as db:
                return [each.check async for each in db.reconciliations.findings()]

        assert "overdue" in server.on_loop(look())


class TestPayoutsToBanks:
    """Under way by Wise when files take its place, or when the bank details change."""

    @pytest.fixture
    def wise(self, server: Server) -> Iterator[WiseWorld]:
        with wise_world() as world:
            keys = {"base_url": world.url, "api_token": world.token, "profile_id": world.profile}
            configure(server, "payout.wise", keys | {"webhook_public_key": world.public_key})
            yield world

    @pytest.fixture
    def flight(self, api: Api, server: Server, tables: Tables, wise: WiseWorld) -> Flight:
        assert wise.url
        one = ready(api, tables)
        sealed = self.sealed(server)
        insert_details = "INSERT INTO bank_details (user_id, details, last4, state) VALUES (%s, %s, '3000', 'VERIFIED')"
        tables.run(insert_details, one.user_id, sealed)
        return Flight(api, one)

    def sealed(self, server: Server) -> bytes:
        return Vault(server.app.parts.keyring).sealed(Purpose.BANK_DETAILS, BANK)

    def approved(self, flight: Flight) -> UUID:
        there = {"method": "BANK_TRANSFER", "destination": self.sealed(flight.server), "destination_last4": "3000"}
        return flight.approved("wise", **there)

    def by_files(self, server: Server) -> None:
        own = {"name": "BIO RE", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "town": "Berlin"}
        server.configure(**{f"payout.bank_{name}": value for name, value in (own | {"country": "DE"}).items()})
        configure(server, "payout", {"bank_provider": "bank_file"})

    def end(self, flight: Flight, wise: WiseWorld, payout_id: UUID) -> None:
        (number,) = wise.payments
        wise.arrive(number)
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSED"
        flight.assert_rail("wise", FULL - wise.book.balance("balance"))

    @pytest.mark.parametrize("begun", [True, False])
    def test_another_provider_is_active(self, server: Server, wise: WiseWorld, flight: Flight, begun: bool) -> None:
        payout_id = self.approved(flight)
        if begun:
            flight.sweep()
        self.by_files(server)
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSING"
        self.end(flight, wise, payout_id)

    def test_payouts_are_stopped_while_nobody_knows_whether_it_was_sent(
        self, server: Server, wise: WiseWorld, flight: Flight
    ) -> None:
        payout_id = self.approved(flight)
        wise.faults.append(("/payments", "after"))
        flight.sweep()
        server.configure(**{"kill_switch.PAYOUT": True})
        self.end(flight, wise, payout_id)

    @pytest.mark.parametrize("place", ["/v1/transfers", "/payments"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_the_details_change_while_nobody_knows_whether_it_was_sent(
        self, api: Api, wise: WiseWorld, flight: Flight, place: str, when: str
    ) -> None:
        """What the vendor has ends where it was requested to. What it certainly has not is cancelled, as it had been
        before it was under way.
        """
        payout_id = self.approved(flight)
        wise.faults.append((place, when))
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSING"
        response = enter(api, signed_in(api, flight.one), **(DETAILS | {"iban": OTHER_IBAN}))
        assert response.status_code == 200, response.text
        flight.sweep()
        flight.sweep()
        if (place, when) == ("/v1/transfers", "before"):
            assert (flight.status(payout_id), wise.transfers) == ("CANCELLED", {})
            flight.server.work_off()
            mails = [mail["text"] for mail in api.mails(flight.one.email)]
            assert any("Your bank details have changed." in text for text in mails), mails
            flight.assert_rail("wise", 0, AMOUNT)
            return
        assert [one["details"]["iban"] for one in wise.recipients.values()] == [BANK["iban"]]
        self.end(flight, wise, payout_id)

    def test_the_details_change_before_it_is_sent(self, api: Api, wise: WiseWorld, flight: Flight) -> None:
        payout_id = self.approved(flight)
        response = enter(api, signed_in(api, flight.one), **(DETAILS | {"iban": OTHER_IBAN}))
        assert response.status_code == 200, response.text
        flight.sweep()
        assert (flight.status(payout_id), wise.transfers) == ("CANCELLED", {})
        flight.assert_rail("wise", 0, AMOUNT)


class TestIdentities:
    """Taken back, or at another provider, in mid-flight."""

    @pytest.fixture
    def identity(self, server: Server) -> Iterator[StripeWorld]:
        with stripe_world() as world:
            values = {"base_url": world.url, "api_key": world.key, "webhook_secret": world.webhook_secret}
            configure(server, "kyc.stripe_identity", values)
            configure(server, "kyc", {"active_provider": "stripe_identity"})
            yield world

    @pytest.fixture
    def veriff(self, server: Server) -> Iterator[VeriffWorld]:
        with veriff_world() as world:
            values = {"base_url": world.url, "api_key": world.key, "shared_secret": world.secret}
            configure(server, "kyc.veriff", values)
            yield world

    @pytest.fixture
    def connect(self, server: Server) -> Iterator[ConnectWorld]:
        with connect_world() as world:
            values = {"base_url": world.url, "api_key": world.key}
            configure(server, "payout.stripe_connect", values)
            yield world

    @pytest.fixture
    def flight(self, api: Api, tables: Tables, connect: ConnectWorld, identity: StripeWorld) -> Flight:
        """Of a creator whom Stripe Identity has verified."""
        one = ready(api, tables)
        connect.open({"metadata[account]": "1"})
        (ref,) = connect.accounts
        connect.ready(ref)
        tables.run("UPDATE payout_accounts SET provider = 'stripe_connect', ref = %s", ref)
        tables.run("UPDATE creator_profiles SET kyc_status = 'NOT_STARTED'")
        self.begin(api, one)
        self.decide(api, identity, "verified")
        return Flight(api, one)

    def begin(self, api: Api, one: Creator) -> None:
        response = api.call("creators.kyc.start", headers=signed_in(api, one))
        assert response.status_code == 201, response.text

    def decide(self, api: Api, identity: StripeWorld, status: str, **fields: Any) -> None:
        (ref,) = identity.sessions
        identity.set(ref, status, **fields)
        self.tell(api, identity, identity.webhook_secret)

    def tell(self, api: Api, identity: StripeWorld, secret: str) -> None:
        (ref,) = identity.sessions
        body = identity.event(f"identity.verification_session.{identity.sessions[ref]['status']}", ref)
        headers = {"Content-Type": "application/json", "Stripe-Signature": signed(secret, body, utc_now())}
        response = api.post("/api/v1/webhooks/kyc/stripe_identity", content=body, headers=headers)
        assert response.status_code == 200, response.text
        api.server.work_off()

    def status(self, tables: Tables) -> str:
        return str(tables.one("SELECT kyc_status FROM creator_profiles")["kyc_status"])

    @pytest.mark.parametrize("fault", [None, ("/transfers", "after"), ("/payouts", "after"), ("/payouts", "before")])
    def test_what_is_under_way_ends_and_what_waits_is_cancelled(
        self, api: Api, tables: Tables, connect: ConnectWorld, identity: StripeWorld, flight: Flight,
        fault: tuple[str, str] | None,
    ) -> None:  # fmt: skip
        payout_id = flight.approved("stripe_connect")
        if fault is not None:
            connect.faults.append(fault)
        flight.sweep()
        self.decide(api, identity, "requires_input", last_error={"code": "document_unverified_other"})
        assert self.status(tables) == "REJECTED"
        assert flight.status(payout_id) == "PROCESSING"
        flight.sweep()
        (ref,) = connect.payouts
        connect.arrive(ref)
        flight.sweep()
        assert flight.status(payout_id) == "PROCESSED"
        flight.assert_rail("stripe_connect", FULL - connect.book.balance("platform"))

    def test_what_the_vendor_certainly_has_not_is_not_sent_again(
        self, api: Api, connect: ConnectWorld, identity: StripeWorld, flight: Flight
    ) -> None:
        payout_id = flight.approved("stripe_connect")
        connect.faults.append(("/transfers", "before"))
        flight.sweep()
        self.decide(api, identity, "requires_input", last_error={"code": "document_unverified_other"})
        assert flight.status(payout_id) == "PROCESSING"
        flight.sweep()
        assert (flight.status(payout_id), connect.transfers) == ("CANCELLED", {})
        flight.assert_rail("stripe_connect", 0, AMOUNT)

    @pytest.mark.parametrize("status", ["PENDING", "APPROVED"])
    def test_what_waits_is_cancelled(
        self, api: Api, tables: Tables, connect: ConnectWorld, identity: StripeWorld, flight: Flight, status: str
    ) -> None:
        approved = {"approved_at": OLD, "due_at": OLD} if status == "APPROVED" else {}
        payout_id = payout_of(
            flight.server, flight.one, AMOUNT, provider="stripe_connect", **({"status": status} | approved)
        )
        self.decide(api, identity, "requires_input", last_error={"code": "document_unverified_other"})
        flight.sweep()
        assert (flight.status(payout_id), connect.transfers) == ("CANCELLED", {})
        flight.assert_rail("stripe_connect", 0, AMOUNT)
        assert tally(tables, "payout_reserved") == 0

    def test_another_provider_and_another_secret(
        self, api: Api, server: Server, tables: Tables, identity: StripeWorld, veriff: VeriffWorld
    ) -> None:
        """A verification is where it was begun, and who signs it by the former secret is heard."""
        one = ready(api, tables)
        tables.run("UPDATE creator_profiles SET kyc_status = 'NOT_STARTED'")
        self.begin(api, one)
        configure(server, "kyc", {"active_provider": "veriff"})
        secrets = {"webhook_secret": "whsec_another", "webhook_secret_previous": identity.webhook_secret}
        configure(server, "kyc.stripe_identity", secrets)
        self.begin(api, one)
        self.decide(api, identity, "verified")
        assert (self.status(tables), veriff.sessions) == ("APPROVED", {})
