"""What workers ask vendors of money for, each from its beginning to what must have come of it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4, uuid5

import httpx

from domain import topics
from domain.clock import utc_now
from domain.keys import Purpose
from domain.money import flows
from domain.money.ledger import WalletName, platform
from domain.money.payments import Checkout, Order, PaymentState
from domain.money.payouts import PayoutOrder
from domain.webhooks import Notice
from persistence.repositories import Repositories
from providers.payment.mollie import MolliePayments
from providers.payment.stripe import StripePayments
from providers.payout.paypal import PayPal
from providers.payout.stripe_connect import StripeConnect
from providers.payout.wise import PAID_FOR_WITHIN, TRANSFER_IDS, Wise
from providers.ports import ProviderUnavailable
from providers.vendor import Vendor
from runtime.compose import Parts
from services.money.escrows import EscrowService
from services.money.payments import PaymentBooks
from services.money.rewards import RewardService
from services.money.vault import Vault
from tests.handlers.support import insert
from tests.harness import Tables
from tests.ledger import Books, Do, tally, wallet_of
from tests.payees import payout_account, tax_form
from tests.processes.biore import NO_TLS, Deployment, until
from tests.processes.killing import Deadly, insist
from tests.providers.fakes import FakeConfig
from tests.providers.kyc_vendors import StripeWorld
from tests.providers.payment_vendors import OURS, MollieTill, StripeTill
from tests.providers.payout_vendors import ConnectWorld, PayPalWorld, WiseWorld
from tests.providers.test_wise import BANK

T = TypeVar("T")

FULL = 100_000_000_00
AMOUNT = 60_25
PAYPAL_FEE = 25
LATER = "2100-01-01"
SOON = timedelta(minutes=4)
"""After which sweepers take up what was begun: later than any worker is shot, sooner than the next one begins."""
OPEN_JOBS = """
    SELECT topic FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND lane = 4 AND topic NOT LIKE '%%.sweep'
