"""Bank transfers by Wise: what goes over the wire, what the vendor's book says, whose notices count."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from domain.clock import utc_now
from domain.money.movements import Movement
from domain.money.payouts import PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.payout import BANK_PROVIDERS, payout_adapters
from providers.payout.wise import LONGEST_SIGNATURE, PAID_FOR_WITHIN, STATUSES, Wise
from providers.ports import (
    AccountProvider,
    NoticeUnreadable,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUntouched,
)
from tests.providers.fakes import FakeConfig
from tests.providers.forged import SHAPES, bad_values, is_refused, refused
from tests.providers.payout_vendors import FAULTS, WiseWorld, wise_world
from tests.providers.servers import closed_port

T = TypeVar("T")

PREFIX = "external.payout.wise."
PAYOUT = UUID("7f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d")
BANK = {
    "iban": "DE89370400440532013000",
    "accountHolderName": "Ada Lovelace",
    "swiftCode": "COBADEFFXXX",
    "addressLine": "12 Analytical Row",
    "addressCity": "Berlin",
    "addressRegion": None,
    "addressPostalCode": "10115",
    "addressCountry": "DE",
}
AMOUNT = 60_25
FULL = 1_000_00
ORDER = PayoutOrder(PAYOUT, 1, AMOUNT, "USD", bank=BANK)
KNOWN = replace(ORDER, bank=None)
"""As it is looked for."""
ADDRESS = {"firstLine": "12 Analytical Row", "city": "Berlin", "postCode": "10115", "country": "DE"}


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig()


@pytest.fixture
def world(config: FakeConfig) -> Iterator[WiseWorld]:
    with wise_world() as world:
        values = {"base_url": world.url, "api_token": world.token, "profile_id": world.profile}
        for name, value in (values | {"webhook_public_key": world.public_key}).items():
            config.slip(PREFIX + name, value)
        yield world


def done(config: FakeConfig, work: Callable[[Wise], Awaitable[T]], wait: float = 5, live: bool = False) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(Wise(config, http, live=live, seconds=wait))

    return asyncio.run(run())


def pay(config: FakeConfig, order: PayoutOrder = ORDER, wait: float = 5) -> PayoutState:
    return done(config, lambda adapter: adapter.pay(order), wait)


def find(config: FakeConfig, ref: str | None = None, order: PayoutOrder = KNOWN) -> PayoutState | None:
    return done(config, lambda adapter: adapter.find(order, ref))


def read(config: FakeConfig, value: str | None, body: bytes) -> list[Notice]:
    async def work(adapter: Wise) -> list[Notice]:
        headers = {"x-signature-sha256": (value,)} if value is not None else {}
        return list(adapter.read(RawNotice(headers, body)))

    return done(config, work)


def coded(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def only(found: dict[int, Any]) -> int:
    (number,) = found
    return number


def test_an_admin_may_choose_it(config: FakeConfig) -> None:
    async def run() -> list[Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return [one for one in payout_adapters(config, http, "production", None) if one.name == "wise"]

    (adapter,) = asyncio.run(run())
    assert adapter.name in BANK_PROVIDERS
    assert not isinstance(adapter, AccountProvider)
    assert not adapter.verifies


class TestPay:
    def test_a_quote_a_recipient_a_transfer_and_its_payment(self, config: FakeConfig, world: WiseWorld) -> None:
        state = pay(config)
        number = only(world.transfers)
        assert state == PayoutState(str(number), "SENT")
        assert [*world.recipients.values()] == [
            {
                "profile": 4711,
                "currency": "EUR",
                "type": "iban",
                "accountHolderName": "Ada Lovelace",
                "details": {"legalType": "PRIVATE", "iban": BANK["iban"], "address": ADDRESS},
            }
        ]
        transfer = world.transfers[number]
        assert (transfer["sourceValue"], transfer["sourceCurrency"], world.payments) == (60.25, "USD", [number])
        assert UUID(transfer["customerTransactionId"]).version == 5
        assert transfer["details"] == {"reference": "7f1d3c522a"}
        assert world.book.balances == {"balance": FULL - AMOUNT, "transit": AMOUNT}

    def test_the_amount_is_written_as_a_decimal(self, config: FakeConfig, world: WiseWorld) -> None:
        world.refusals["/transfers"] = 422
        with pytest.raises(ProviderRejected, match="PROVIDER_REJECTED"):
            pay(config)
        (quoted,) = world.quotes.values()
        amount = {"sourceAmount": Decimal("60.25"), "sourceCurrency": "USD", "targetCurrency": "EUR"}
        assert quoted["form"] == amount | {"payOut": "BANK_TRANSFER"}

    def test_by_swift_where_it_is_no_land_of_the_euro(self, config: FakeConfig, world: WiseWorld) -> None:
        bank = BANK | {"iban": "TR330006100519786457841326", "swiftCode": "TCZBTR2A"}
        pay(config, replace(ORDER, bank=bank))
        (recipient,) = world.recipients.values()
        assert (recipient["currency"], recipient["type"]) == ("USD", "swift_code")
        details = {"legalType": "PRIVATE", "swiftCode": "TCZBTR2A", "accountNumber": bank["iban"], "address": ADDRESS}
        assert recipient["details"] == details

    @pytest.mark.parametrize(
        "bank",
        [
            None,
            {},
            BANK | {"iban": None},
            BANK | {"accountHolderName": None},
            {"iban": "TR1", "accountHolderName": "A"},
        ],
    )
    def test_details_that_are_not_enough(self, config: FakeConfig, world: WiseWorld, bank: Any) -> None:
        with pytest.raises(ProviderRejected, match="DESTINATION_REJECTED"):
            pay(config, replace(ORDER, bank=bank))
        assert (world.quotes, world.recipients) == ({}, {})

    def test_once_for_each_attempt(self, config: FakeConfig, world: WiseWorld) -> None:
        assert {pay(config).ref for _ in range(3)} == {str(only(world.transfers))}
        assert len(world.payments) == 1
        pay(config, replace(ORDER, attempt=2))
        assert (len(world.transfers), len(world.payments)) == (2, 2)

    @pytest.mark.parametrize("fault", FAULTS)
    @pytest.mark.parametrize("place", ["/quotes", "/accounts", "/transfers", "/payments"])
    def test_a_fault_moves_nothing_twice(self, config: FakeConfig, world: WiseWorld, place: str, fault: str) -> None:
        world.faults.append((place, fault))
        with pytest.raises(ProviderUnavailable):
            pay(config, wait=0.5)
        found = find(config)
        assert (found is None) == (len(world.transfers) == 0)
        assert pay(config) == PayoutState(str(only(world.transfers)), "SENT")
        assert len(world.payments) == 1
        assert world.book.balances == {"balance": FULL - AMOUNT, "transit": AMOUNT}

    def test_many_at_once(self, config: FakeConfig, world: WiseWorld) -> None:
        async def at_once(adapter: Wise) -> list[Any]:
            return await asyncio.gather(*(adapter.pay(ORDER) for _ in range(8)), return_exceptions=True)

        ended = done(config, at_once)
        assert all(isinstance(one, (PayoutState, ProviderUnavailable)) for one in ended)
        assert pay(config).ref == str(only(world.transfers))
        assert world.book.balances == {"balance": FULL - AMOUNT, "transit": AMOUNT}

    def test_too_little_of_ours(self, config: FakeConfig, world: WiseWorld) -> None:
        world.book.move("balance", "world", FULL - AMOUNT + 1)
        with pytest.raises(ProviderRejected, match="TREASURY_EMPTY"):
            pay(config)
        assert find(config) is None

    def test_what_is_refused_now_may_have_been_made_before(self, config: FakeConfig, world: WiseWorld) -> None:
        """The answer of the first try was lost, and by the second the balance is empty."""
        world.faults.append(("/payments", "after"))
        with pytest.raises(ProviderUnavailable):
            pay(config)
        world.book.move("balance", "world", FULL - AMOUNT)
        assert pay(config) == PayoutState(str(only(world.transfers)), "SENT")
        world.refusals["/accounts"] = 422
        assert pay(config).state == "SENT"

    def test_money_that_is_gone_between_the_look_and_the_payment_may_come_yet(
        self, config: FakeConfig, world: WiseWorld
    ) -> None:
        world.faults.append(("/payments", "before"))
        with pytest.raises(ProviderUnavailable):
            pay(config)
        world.book.move("balance", "world", FULL)
        with pytest.raises(ProviderUnavailable, match="did not take the payment"):
            find(config)
        world.book.move("world", "balance", FULL)
        assert find(config) == PayoutState(str(only(world.transfers)), "SENT")

    def test_nothing_is_paid_for_while_payouts_are_stopped(self, config: FakeConfig, world: WiseWorld) -> None:
        halted = replace(ORDER, halted=True)
        assert find(config, order=halted) is None
        world.faults.append(("/payments", "before"))
        with pytest.raises(ProviderUnavailable):
            pay(config)
        with pytest.raises(ProviderUnavailable, match="while payouts are stopped"):
            find(config, order=halted)
        assert world.book.balances == {"balance": FULL}
        ref = str(only(world.transfers))
        assert find(config) == find(config, order=halted) == PayoutState(ref, "SENT")
        world.arrive(only(world.transfers))
        assert find(config, order=halted) == PayoutState(ref, "PAID")

    @pytest.mark.parametrize(
        ("place", "reason"),
        [("/quotes", "PROVIDER_REJECTED"), ("/accounts", "DESTINATION_REJECTED"), ("/transfers", "PROVIDER_REJECTED")],
    )
    def test_what_is_refused(self, config: FakeConfig, world: WiseWorld, place: str, reason: str) -> None:
        world.refusals[place] = 422
        with pytest.raises(ProviderRejected, match=reason):
            pay(config)
        assert find(config) is None
        assert world.book.balances == {"balance": FULL}

    def test_strong_authentication(self, config: FakeConfig, world: WiseWorld) -> None:
        world.strong = True
        with pytest.raises(ProviderUnavailable, match="strong authentication"):
            pay(config)

    @pytest.mark.parametrize("outage", [(500, b"{}"), (429, b"{}"), (200, b"<html>"), (200, b"{}"), (403, b"{}")])
    def test_an_outage_is_no_refusal(self, config: FakeConfig, world: WiseWorld, outage: tuple[int, bytes]) -> None:
        world.outage = outage
        for work in (lambda one: one.pay(ORDER), lambda one: one.find(KNOWN, None), lambda one: one.find(KNOWN, "1")):
            with pytest.raises(ProviderUnavailable):
                done(config, work)

    @pytest.mark.parametrize(
        ("url", "live"),
        [
            ("https://api.wise-sandbox.com", True),
            ("https://api.sandbox.transferwise.tech/", True),
            ("https://api-mtls.sandbox.transferwise.tech", True),
            ("https://api.wise.com", False),
            ("https://API.Wise.com.", False),
            ("https://api-mtls.transferwise.com", False),
        ],
    )
    def test_the_other_mode_of_the_vendor_pays_nobody(
        self, config: FakeConfig, world: WiseWorld, url: str, live: bool
    ) -> None:
        config.slip(PREFIX + "base_url", url)
        for work in (lambda one: one.pay(ORDER), lambda one: one.find(KNOWN, None), lambda one: one.probe()):
            with pytest.raises(ProviderUntouched, match="base_url is of the vendor's other mode"):
                done(config, work, live=live)

    def test_nobody_there(self, config: FakeConfig, world: WiseWorld) -> None:
        config.slip(PREFIX + "base_url", f"http://127.0.0.1:{closed_port()}")
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            pay(config)


class TestFind:
    @pytest.mark.parametrize("status", STATUSES)
    def test_what_each_status_means(self, config: FakeConfig, world: WiseWorld, status: str) -> None:
        ref = pay(config).ref
        number = only(world.transfers)
        world.transfers[number]["status"] = status
        state = find(config, ref)
        assert state == find(config)
        assert state is not None
        assert (state.ref, state.state) == (ref, STATUSES[status])

    def test_it_arrived_and_came_back(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = pay(config).ref
        world.arrive(int(ref))
        assert find(config, ref) == PayoutState(ref, "PAID")
        world.transfers[int(ref)]["status"] = "bounced_back"
        assert find(config, ref) == PayoutState(ref, "SENT")
        world.transfers[int(ref)]["status"] = "outgoing_payment_sent"
        world.refund(int(ref))
        assert find(config, ref) == PayoutState(ref, "FAILED", "DESTINATION_REJECTED")
        assert world.book.balances == {"balance": FULL}

    def test_below_many_others(self, config: FakeConfig, world: WiseWorld) -> None:
        for number in range(250):
            world.transfers[number] = {"id": number, "customerTransactionId": "another"}
        assert find(config) is None
        ref = pay(config).ref
        assert find(config) == PayoutState(ref, "SENT")
        world.transfers = {number: {"id": number} for number in range(5000)}
        with pytest.raises(ProviderUnavailable, match="more transfers"):
            find(config)

    @pytest.mark.parametrize(
        "changes",
        [{"sourceValue": 60.26}, {"sourceValue": "60.25"}, {"sourceCurrency": "EUR"}, {"customerTransactionId": "x"}],
    )
    def test_what_is_not_what_was_ordered(self, config: FakeConfig, world: WiseWorld, changes: dict[str, Any]) -> None:
        ref = pay(config).ref
        world.transfers[int(ref)] |= changes
        with pytest.raises(ProviderUnavailable, match="something else"):
            find(config, ref)

    def test_what_is_no_status_and_what_is_not_there(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = pay(config).ref
        world.transfers[int(ref)]["status"] = "blessed"
        with pytest.raises(ProviderUnavailable, match="no status"):
            find(config, ref)
        with pytest.raises(ProviderUnavailable, match="404"):
            find(config, "../1")


class TestWhatNobodyPaidFor:
    """A transfer that was made, and that no money of ours is in."""

    def test_it_is_paid_for_again_and_called_off_after_days(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = self.unpaid(config, world)
        with pytest.raises(ProviderUnavailable, match="did not take the payment"):
            find(config, order=self.begun(PAID_FOR_WITHIN - timedelta(minutes=1)))
        late = self.begun(PAID_FOR_WITHIN + timedelta(minutes=1))
        for known in (None, ref):
            assert find(config, known, late) == PayoutState(ref, "FAILED", "PROVIDER_REJECTED")
        assert (world.transfers[int(ref)]["status"], world.payments) == ("cancelled", [])
        world.book.move("world", "balance", FULL)
        assert find(config, ref) == PayoutState(ref, "FAILED", "PROVIDER_REJECTED")
        assert world.book.balances == {"balance": FULL}

    def test_the_vendor_may_have_called_it_off_by_itself(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = self.unpaid(config, world)
        world.transfers[int(ref)]["status"] = "cancelled"
        assert find(config) == PayoutState(ref, "FAILED", "PROVIDER_REJECTED")

    def test_one_that_was_paid_for_waits_for_its_money(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = pay(config).ref
        world.transfers[int(ref)]["status"] = "cancelled"
        assert find(config, ref) == PayoutState(ref, "SENT")
        world.refund(int(ref))
        assert find(config, ref) == PayoutState(ref, "FAILED", "DESTINATION_REJECTED")

    def test_one_that_is_over_here_gets_no_money(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = self.unpaid(config, world)
        world.book.move("world", "balance", FULL)
        assert find(config, ref, replace(KNOWN, over=True)) == PayoutState(ref, "FAILED", "PROVIDER_REJECTED")
        assert world.payments == []

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_pays_nothing_and_is_no_end(self, config: FakeConfig, world: WiseWorld, fault: str) -> None:
        self.unpaid(config, world)
        world.faults.append(("/cancel", fault))
        over = replace(KNOWN, over=True)
        with pytest.raises(ProviderUnavailable):
            done(config, lambda adapter: adapter.find(over, None), 0.5)
        state = find(config, order=over)
        assert (state and state.state, world.payments) == ("FAILED", [])

    def test_what_cannot_be_called_off_stays_under_way(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = self.unpaid(config, world)
        world.cancels = False
        with pytest.raises(ProviderUnavailable, match="not called off"):
            find(config, ref, replace(KNOWN, over=True))

    def unpaid(self, config: FakeConfig, world: WiseWorld) -> str:
        """The money was gone between the look at the balance and the payment."""
        world.faults.append(("/payments", "before"))
        with pytest.raises(ProviderUnavailable):
            pay(config)
        world.book.move("balance", "world", FULL)
        return str(only(world.transfers))

    def begun(self, ago: timedelta) -> PayoutOrder:
        return replace(KNOWN, begun=utc_now() - ago)


class TestNotices:
    def test_they_are_read(self, config: FakeConfig, world: WiseWorld) -> None:
        body = world.event(111)
        told = [read(config, world.signature(body), body) for _ in range(2)]
        ((notice,), again) = told
        assert ([notice], notice.object_ref, notice.type in Wise.types) == (again, "111", True)
        other = world.event(111)
        assert read(config, world.signature(other), other) != again

    def test_of_another_type(self, config: FakeConfig, world: WiseWorld) -> None:
        body = world.event(111, "balances#update")
        (notice,) = read(config, world.signature(body), body)
        assert notice.type not in Wise.types

    @pytest.mark.parametrize("form", ["pem", "alone", "one line"])
    def test_a_former_key_is_good_while_one_takes_its_place(
        self, config: FakeConfig, world: WiseWorld, form: str
    ) -> None:
        body, key = world.event(111), world.public_key
        header = world.signature(body)
        world.signer = generate_private_key(65537, 2048)
        config.slip(PREFIX + "webhook_public_key", world.public_key)
        with pytest.raises(ProviderRejected):
            read(config, header, body)
        alone = "".join(key.splitlines()[1:-1])
        told = {"pem": key, "alone": alone, "one line": key.replace("\n", "\\n")}[form]
        config.slip(PREFIX + "webhook_public_key_previous", told)
        assert read(config, header, body)

    def test_without_a_key_no_notice_can_be_told_from_a_stranger(self, config: FakeConfig, world: WiseWorld) -> None:
        body = world.event(111)
        for value in ("", "no key", "AAAA", "-----BEGIN PUBLIC KEY-----"):
            config.slip(PREFIX + "webhook_public_key", value)
            with pytest.raises(ProviderRejected):
                read(config, world.signature(body), body)

            async def verifies(adapter: Wise) -> bool:
                return adapter.verifies

            assert not done(config, verifies)

    def test_what_is_not_signed_is_refused(self, config: FakeConfig, world: WiseWorld) -> None:
        body = world.event(111)
        right, name = world.signature(body), "x-signature-sha256"
        raw = base64.b64decode(right)
        others = {
            "of another body": world.signature(body + b" "),
            "of no body": world.signature(b""),
            "of another key": WiseWorld(signer=generate_private_key(65537, 2048)).signature(body),
            "of a longer key": WiseWorld(signer=generate_private_key(65537, 3072)).signature(body),
            "of a shorter key": WiseWorld(signer=generate_private_key(65537, 1024)).signature(body),  # noqa: S505
            "with another padding": coded(world.signer.sign(body, PSS(MGF1(SHA256()), 32), SHA256())),
            "with another hash": coded(world.signer.sign(body, PKCS1v15(), SHA512())),
            "the hash alone": coded(hashlib.sha256(body).digest()),
            "in hexadecimals of its bytes": raw.hex(),
            "as a number of its bytes": str(int.from_bytes(raw, "big")),
            "zeros of its length": coded(bytes(len(raw))),
            "ones of its length": coded(b"\xff" * len(raw)),
            "a zero byte before it": coded(b"\0" + raw),
            "without what fills it up": right.rstrip("="),
            "filled up more": f"{right}==",
            "as long as is looked at": "A" * (LONGEST_SIGNATURE - 4),
            "longer than is looked at": "A" * LONGEST_SIGNATURE,
        }
        shapes = bad_values(right, others)
        assert len(shapes) >= SHAPES

        async def work(adapter: Wise) -> list[str]:
            return [shape for shape, value in shapes.items() if not is_refused(adapter, name, value, body)]

        assert done(config, work) == []
        with pytest.raises(ProviderRejected):
            read(config, None, body)
        assert read(config, right, body)

    def test_a_signature_that_comes_twice_is_none(self, config: FakeConfig, world: WiseWorld) -> None:
        body = world.event(111)
        lines = (world.signature(body),) * 2

        async def work(adapter: Wise) -> None:
            adapter.read(RawNotice({"x-signature-sha256": lines}, body))

        with pytest.raises(ProviderRejected):
            done(config, work)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"{}", b'{"event_type": "transfers#state-change"}', b"[" * 100_000, b"\xff"],
    )
    def test_signed_nonsense_is_unreadable(self, config: FakeConfig, world: WiseWorld, body: bytes) -> None:
        with pytest.raises(NoticeUnreadable):
            read(config, world.signature(body), body)

    def test_each_bit_counts(self, config: FakeConfig, world: WiseWorld) -> None:
        body = (world.event(111)[:-1] + b', "more": "' + b"y" * 2048)[:2046] + b'"}'
        header = world.signature(body)

        async def work(adapter: Wise) -> int:
            return refused(adapter, "x-signature-sha256", header, body)

        assert len(body) == 2048
        assert done(config, work) == len(body) * 8


class TestProbe:
    def test_it_moves_nothing(self, config: FakeConfig, world: WiseWorld) -> None:
        assert "nothing was moved" in done(config, lambda adapter: adapter.probe())

    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("api_token", "wrong", "401"),
            ("api_token", "", "api_token is empty"),
            ("profile_id", "", "profile_id is empty"),
            ("profile_id", "4711/../1", "no number"),
            ("profile_id", "\u0664", "no number"),
            ("webhook_public_key", "", "no public key"),
        ],
    )
    def test_what_is_missing(self, config: FakeConfig, world: WiseWorld, name: str, value: str, told: str) -> None:
        config.slip(PREFIX + name, value)
        with pytest.raises(ProviderUnavailable, match=told):
            done(config, lambda adapter: adapter.probe())


class TestMovements:
    DAY = date(2026, 11, 30)

    def told(self, config: FakeConfig, day: date = DAY) -> Sequence[Movement]:
        return done(config, lambda adapter: adapter.movements(day))

    def test_transfers_and_what_came_back(self, config: FakeConfig, world: WiseWorld) -> None:
        ref = done(config, lambda adapter: adapter.pay(ORDER)).ref
        assert self.told(config) == [Movement(ref, "PAYOUT", -AMOUNT)]
        world.refund(int(ref))
        assert sum(line.amount for line in self.told(config)) == 0
        for days in (-1, 1):
            assert self.told(config, self.DAY + timedelta(days=days)) == []

    def test_what_else_left_the_balance_but_not_what_we_bring(self, config: FakeConfig, world: WiseWorld) -> None:
        world.line(-4_99, "CARD-1")
        world.line(500_00, "DEPOSIT-1")
        assert self.told(config) == [Movement("CARD-1", "OTHER", -4_99)]

    def test_where_strong_authentication_applies_there_is_no_answer(self, config: FakeConfig, world: WiseWorld) -> None:
        world.strong = True
        with pytest.raises(ProviderUnavailable, match=r"no statement \(403\)"):
            self.told(config)

    @pytest.mark.parametrize(
        "fields", [{"referenceNumber": None}, {"amount": {"value": 0.001, "currency": "USD"}}, {"amount": {"value": 1}}]
    )
    def test_a_line_that_cannot_be_read_is_no_answer(
        self, config: FakeConfig, world: WiseWorld, fields: dict[str, Any]
    ) -> None:
        world.line(-1_00, "TRANSFER-1")
        world.lines[0] |= fields
        with pytest.raises(ProviderUnavailable, match="line"):
            self.told(config)
