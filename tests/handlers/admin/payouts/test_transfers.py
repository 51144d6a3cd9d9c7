"""What came of transfers by file: money that left our bank account, or went back to who earned it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money.payouts import FAILURES
from domain.wire import admin as wire
from tests.bank_files import approved, batched
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import tally
from tests.payees import available
from tests.staff import Hired, member

PROCESSED, FAILED = "admin.payouts.transfers.mark_processed", "admin.payouts.transfers.mark_failed"
BODIES: dict[str, dict[str, str]] = {
    PROCESSED: {"reference": "Statement 14, line 3", "reason": "It is on the statement."},
    FAILED: {"failureReason": "DESTINATION_REJECTED", "reason": "The account is closed."},
}
of_both = pytest.mark.parametrize("operation_id", BODIES)


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def under_way(api: Api, server: Server, finance: Hired, ada: UUID) -> UUID:
    """In a batch of somebody else."""
    payout_id = approved(server, ada)
    assert batched(api, member(server, "FINANCE"), payout_id).status_code == 201
    return payout_id


def mark(api: Api, operation_id: str, caller: Hired, payout_id: object, **body: str) -> httpx.Response:
    path = api.policy(operation_id).path.format(id=payout_id)
    return api.call(operation_id, BODIES[operation_id] | body, path=path, headers=caller.headers)


def refused(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, None if response.is_success else code_of(response)


def settled(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT state, reason, settled_at IS NOT NULL AS settled FROM payout_attempts")


class TestMarkProcessed:
    def test_the_money_left_our_bank_account(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, under_way: UUID
    ) -> None:
        told = mark(api, PROCESSED, finance, under_way).json()["data"]
        assert (told["status"], told["reference"], told["failureReason"]) == ("PROCESSED", "Statement 14, line 3", None)
        assert told["processedAt"] is not None
        assert settled(tables) == {"state": "PAID", "reason": None, "settled": True}
        assert (tally(tables, "payout_transit"), tally(tables, "bank")) == (0, 25000)
        assert available(tables, ada) == 25000
        (entry,) = audited(tables, PROCESSED)
        assert (entry["actor_id"], entry["target_id"]) == (finance.id, str(ada))
        assert entry["after"]["reference"] == "Statement 14, line 3"

    def test_a_reference_says_something(self, api: Api, finance: Hired, under_way: UUID) -> None:
        assert refused(mark(api, PROCESSED, finance, under_way, reference=" ")) == (400, "validation.failed")


class TestMarkFailed:
    def test_the_money_goes_back(self, api: Api, finance: Hired, tables: Tables, ada: UUID, under_way: UUID) -> None:
        told = mark(api, FAILED, finance, under_way).json()["data"]
        assert (told["status"], told["failureReason"]) == ("FAILED", "DESTINATION_REJECTED")
        assert (told["reference"], told["processedAt"]) == (None, None)
        assert settled(tables) == {"state": "FAILED", "reason": "DESTINATION_REJECTED", "settled": True}
        assert (tally(tables, "payout_transit"), tally(tables, "bank")) == (0, 0)
        assert available(tables, ada) == 50000
        (entry,) = audited(tables, FAILED)
        assert (entry["target_id"], entry["reason"]) == (str(ada), "The account is closed.")
        assert entry["after"]["failureReason"] == "DESTINATION_REJECTED"

    @pytest.mark.parametrize(
        ("reason", "note"), [("DESTINATION_REJECTED", "DESTINATION"), ("TREASURY_EMPTY", None)], ids=str
    )
    def test_the_creator_is_told(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, under_way: UUID, reason: str, note: str | None
    ) -> None:
        mark(api, FAILED, finance, under_way, failureReason=reason)
        job = tables.one("SELECT payload FROM outbox WHERE topic = 'email.payout_told'")["payload"]
        assert (job["user"], job["payout"], job.get("why")) == (str(ada), str(under_way), note)

    def test_what_the_bank_made_may_come_back(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, under_way: UUID
    ) -> None:
        assert mark(api, PROCESSED, finance, under_way).is_success
        told = mark(api, FAILED, finance, under_way).json()["data"]
        assert (told["status"], told["failureReason"], told["processedAt"]) == ("FAILED", "RETURNED", None)
        assert settled(tables) == {"state": "RETURNED", "reason": "RETURNED", "settled": True}
        assert (tally(tables, "payout_transit"), tally(tables, "bank")) == (0, 0)
        assert available(tables, ada) == 50000

    def test_who_made_the_batch_does_not_give_the_money_back(
        self, api: Api, server: Server, finance: Hired, ada: UUID
    ) -> None:
        payout_id = approved(server, ada)
        assert batched(api, finance, payout_id).status_code == 201
        assert refused(mark(api, FAILED, finance, payout_id)) == (403, "admin.payout.second_person")

    def test_why_is_of_a_closed_set(self, api: Api, finance: Hired, under_way: UUID) -> None:
        assert refused(mark(api, FAILED, finance, under_way, failureReason="WHO_KNOWS")) == (400, "validation.failed")
        assert set(get_args(wire.BankFileFailure)) <= set(FAILURES)


class TestBoth:
    @of_both
    def test_only_what_is_under_way_is_marked(
        self, api: Api, server: Server, finance: Hired, ada: UUID, operation_id: str
    ) -> None:
        assert refused(mark(api, operation_id, finance, approved(server, ada))) == (400, "admin.transition_invalid")

    @of_both
    def test_what_a_provider_pays_tells_of_itself(
        self, api: Api, server: Server, finance: Hired, ada: UUID, operation_id: str
    ) -> None:
        payout_id = approved(server, ada, provider="sandbox", status="PROCESSING")
        assert refused(mark(api, operation_id, finance, payout_id)) == (409, "admin.payout.not_by_file")

    @of_both
    def test_nobody_marks_their_own(self, api: Api, server: Server, finance: Hired, operation_id: str) -> None:
        other = member(server, "FINANCE")
        payout_id = approved(server, finance.id)
        assert batched(api, other, payout_id).status_code == 201
        assert refused(mark(api, operation_id, finance, payout_id)) == (403, "admin.finance.own_account")

    @of_both
    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired, operation_id: str) -> None:
        assert refused(mark(api, operation_id, finance, uuid4())) == (404, "admin.not_found")

    def test_each_is_marked_once(self, api: Api, finance: Hired, tables: Tables, ada: UUID, under_way: UUID) -> None:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda name: mark(api, name, finance, under_way), [PROCESSED, FAILED] * 2))
        told = [(refused(answer), name) for answer, name in zip(answers, [PROCESSED, FAILED] * 2, strict=True)]
        for name in (PROCESSED, FAILED):  # what was made may come back, and nothing is made that failed
            assert sum(answer == (200, None) for answer, of in told if of == name) <= 1
        assert sum(answer == (200, None) for answer, _ in told) >= 1
        assert {answer for answer, _ in told} <= {(200, None), (400, "admin.transition_invalid")}
        assert tally(tables, "payout_transit") == 0
        assert tally(tables, "bank") + available(tables, ada) == 50000