"""
DEAD_JOBS = "SELECT topic, last_error FROM outbox WHERE dead_at IS NOT NULL"
RETURNING = "SELECT coalesce(sum(amount), 0)::bigint AS amount FROM strays WHERE state = 'RETURNING'"
UNFINISHED = ("payments", "refunds", "strays", "payouts")


@dataclass
class Scene:
    """A deployment, its books, and all vendors of money, each with a book of its own and a killer before it."""

    biore: Deployment
    tables: Tables
    books: Books
    connect: ConnectWorld = field(default_factory=ConnectWorld)
    wise: WiseWorld = field(default_factory=WiseWorld)
    paypal: PayPalWorld = field(default_factory=lambda: PayPalWorld(life=60))  # so short that none is kept
    stripe: StripeTill = field(default_factory=StripeTill)
    mollie: MollieTill = field(default_factory=MollieTill)
    identity: StripeWorld = field(default_factory=StripeWorld)
    deadly: dict[str, Deadly] = field(default_factory=dict)
    config: FakeConfig = field(default_factory=FakeConfig)
    bank: bytes = b""

    @contextmanager
    def standing(self) -> Iterator["Scene"]:
        for world, purse in ((self.connect, "platform"), (self.wise, "balance"), (self.paypal, "balance")):
            world.book.move("world", purse, FULL)
        vendors: dict[str, Any] = {
            "stripe_connect": self.connect, "wise": self.wise, "paypal": self.paypal, "stripe": self.stripe,
            "mollie": self.mollie, "stripe_identity": self.identity,
        }  # fmt: skip
        with ExitStack() as stack:
            for name, vendor in vendors.items():
                self.deadly[name] = Deadly(vendor)
                vendor.url = stack.enter_context(self.deadly[name].standing())
            values = self._values()
            self.biore.configure(values)
            for name, value in values.items():
                self.config[name] = value
            self.bank = self.biore.with_parts(_sealed)
            yield self

    def _values(self) -> dict[str, Any]:
        connect, wise, paypal, stripe, mollie = self.connect, self.wise, self.paypal, self.stripe, self.mollie
        return {
            "external.kyc.active_provider": "stripe_identity",
            "external.kyc.stripe_identity.base_url": self.identity.url,
            "external.kyc.stripe_identity.api_key": self.identity.key,
            "external.payment.active_provider": "stripe",
            "external.payout.active_provider": "stripe_connect",
            "external.payout.bank_provider": "wise",
            "external.payout.stripe_connect.base_url": connect.url,
            "external.payout.stripe_connect.api_key": connect.key,
            "external.payout.stripe_connect.connect_webhook_secret": connect.webhook_secret,
            "external.payout.wise.base_url": wise.url,
            "external.payout.wise.api_token": wise.token,
            "external.payout.wise.profile_id": wise.profile,
            "external.payout.paypal.base_url": paypal.url,
            "external.payout.paypal.client_id": paypal.client[0],
            "external.payout.paypal.client_secret": paypal.client[1],
            "external.payment.stripe.base_url": stripe.url,
            "external.payment.stripe.api_key": stripe.key,
            "external.payment.stripe.webhook_secret": stripe.secret,
            "external.payment.mollie.base_url": mollie.url,
            "external.payment.mollie.api_key": mollie.key,
            "external.payment.mollie.webhook_secret": mollie.secret,
        }

    def ask(self, kind: Callable[..., Vendor], call: Callable[[Any], Awaitable[T]]) -> T:
        """As a worker of ours would, from here, where nobody is killed."""

        async def run() -> T:
            async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
                return await call(kind(self.config, http, live=False))

        return self.books.run(run())

    def do(self, work: Do[T]) -> T:
        return self.books.do(work)

    @property
    def works(self) -> bool:
        """Whether a worker has still to do what was asked for."""
        dead = self.tables.rows(DEAD_JOBS)
        assert dead == [], dead
        return bool(self.tables.rows(OPEN_JOBS))

    def park(self) -> None:
        """What is not finished waits, so that nobody asks its vendor meanwhile."""
        for table in UNFINISHED:
            insist(self.tables, f"UPDATE {table} SET due_at = %s WHERE due_at IS NOT NULL", LATER)  # noqa: S608

    def hurry(self) -> None:
        """What is not finished is due."""
        for table in UNFINISHED:
            insist(self.tables, f"UPDATE {table} SET due_at = now() WHERE due_at IS NOT NULL")  # noqa: S608

    def assert_agree(self) -> None:
        """What vendors owe us or have paid out is in our books to the cent, and those are right."""
        tables, spent = self.tables, self._spent()
        going = tally(tables, "refund_transit") + int(tables.one(RETURNING)["amount"])
        owed = sum(self._owed().values())
        assert -sum(tally(tables, f"clearing:{name}") for name in self._owed()) - going == owed
        rails = {name: tally(tables, f"rail:{name}") for name in spent}
        assert sum(rails.values()) + tally(tables, "payout_transit") == sum(spent.values())
        findings = self.findings()
        assert findings == [], findings

    def assert_settled(self) -> None:
        """As above, when nothing is under way any more."""
        self.assert_agree()
        assert {name: -tally(self.tables, f"clearing:{name}") for name in self._owed()} == self._owed()
        assert tally(self.tables, "payout_transit") == tally(self.tables, "refund_transit") == 0
        assert {name: tally(self.tables, f"rail:{name}") for name in self._spent()} == self._spent()

    def _owed(self) -> dict[str, int]:
        return {"stripe": self.stripe.book.balance(OURS), "mollie": self.mollie.book.balance(OURS)}

    def _spent(self) -> dict[str, int]:
        done = [item for one in self.paypal.batches.values() for item in one["items"]]
        fees = PAYPAL_FEE * sum(item["transaction_status"] == "SUCCESS" for item in done)
        return {
            "stripe_connect": FULL - self.connect.book.balance("platform"),
            "wise": FULL - self.wise.book.balance("balance"),
            "paypal": FULL - self.paypal.book.balance("balance") + fees,
        }

    def findings(self) -> Sequence[Any]:
        async def look(db: Repositories) -> list[Any]:
            await db.books.open()
            found = [each async for each in db.books.findings()]
            found += [each async for each in db.reconciliations.findings()]
            return found

        return self.do(look)


async def _sealed(parts: Parts) -> bytes:
    return Vault(parts.keyring).sealed(Purpose.BANK_DETAILS, BANK)


class Road(ABC):
    """``prepare`` what was there before, ``ask`` for it; ``arrived`` when what was asked for is so. ``finish`` is what
    happens at the vendor later, and ``over`` what must be so in the end.
    """

    provider: ClassVar[str]

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.tables = scene.tables

    @abstractmethod
    def prepare(self) -> None: ...

    @property
    @abstractmethod
    def row(self) -> dict[str, Any]:
        """What it is about."""

    @abstractmethod
    def job(self) -> topics.Topic: ...

    @abstractmethod
    def arrived(self) -> bool: ...

    @abstractmethod
    def check(self) -> None:
        """That it has one effect at the vendor."""

    @abstractmethod
    def finish(self) -> None: ...

    @abstractmethod
    def over(self) -> bool: ...

    def ask(self) -> None:
        job = self.job()

        async def add(db: Repositories) -> None:
            await db.outbox.add(job)

        self.scene.do(add)


class PaidOut(Road):
    """An approved payout is sent."""

    ends: ClassVar[str] = "PROCESSED"
    begun: ClassVar[timedelta] = timedelta(minutes=4)
    """So long ago was it, where it was."""
    wallet: WalletName
    payout_id: UUID

    def prepare(self) -> None:
        scene, self.payout_id = self.scene, uuid4()
        self.wallet = wallet_of(self.tables, f"c{uuid4().hex[:12]}", "CREATOR")
        user_id = self.wallet.user_id
        insert(self.tables, "creator_profiles", user_id=user_id, kyc_status="APPROVED")
        tax_form(self.tables, user_id)
        columns = self.target(user_id)
        scene.do(self.earn)
        insert(
            self.tables, "payouts", id=self.payout_id, user_id=user_id, wallet_id=self.wallet.id, amount=AMOUNT,
            currency="USD", provider=self.provider, status="APPROVED", approved_at="2026-01-02",
            due_at=utc_now() + SOON,
            **columns,
        )  # fmt: skip
        scene.books.post(flows.payout_requested(self.wallet, self.payout_id, 1, AMOUNT))

    async def earn(self, db: Repositories) -> None:
        """As staff gives it."""
        given_id, by = uuid4(), uuid4()
        await db.ledger.post(flows.adjusted(self.wallet, given_id, "creator", AMOUNT, platform("goodwill"), by))
        given = {"account": "creator", "contra": "goodwill", "amount": AMOUNT, "currency": "USD", "reason": "a test"}
        decided = {"status": "APPROVED", "decided_by": uuid4(), "decided_at": utc_now(), "decision": "a test"}
        await db.adjustments.add(id=given_id, wallet_id=self.wallet.id, requested_by=by, **given, **decided)

    def target(self, user_id: UUID) -> Mapping[str, Any]:
        self.ref = self.account()
        account_id = payout_account(self.tables, user_id, provider=self.provider, ref=self.ref)
        return {"method": "PLATFORM_ACCOUNT", "account_id": account_id}

    def account(self) -> str:
        """At the vendor."""
        return uuid4().hex[:13].upper()

    def job(self) -> topics.Topic:
        return topics.SendPayout(self.payout_id)

    @property
    def row(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM payouts WHERE id = %s", self.payout_id)

    @property
    def attempts(self) -> list[str]:
        found = self.tables.rows(
            "SELECT state FROM payout_attempts WHERE payout_id = %s ORDER BY number", self.payout_id
        )
        return [str(row["state"]) for row in found]

    def arrived(self) -> bool:
        return self.row["status"] == "PROCESSING" and self.attempts[-1] == "SENT"

    def order(self, number: int) -> PayoutOrder:
        return PayoutOrder(self.payout_id, number, AMOUNT, "USD")

    @abstractmethod
    def effects(self) -> list[str]:
        """What the vendor did and did not undo, by its ids."""

    def check(self) -> None:
        assert len(self.effects()) == (0 if self.row["status"] == "FAILED" else 1)

    def over(self) -> bool:
        return bool(self.row["status"] == self.ends)

    def sending(self, kind: Callable[..., Vendor], order: PayoutOrder, fault: tuple[str, str]) -> None:
        """Begun by a worker that got no answer: nobody knows whether the vendor has it."""
        scene, world = self.scene, self.scene.deadly[self.provider].vendor

        async def begin(db: Repositories) -> None:
            held = await db.payout_desk.hold(self.payout_id)
            assert held is not None
            await db.payout_desk.begin(held.row, utc_now() - self.begun, utc_now() + SOON)
            await db.ledger.post(flows.payout_sent(self.payout_id, 1, AMOUNT))

        async def pay(vendor: Any) -> None:
            try:
                await vendor.pay(order)
            except ProviderUnavailable:
                return
            raise AssertionError("it was answered")

        scene.do(begin)
        world.faults.append(fault)  # type: ignore[attr-defined]
        scene.ask(kind, pay)


class ByConnect(PaidOut):
    provider = "stripe_connect"

    def account(self) -> str:
        world, known = self.scene.connect, set(self.scene.connect.accounts)
        world.open({"metadata[account]": str(uuid4())})
        (ref,) = set(world.accounts) - known
        world.ready(ref)
        return ref

    @property
    def there(self) -> list[str]:
        """Payouts from the account to its bank."""
        world = self.scene.connect
        return [ref for ref, account in world.owners.items() if account == self.ref]

    def effects(self) -> list[str]:
        world, own = self.scene.connect, str(self.payout_id)
        made = [one for one in world.transfers.values() if one["metadata"]["payout"] == own]
        assert len({one["transfer_group"] for one in made}) == len(made)
        kept = [one for one in made if not one["reversed"]]
        good = [ref for ref in self.there if world.payouts[ref]["status"] not in ("failed", "canceled")]
        assert [world.payouts[ref]["metadata"]["transfer"] for ref in good] == [one["id"] for one in kept]
        assert world.book.balance(self.ref) == 0
        return [str(one["id"]) for one in kept]

    def finish(self) -> None:
        for ref in self.there:
            if self.scene.connect.payouts[ref]["status"] == "pending":
                self.scene.connect.arrive(ref)


class FoundByConnect(ByConnect):
    """Nobody was told that the first half was done."""

    def prepare(self) -> None:
        super().prepare()
        order = PayoutOrder(self.payout_id, 1, AMOUNT, "USD", account=self.ref)
        self.sending(StripeConnect, order, ("/transfers", "after"))

    def job(self) -> topics.Topic:
        return topics.LookAtPayout(self.payout_id)


class FailedByConnect(FoundByConnect):
    """Its bank takes no money, and the vendor has it back."""

    ends = "FAILED"

    def prepare(self) -> None:
        ByConnect.prepare(self)
        order = PayoutOrder(self.payout_id, 1, AMOUNT, "USD", account=self.ref)
        self.sending(StripeConnect, order, ("/payouts", "after"))
        (ref,) = self.there
        self.scene.connect.fail(ref)

    def arrived(self) -> bool:
        return bool(self.row["status"] == "FAILED")


class BackByConnect(FailedByConnect):
    """It was paid, and comes back."""

    def prepare(self) -> None:
        ByConnect.prepare(self)
        order = PayoutOrder(self.payout_id, 1, AMOUNT, "USD", account=self.ref)
        self.sending(StripeConnect, order, ("/payouts", "after"))
        (ref,) = self.there
        self.scene.connect.arrive(ref)
        (transfer,) = (one["id"] for one in self.scene.connect.transfers.values() if one["destination"] == self.ref)

        async def settle(db: Repositories) -> None:
            held = await db.payout_desk.hold(self.payout_id)
            attempt = await db.payout_desk.attempt(self.payout_id, 1)
            assert held is not None
            assert attempt is not None
            await db.payout_desk.note(attempt, transfer, None)
            await db.ledger.post(flows.payout_done(self.payout_id, 1, platform("rail", self.provider), AMOUNT))
            await db.payout_desk.pay(held.row, utc_now(), due_at=utc_now() + SOON)

        self.scene.do(settle)
        self.scene.connect.fail(ref)


class ByWise(PaidOut):
    provider = "wise"

    def target(self, user_id: UUID) -> Mapping[str, Any]:
        self.tables.run(
            "INSERT INTO bank_details (user_id, details, last4, state) VALUES (%s, %s, '3000', 'VERIFIED')",
            user_id,
            self.scene.bank,
        )
        return {"method": "BANK_TRANSFER", "destination": self.scene.bank, "destination_last4": "3000"}

    def effects(self) -> list[str]:
        world = self.scene.wise
        ours = {str(uuid5(TRANSFER_IDS, self.order(number).key)) for number in range(1, len(self.attempts) + 1)}
        made = [one for one in world.transfers.values() if one["customerTransactionId"] in ours]
        assert len({one["customerTransactionId"] for one in made}) == len(made)
        return [str(number) for number in world.payments if number in {one["id"] for one in made}]

    def finish(self) -> None:
        for number in self.effects():
            if self.scene.wise.transfers[int(number)]["status"] == "processing":
                self.scene.wise.arrive(int(number))


class FoundByWise(ByWise):
    """Nobody was told that the transfer was made, which waits for our money."""

    def prepare(self) -> None:
        super().prepare()
        self.sending(Wise, PayoutOrder(self.payout_id, 1, AMOUNT, "USD", bank=BANK), ("/v1/transfers", "after"))

    def job(self) -> topics.Topic:
        return topics.LookAtPayout(self.payout_id)


class CalledOffByWise(FoundByWise):
    """It could not be paid for, for days: it is not to be paid for any more."""

    begun, ends = PAID_FOR_WITHIN + timedelta(hours=1), "FAILED"

    def arrived(self) -> bool:
        return bool(self.row["status"] == "FAILED")


class ByPayPal(PaidOut):
    provider = "paypal"

    def effects(self) -> list[str]:
        ours = {f"{self.payout_id}-{number}" for number in range(1, len(self.attempts) + 1)}
        found = {
            ref: one["batch_header"]["sender_batch_header"]["sender_batch_id"]
            for ref, one in self.scene.paypal.batches.items()
        }
        return [ref for ref, sender in found.items() if sender in ours]

    def finish(self) -> None:
        for ref in self.effects():
            (item,) = self.scene.paypal.batches[ref]["items"]
            if item["transaction_status"] == "PENDING":
                self.scene.paypal.end(ref, "SUCCESS")


class FoundByPayPal(ByPayPal):
    """Nobody was told that the batch was made."""

    def prepare(self) -> None:
        super().prepare()
        order = PayoutOrder(self.payout_id, 1, AMOUNT, "USD", account=self.ref)
        self.sending(PayPal, order, ("/payouts", "after"))

    def job(self) -> topics.Topic:
        return topics.LookAtPayout(self.payout_id)


class Loaded(Road):
    """A load, before its provider was asked."""

    adapter: ClassVar[Callable[..., Any]]

    @property
    def till(self) -> Any:
        return self.scene.deadly[self.provider].vendor

    def prepare(self) -> None:
        self.fan = wallet_of(self.tables, f"f{uuid4().hex[:12]}", "FAN")
        self.tables.run("UPDATE users SET created_at = '2026-01-01' WHERE id = %s", self.fan.user_id)
        expires = utc_now() + timedelta(hours=1)
        self.order = Order(uuid4(), AMOUNT, "USD", "https://bio.re/wallet", expires)

        async def begin(db: Repositories) -> None:
            await db.ledger.hold(self.fan)
            await db.payments.begin(self.order, self.fan.id, self.provider, utc_now() + SOON)

        self.scene.do(begin)

    def job(self) -> topics.Topic:
        return topics.LookAtPayment(self.order.payment_id)

    @property
    def row(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM payments WHERE id = %s", self.order.payment_id)

    def arrived(self) -> bool:
        return self.row["ref"] is not None

    @property
    def sessions(self) -> list[str]:
        """Those of the payment, at the vendor."""
        found = self.till.sessions if self.provider == "stripe" else self.till.payments
        own = {"payment": str(self.order.payment_id)}
        return [ref for ref, session in found.items() if session["metadata"] == own]

    def check(self) -> None:
        assert self.sessions == [self.row["ref"]]

    def finish(self) -> None:
        self.till.pay(self.sessions[0])

    def over(self) -> bool:
        return bool(self.row["status"] == "PAID") and self.has == AMOUNT

    @property
    def has(self) -> int:
        return int(self.tables.one("SELECT balance FROM wallets WHERE id = %s", self.fan.id)["balance"])

    # What was done before, by who was not killed.

    def begun(self) -> str:
        """The session, at the vendor alone."""
        checkout: Checkout = self.scene.ask(self.adapter, lambda vendor: vendor.checkout(self.order))
        self.checkout = checkout
        return checkout.ref

    def bound(self) -> str:
        ref = self.begun()

        async def bind(db: Repositories) -> None:
            await db.payments.bind(self.order.payment_id, self.provider, self.checkout, self.order.expires_at)

        self.scene.do(bind)
        return ref

    def paid(self) -> str:
        ref = self.bound()
        self.till.pay(ref)

        async def settle(db: Repositories) -> None:
            await self.payment_books.settle(db, self.order.payment_id, state, utc_now())

        state = self.state(ref)
        self.scene.do(settle)
        return ref

    def state(self, ref: str) -> PaymentState:
        found: PaymentState = self.scene.ask(self.adapter, lambda vendor: vendor.find(ref))
        return found

    @property
    def payment_books(self) -> PaymentBooks:
        return PaymentBooks(EscrowService(), RewardService(self.scene.config), self.scene.config)

    def refunds(self, refund_id: UUID) -> list[dict[str, Any]]:
        if self.provider == "stripe":
            rows = list(self.till.refunds.values())
        else:
            rows = [row for payment in self.till.payments.values() for row in payment["_held"]["refunds"]]
        return [row for row in rows if row["metadata"] == {"refund": str(refund_id)}]

    def end_refund(self, refund_id: UUID) -> None:
        (row,) = self.refunds(refund_id)
        row["status"] = "succeeded" if self.provider == "stripe" else "refunded"


class Paid(Loaded):
    """A load that was paid."""

    def prepare(self) -> None:
        super().prepare()
        self.till.pay(self.bound())

    def arrived(self) -> bool:
        return bool(self.row["status"] == "PAID")

    def finish(self) -> None:
        pass


class Examined(Paid):
    """A load that was paid, though its session never came to be known here."""

    def prepare(self) -> None:
        Loaded.prepare(self)
        self.till.pay(self.begun())

    def job(self) -> topics.Topic:
        return topics.ExamineSession(self.provider, self.checkout.ref)


class Told(Paid):
    """Its provider told of it."""

    def prepare(self) -> None:
        super().prepare()
        kind = "checkout.session.completed" if self.provider == "stripe" else "payment"
        notice = Notice(uuid4().hex, kind, self.checkout.ref)

        async def take(db: Repositories) -> UUID:
            event_id = await db.provider_events.take("payment", self.provider, notice, b"sealed", utc_now())
            assert event_id is not None
            return event_id

        self.event_id = self.scene.do(take)

    def job(self) -> topics.Topic:
        return topics.ApplyEvent(self.event_id)


class Refunded(Loaded):
    """Staff gives it back."""

    def prepare(self) -> None:
        super().prepare()
        self.paid()

        async def ask(db: Repositories) -> UUID:
            held = await db.payments.hold(self.order.payment_id)
            assert held is not None
            by = self.fan.user_id
            asked = await db.refunds.ask(held.row, AMOUNT, by, "a test", utc_now() + SOON)
            assert asked is not None
            await db.ledger.post(flows.refund_asked(self.fan, asked.id, AMOUNT))
            return asked.id

        self.refund_id = self.scene.do(ask)

    def job(self) -> topics.Topic:
        return topics.RefundPayment(self.refund_id)

    @property
    def refund(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM refunds WHERE id = %s", self.refund_id)

    def arrived(self) -> bool:
        return self.refund["ref"] is not None

    def check(self) -> None:
        (made,) = self.refunds(self.refund_id)
        assert made["id"] == self.refund["ref"]
        assert self.has == 0

    def finish(self) -> None:
        self.end_refund(self.refund_id)

    def over(self) -> bool:
        return bool(self.refund["status"] == "DONE") and self.has == 0


class Ended(Loaded):
    """A session that nobody needs any more."""

    def prepare(self) -> None:
        super().prepare()
        self.begun()
        self.tables.run("UPDATE payments SET status = 'FAILED', due_at = NULL WHERE id = %s", self.order.payment_id)

    def job(self) -> topics.Topic:
        return topics.EndSession(self.provider, self.checkout.ref)

    def arrived(self) -> bool:
        found = self.till.sessions if self.provider == "stripe" else self.till.payments
        return found[self.checkout.ref]["status"] in ("expired", "canceled")

    def check(self) -> None:
        assert self.sessions == [self.checkout.ref]

    def finish(self) -> None:
        pass

    def over(self) -> bool:
        return self.arrived()


class GivenBack(Loaded):
    """Money that fits nothing goes back."""

    def prepare(self) -> None:
        self.fan = wallet_of(self.tables, f"f{uuid4().hex[:12]}", "FAN")
        expires = utc_now() + timedelta(hours=1)
        self.order = Order(uuid4(), AMOUNT, "USD", "https://bio.re/wallet", expires)  # of no payment of ours
        ref, self.refund_id = self.begun(), uuid4()
        self.till.pay(ref)
        state = self.state(ref)

        async def keep(db: Repositories) -> UUID:
            await self.payment_books.examine(db, self.provider, state, utc_now())
            stray = await db.strays.keep(self.provider, state, None)
            later = utc_now() + SOON
            assert await db.strays.ask_back(stray.id, self.refund_id, utc_now(), later) is not None
            return stray.id

        self.stray_id = self.scene.do(keep)

    @property
    def row(self) -> dict[str, Any]:
        return self.stray

    def job(self) -> topics.Topic:
        return topics.ReturnStray(self.stray_id)

    @property
    def stray(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM strays WHERE id = %s", self.stray_id)

    def arrived(self) -> bool:
        return bool(self.refunds(self.refund_id))

    def check(self) -> None:
        assert len(self.refunds(self.refund_id)) == 1
        assert self.stray["state"] == "RETURNING"

    def finish(self) -> None:
        self.end_refund(self.refund_id)

    def over(self) -> bool:
        return bool(self.stray["state"] == "RETURNED")


def _at_both(*roads: type[Loaded]) -> list[type[Road]]:
    adapters: dict[str, Callable[..., Any]] = {"stripe": StripePayments, "mollie": MolliePayments}
    return [
        type(f"{road.__name__}At{name.title()}", (road,), {"provider": name, "adapter": adapter})
        for name, adapter in adapters.items()
        for road in roads
    ]


ROADS: Sequence[type[Road]] = [
    ByConnect, FoundByConnect, FailedByConnect, BackByConnect, ByWise, FoundByWise, CalledOffByWise,
    ByPayPal, FoundByPayPal,
    *_at_both(Loaded, Paid, Told, Examined, Refunded, Ended, GivenBack),
]  # fmt: skip


class Asked(Road):
    """A person's request leads to a call of a vendor. ``comes_again``: the person tries once more, later on; else
    nobody does, and sweepers have to find what was left.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str]
    body: ClassVar[Any] = None
    is_creator: ClassVar[bool] = True
    kyc: ClassVar[str] = "APPROVED"
    is_swept: ClassVar[bool] = False

    def prepare(self) -> None:
        ((self.user_id, token),) = self.scene.biore.people(1)
        self.tables.run("UPDATE users SET created_at = '2026-01-01' WHERE id = %s", self.user_id)
        if self.is_creator:
            insert(self.tables, "creator_profiles", user_id=self.user_id, kyc_status=self.kyc)
        self.headers = {"Authorization": f"Bearer {token}"}

    def job(self) -> topics.Topic:
        raise AssertionError("a person asks for it")

    def ask(self) -> None:
        self._asking = Thread(target=self.call)
        self._asking.start()

    def call(self) -> httpx.Response | None:
        """None where nobody answered."""
        with self.scene.biore.client() as visitor:
            try:
                return visitor.request(self.method, self.path, json=self.body, headers=self.headers)
            except httpx.TransportError:
                return None

    def hang_up(self) -> None:
        self._asking.join()

    def again(self) -> None:
        """As often as it takes: a worker may be at it just then."""

        def answered() -> bool:
            answer = self.call()
            assert answer is not None
            assert answer.status_code in (200, 201, 409, 503), answer.text
            return answer.is_success

        until(answered, f"an answer to {self.path}")

    def finish(self) -> None:
        pass

    def over(self) -> bool:
        return self.arrived()


