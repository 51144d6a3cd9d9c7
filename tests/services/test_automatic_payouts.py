"""Payouts that the platform requests each week, for creators who want that."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.clock import utc_now
from domain.errors import ApiError
from domain.money import flows
from domain.money.payouts import automatic_id, week_of
from services.money.payouts import wallet_of
from tests.bank import enter
from tests.creators import Creator
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables
from tests.money import assert_books_agree, earn, freeze, post
from tests.payees import EARNED, approve_all, available, payee, requested

TOPIC = "payouts.request_automatic"
ERROR = "payment.payout.error"


@pytest.fixture
def ada_and_headers(api: Api, tables: Tables) -> tuple[Creator, dict[str, str]]:
    return payee(api, tables)


@pytest.fixture
def ada(ada_and_headers: tuple[Creator, dict[str, str]]) -> Creator:
    return ada_and_headers[0]


@pytest.fixture
def headers(ada_and_headers: tuple[Creator, dict[str, str]]) -> dict[str, str]:
    return ada_and_headers[1]


def wanted(api: Api, headers: dict[str, str], *, on: bool = True) -> None:
    response = enter(api, headers, autoPayoutEnabled=on)
    assert response.status_code == 200, response.text
    assert response.json()["data"]["autoPayoutEnabled"] is on


def last(api: Api, headers: dict[str, str]) -> Any:
    """What the settings say of the last request: its refusal, or "none"."""
    found = api.call("creators.bank.settings", headers=headers).json()["data"]["lastAutoPayout"]
    return found if found is None else found["refusal"] or "none"


def come(server: Server) -> None:
    server.let_time_come(TOPIC)


def a_week_passes(tables: Tables) -> None:
    """What was requested was in the week before, of which its id tells."""
    tables.run("UPDATE bank_details SET auto_payout_at = auto_payout_at - interval '7 days'")
    tables.run("UPDATE payouts SET id = gen_random_uuid()")


def told(api: Api, one: Creator) -> list[str]:
    """Of payouts, by mail."""
    return [mail["subject"] for mail in api.mails(one.email) if "ayout of" in mail["subject"]]


def request_of(server: Server, one: Creator) -> str:
    """With which code the request of its week is refused that was about to be made when something changed."""

    async def request() -> str:
        try:
            async with server.app.parts.database.unit() as db:
                await server.app.parts.payouts.request_automatic(db, one.user_id, utc_now())
        except ApiError as refusal:
            return refusal.code
        return ""

    return server.on_loop(request())


def amounts(tables: Tables) -> list[int]:
    return [row["amount"] for row in tables.rows("SELECT amount FROM payouts ORDER BY created_at")]


def test_nobody_has_it_who_did_not_ask(api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
    come(server)
    assert (amounts(tables), last(api, headers)) == ([], None)
    wanted(api, headers)
    wanted(api, headers, on=False)
    come(server)
    assert (amounts(tables), last(api, headers)) == ([], None)


def test_once_a_week_all_that_is_there(
    api: Api, server: Server, tables: Tables, ada: Creator, headers: dict[str, str]
) -> None:
    wanted(api, headers)
    for _ in range(3):
        come(server)
        earn(server, ada.user_id, 7000)
    assert (amounts(tables), available(tables, ada.user_id), last(api, headers)) == ([EARNED], 21000, "none")
    (row,) = tables.rows("SELECT * FROM payouts")
    assert (row["id"], row["status"], row["user_id"]) == (
        automatic_id(ada.user_id, week_of(row["created_at"])), "PENDING", ada.user_id,
    )  # fmt: skip
    (entry,) = audited(tables, "payout.requested")
    assert (entry["actor_id"], entry["target_id"]) == (ada.user_id, str(ada.user_id))
    assert told(api, ada) == ["Payout of 500.00 USD requested"]
    (mail,) = (mail for mail in api.mails(ada.email) if "Payout of" in mail["subject"])
    assert "may be sent at any time" in mail["text"]  # who asked for none must not wait for a review
    assert_books_agree(tables)


def test_each_week_anew(api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
    requested(api, headers)
    tables.run("UPDATE payouts SET status = 'PROCESSED', processed_at = now(), created_at = now() - interval '8 days'")
    wanted(api, headers)
    tables.run("UPDATE bank_details SET auto_payout_at = now() - interval '7 days', auto_payout_refusal = 'x'")
    come(server)
    assert (sorted(amounts(tables)), last(api, headers)) == ([12000, EARNED - 12000], "none")
    a_week_passes(tables)
    come(server)
    assert (len(amounts(tables)), last(api, headers)) == (2, f"{ERROR}.below_minimum")


def test_no_more_than_the_most(api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
    wanted(api, headers)
    server.configure(**{"payout.max_amount": 300})
    come(server)
    assert amounts(tables) == [30000]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE creator_profiles SET creator_status = 'SUSPENDED'", "creator_inactive"),
        ("UPDATE creator_profiles SET kyc_status = 'REJECTED'", "kyc_required"),
        ("UPDATE tax_forms SET state = 'REJECTED'", "tax_form_required"),
        ("UPDATE bank_details SET preferred_method = NULL", "method_required"),
        ("UPDATE bank_details SET state = 'PENDING'", "method_not_ready"),
        ("UPDATE bank_details SET held_until = now() + interval '1 hour'", "destination_on_hold"),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_what_does_not_hold_is_told_by_the_settings_alone(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator, change: str, code: str
) -> None:
    wanted(api, headers)
    tables.run(change)
    for _ in range(2):
        come(server)
    assert (amounts(tables), last(api, headers), told(api, ada)) == ([], f"{ERROR}.{code}", [])
    assert audited(tables, "payout.requested") == []


def test_a_frozen_wallet_and_one_with_an_open_payout(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator
) -> None:
    wanted(api, headers)
    requested(api, headers)
    come(server)
    assert (amounts(tables), last(api, headers)) == ([12000], f"{ERROR}.frequency_limit")
    freeze(tables, ada.user_id)
    a_week_passes(tables)
    come(server)
    assert last(api, headers) == f"{ERROR}.wallet_frozen"


@pytest.mark.parametrize("status", ["BANNED", "SUSPENDED", "DEACTIVATED"])
def test_an_account_that_is_not_active_is_paid_nothing(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator, status: str
) -> None:
    """Nor is that week lost, should it be active again."""
    wanted(api, headers)
    tables.run("UPDATE users SET status = %s WHERE id = %s", status, ada.user_id)
    come(server)
    assert request_of(server, ada) == f"{ERROR}.creator_inactive"
    assert amounts(tables) == []
    tables.run("UPDATE users SET status = 'ACTIVE'")
    assert last(api, headers) is None
    come(server)
    assert amounts(tables) == [EARNED]


def test_what_is_too_early_is_asked_for_again_in_the_same_week(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator
) -> None:
    """A week ago it was requested a moment later in the hour than now."""
    wanted(api, headers)
    requested(api, headers)
    tables.run("UPDATE payouts SET created_at = now() - interval '6 days 23:59:50'")
    come(server)
    assert last(api, headers) == f"{ERROR}.frequency_limit"
    asked_at = "SELECT auto_payout_at FROM bank_details WHERE user_id = %s"
    first = tables.one(asked_at, ada.user_id)
    come(server)  # while it is open there is no need to ask
    assert tables.one(asked_at, ada.user_id) == first
    tables.run("UPDATE payouts SET status = 'PROCESSED', processed_at = now()")
    come(server)
    assert tables.one(asked_at, ada.user_id) != first
    assert (amounts(tables), last(api, headers)) == ([12000], f"{ERROR}.frequency_limit")
    tables.run("UPDATE payouts SET created_at = created_at - interval '10 seconds'")
    for _ in range(2):
        come(server)
        earn(server, ada.user_id, 7000)
    assert (amounts(tables), last(api, headers)) == ([12000, EARNED - 12000], "none")


def test_one_that_fails_keeps_no_other_waiting(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator
) -> None:
    bob, of_bob = payee(api, tables, "bob@example.com", "bob", 6000)
    first, others = sorted([(ada.user_id, headers), (bob.user_id, of_bob)])
    for _, each in (first, others):
        wanted(api, each)
    approve_all(tables)
    payout_id = automatic_id(first[0], week_of(utc_now()))  # its posting is there already, of another amount
    post(server, flows.payout_requested(wallet_of(first[0]), payout_id, 1, 100))
    come(server)
    assert [row["user_id"] for row in tables.rows("SELECT user_id FROM payouts")] == [others[0]]
    (job,) = tables.rows("SELECT last_error, done_at FROM outbox WHERE topic = %s", TOPIC)
    assert (job["last_error"] is not None, job["done_at"]) == (True, None)


def test_bank_details_that_are_made_anew_in_the_same_week_begin_no_other_one(
    api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: Creator
) -> None:
    wanted(api, headers)
    come(server)
    tables.run("UPDATE payouts SET status = 'CANCELLED', ended_at = now()")
    tables.run("UPDATE bank_details SET auto_payout_at = NULL")
    earn(server, ada.user_id, 7000)
    come(server)
    assert (len(amounts(tables)), last(api, headers)) == (1, "none")


def test_the_switch_lets_it_wait(api: Api, server: Server, tables: Tables, headers: dict[str, str]) -> None:
    wanted(api, headers)
    server.configure(**{"kill_switch.PAYOUT": True})
    come(server)
    assert (amounts(tables), last(api, headers)) == ([], None)
    server.configure(**{"kill_switch.PAYOUT": False})
    come(server)
    assert amounts(tables) == [EARNED]


def test_a_week_begins_on_monday_in_utc() -> None:
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    assert week_of(monday) == week_of(datetime(2026, 12, 6, 23, 59, 59, tzinfo=UTC)) == monday
    assert week_of(datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)) == datetime(2026, 11, 23, tzinfo=UTC)
