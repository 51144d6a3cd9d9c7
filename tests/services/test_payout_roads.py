"""A payout's whole road with a vendor: from the account to the books, by notices and sweepers, and back."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.clock import utc_now
from domain.keys import Purpose
from providers.signed import signed
from services.money.vault import Vault
from tests.creators import Creator, signed_in
from tests.harness import Api, Server, Tables
from tests.ledger import tally
from tests.payees import available
from tests.payout_vendor import payout_of, ready
from tests.payouts import connected
from tests.providers.payout_vendors import ConnectWorld, WiseWorld, connect_world, wise_world
from tests.providers.test_wise import BANK

AMOUNT = 100_00
FULL = 1_000_00
PREFIX = "external.payout.stripe_connect."


@pytest.fixture
def world(server: Server) -> Iterator[ConnectWorld]:
    with connect_world() as world:
        secrets = {"connect_webhook_secret": world.webhook_secret, "account_webhook_secret": world.account_secret}
        values = {"base_url": world.url, "api_key": world.key} | secrets
        server.configure(**{"external.payout.active_provider": "stripe_connect"})
        server.configure(**{PREFIX + name: value for name, value in values.items()})
        yield world


@pytest.fixture
def ada(api: Api, tables: Tables, world: ConnectWorld) -> Creator:
    """With an account that she has just connected, and that takes money by what a notice led to."""
    one = ready(api, tables)
    tables.run("DELETE FROM payout_accounts")
    ref = connected(api, signed_in(api, one))
    assert account(tables) == ("stripe_connect", ref, "PENDING")
    world.ready(ref)
    told(api, world, "account.updated", world.accounts[ref], ref)
    assert account(tables) == ("stripe_connect", ref, "ACTIVE")
    tables.run("UPDATE payout_accounts SET held_until = NULL")
    return one


def account(tables: Tables) -> tuple[Any, ...]:
    row = tables.one("SELECT * FROM payout_accounts")
    return row["provider"], row["ref"], row["status"]


def told(api: Api, world: ConnectWorld, kind: str, found: dict[str, Any], ref: str | None) -> None:
    """A notice of the vendor, and what it leads to."""
    body = world.event(kind, found, ref)
    secret = world.webhook_secret if ref is not None else world.account_secret
    headers = {"Content-Type": "application/json", "Stripe-Signature": signed(secret, body, utc_now())}
    response = api.post("/api/v1/webhooks/payout/stripe_connect", content=body, headers=headers)
    assert response.status_code == 200, response.text
    api.server.work_off()


def sweep(server: Server) -> None:
    """All that waits is due."""
    server.tables.run("UPDATE payouts SET due_at = now() WHERE due_at IS NOT NULL")
    server.let_time_come("payouts.sweep")


def state(tables: Tables) -> tuple[Any, ...]:
    payout = tables.one("SELECT * FROM payouts")
    attempts = tables.rows("SELECT state FROM payout_attempts ORDER BY number")
    return payout["status"], payout["failure_reason"], [one["state"] for one in attempts]


def assert_agree(tables: Tables, world: ConnectWorld, one: Creator, there: int, here: int) -> None:
    """What left our balance at the vendor, by its book and by ours; and what the creator has here."""
    assert FULL - world.book.balance("platform") == there
    rail, transit = tally(tables, "rail:stripe_connect"), tally(tables, "payout_transit")
    assert rail + transit == there
    assert available(tables, one.user_id) == here


@pytest.mark.parametrize("place", ["/transfers", "/payouts"])
def test_it_is_paid_once_and_comes_back(
    api: Api, server: Server, tables: Tables, world: ConnectWorld, ada: Creator, place: str
) -> None:
    payout_of(server, ada, AMOUNT, provider="stripe_connect", status="APPROVED")
    world.faults.append((place, "after"))
    sweep(server)
    assert state(tables) == ("PROCESSING", None, ["SENDING"])
    sweep(server)
    assert state(tables) == ("PROCESSING", None, ["SENT"])
    (ref,), (transfer,) = world.payouts, world.transfers
    assert_agree(tables, world, ada, AMOUNT, 0)

    world.arrive(ref)
    for _ in range(2):
        told(api, world, "payout.paid", world.payouts[ref], world.owners[ref])
        sweep(server)
    assert state(tables) == ("PROCESSED", None, ["PAID"])
    assert tally(tables, "rail:stripe_connect") == AMOUNT
    assert_agree(tables, world, ada, AMOUNT, 0)

    world.fail(ref)
    told(api, world, "payout.failed", world.payouts[ref], world.owners[ref])
    sweep(server)
    assert state(tables) == ("FAILED", "RETURNED", ["RETURNED"])
    assert_agree(tables, world, ada, 0, AMOUNT)
    told(api, world, "transfer.reversed", world.transfers[transfer], None)
    sweep(server)
    assert state(tables) == ("FAILED", "RETURNED", ["RETURNED"])
    assert_agree(tables, world, ada, 0, AMOUNT)


def test_an_account_that_owes_gets_nothing(server: Server, tables: Tables, world: ConnectWorld, ada: Creator) -> None:
    payout_of(server, ada, AMOUNT, provider="stripe_connect", status="APPROVED")
    world.book.move(account(tables)[1], "world", 1)
    sweep(server)
    assert state(tables) == ("FAILED", "DESTINATION_NEGATIVE", ["FAILED"])
    assert_agree(tables, world, ada, 0, AMOUNT)


def test_who_leaves_the_vendor_is_seen(api: Api, tables: Tables, world: ConnectWorld, ada: Creator) -> None:
    ref = account(tables)[1]
    del world.accounts[ref]
    told(api, world, "account.application.deauthorized", {"id": "ca_1"}, ref)
    assert account(tables) == ("stripe_connect", ref, "DISABLED")


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_changed_notice_is_refused_and_leaves_nothing(
    api: Api, tables: Tables, world: ConnectWorld, place: int
) -> None:
    body = bytearray(world.event("account.updated", {"id": "acct_1"}, "acct_1"))
    header = signed(world.webhook_secret, bytes(body), utc_now())
    body[place] ^= 1
    headers = {"Content-Type": "application/json", "Stripe-Signature": header}
    response = api.post("/api/v1/webhooks/payout/stripe_connect", content=bytes(body), headers=headers)
    assert (response.status_code, tables.count("provider_events")) == (401, 0)


class TestByBankTransfer:
    """As the other one, to bank details."""

    def test_it_is_paid_once_and_comes_back(self, api: Api, server: Server, tables: Tables) -> None:
        one = ready(api, tables)
        vault = Vault(server.app.parts.keyring)
        destination = vault.sealed(Purpose.BANK_DETAILS, BANK)
        tables.run(
            "INSERT INTO bank_details (user_id, details, last4, state) VALUES (%s, %s, '3000', 'VERIFIED')",
            one.user_id,
            destination,
        )
        with wise_world() as world:
            keys = {"base_url": world.url, "api_token": world.token, "profile_id": world.profile}
            keys["webhook_public_key"] = world.public_key
            server.configure(**{f"external.payout.wise.{name}": value for name, value in keys.items()})
            payout_of(
                server, one, AMOUNT, provider="wise", method="BANK_TRANSFER", status="APPROVED",
                destination=destination, destination_last4="3000",
            )  # fmt: skip
            world.faults.append(("/payments", "after"))
            sweep(server)
            assert state(tables) == ("PROCESSING", None, ["SENDING"])
            sweep(server)
            assert state(tables) == ("PROCESSING", None, ["SENT"])
            (number,) = world.payments
            world.arrive(number)
            self.told(api, world, number)
            assert state(tables) == ("PROCESSED", None, ["PAID"])
            assert tally(tables, "rail:wise") == FULL - world.book.balance("balance") == AMOUNT
            world.refund(number)
            self.told(api, world, number)
            assert state(tables) == ("FAILED", "RETURNED", ["RETURNED"])
            assert tally(tables, "rail:wise") == FULL - world.book.balance("balance") == 0
            assert available(tables, one.user_id) == AMOUNT

    def told(self, api: Api, world: WiseWorld, number: int) -> None:
        body = world.event(number)
        headers = {"Content-Type": "application/json", "X-Signature-SHA256": world.signature(body)}
        response = api.post("/api/v1/webhooks/payout/wise", content=body, headers=headers)
        assert response.status_code == 200, response.text
        sweep(api.server)