class LoadAsked(Asked):
    """With a key, by which the second try is the first."""

    provider, path, body = "stripe", "wallet/load", {"amount": "60.25"}
    is_creator, is_swept = False, True

    def prepare(self) -> None:
        super().prepare()
        self.headers["Idempotency-Key"] = str(uuid4())

    @property
    def row(self) -> dict[str, Any]:
        query = "SELECT p.* FROM payments p JOIN wallets w ON w.id = p.wallet_id WHERE w.user_id = %s"
        return self.tables.one(query, self.user_id)

    def arrived(self) -> bool:
        return self.row["ref"] is not None

    def check(self) -> None:
        own = {"payment": str(self.row["id"])}
        made = [ref for ref, session in self.scene.stripe.sessions.items() if session["metadata"] == own]
        assert made == [self.row["ref"]], made

    def finish(self) -> None:
        self.scene.stripe.pay(self.row["ref"])

    def over(self) -> bool:
        has = self.tables.one("SELECT sum(balance)::bigint AS n FROM wallets WHERE user_id = %s", self.user_id)["n"]
        return (self.row["status"], has) == ("PAID", AMOUNT)


class AccountAsked(Asked):
    """A payout account is opened, and its owner is led there."""

    provider, path, is_swept = "stripe_connect", "creators/payout-account/initiate", True

    @property
    def row(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM payout_accounts WHERE user_id = %s", self.user_id)

    def arrived(self) -> bool:
        return self.row["ref"] is not None

    def check(self) -> None:
        own = {"account": str(self.row["id"])}
        made = [ref for ref, one in self.scene.connect.accounts.items() if one["metadata"] == own]
        assert made == [self.row["ref"]], made


class AccountShown(AccountAsked):
    """What its owner asks of an account that there is."""

    method, path, is_swept = "GET", "creators/payout-account/status", False

    def prepare(self) -> None:
        super().prepare()
        account_id, known = uuid4(), set(self.scene.connect.accounts)
        self.scene.connect.open({"metadata[account]": str(account_id)})
        (ref,) = set(self.scene.connect.accounts) - known
        self.scene.connect.ready(ref)
        payout_account(self.tables, self.user_id, id=account_id, provider=self.provider, ref=ref)


class DashboardAsked(AccountShown):
    method, path = "POST", "creators/payout-account/dashboard-link"


class LinkAsked(AccountShown):
    method, path = "POST", "creators/payout-account/refresh-link"


class IdentityAsked(Asked):
    """The verification of an identity begins."""

    provider, path, kyc = "stripe_identity", "creators/kyc/start", "NOT_STARTED"

    @property
    def row(self) -> dict[str, Any]:
        return self.tables.one("SELECT * FROM kyc_sessions WHERE user_id = %s", self.user_id)

    def arrived(self) -> bool:
        return self.row["ref"] is not None

    def check(self) -> None:
        own = {"kyc": str(self.row["id"])}
        made = [ref for ref, one in self.scene.identity.sessions.items() if one["metadata"] == own]
        assert made == [self.row["ref"]], made


ASKED: Sequence[type[Asked]] = [LoadAsked, AccountAsked, AccountShown, DashboardAsked, LinkAsked, IdentityAsked]
