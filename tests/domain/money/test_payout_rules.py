"""The 12 conditions of a payout, as pure functions: their order, their edges, and which of them are judged again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.payout_rules import (
    Destination,
    Facts,
    Purse,
    conditions,
    judge,
    judge_standing,
    judged,
    require,
)
from tests.providers.fakes import FakeConfig

NOW = datetime(2026, 2, 1, 10, tzinfo=UTC)
CONFIG: Any = FakeConfig()
INSTANT = timedelta(microseconds=1)
GOOD = Facts(
    amount=12_000,
    barred=False,
    creator_status="ACTIVE",
    kyc_status="APPROVED",
    tax_approved=True,
    method="BANK_TRANSFER",
    destination=Destination(ready=True),
    purse=Purse(balance=50_000),
)
# The facts that break each condition, and no other before it.
BROKEN: dict[int, dict[str, Any]] = {
    1: {"creator_status": None},
    2: {"creator_status": "SUSPENDED"},
    3: {"kyc_until": NOW},
    4: {"tax_until": NOW},
    5: {"method": None},
    6: {"destination": Destination()},
    7: {"destination": Destination(ready=True, held_until=NOW + INSTANT)},
    8: {"purse": Purse(balance=50_000, debt=1)},
    9: {"amount": 4_999},
    10: {"amount": 1_000_001, "purse": Purse(balance=2_000_000)},
    11: {"purse": Purse(balance=12_000, clearing=1)},
    12: {"purse": Purse(balance=50_000, requested_at=NOW - timedelta(days=7) + INSTANT)},
}
STANDING = {2, 3, 4, 6, 8}


def number(facts: Facts) -> int | None:
    refusal = judge(facts, CONFIG, NOW)
    return None if refusal is None else refusal.number


class TestJudge:
    def test_what_holds_is_not_refused(self) -> None:
        assert number(GOOD) is None
        require(judge(GOOD, CONFIG, NOW))

    @pytest.mark.parametrize("broken", BROKEN)
    def test_each_condition_has_its_number(self, broken: int) -> None:
        refusal = judge(replace(GOOD, **BROKEN[broken]), CONFIG, NOW)
        assert refusal is not None
        assert refusal.number == broken
        with pytest.raises(ApiError) as told:
            require(refusal)
        assert told.value.code == conditions()[broken - 1].code

    def test_the_account_must_be_in_a_status_to_get_it(self) -> None:
        barred = replace(GOOD, barred=True)
        assert number(barred) == 2
        refusal = judge_standing(barred, CONFIG, NOW)
        assert refusal is not None
        assert refusal.number == 2

    def test_the_first_one_is_told(self) -> None:
        facts = GOOD
        for broken in sorted(BROKEN, reverse=True):
            facts = replace(facts, **{"purse": facts.purse} | BROKEN[broken])
            assert number(facts) == broken

    @pytest.mark.parametrize(
        "changes",
        [
            {"creator_status": "VACATION"},
            {"kyc_until": NOW + INSTANT},
            {"tax_until": NOW + INSTANT},
            {"destination": Destination(ready=True, held_until=NOW)},
            {"amount": 5_000},
            {"amount": 1_000_000, "purse": Purse(balance=1_000_000)},
            {"purse": Purse(balance=12_000)},
            {"purse": Purse(balance=50_000, requested_at=NOW - timedelta(days=7))},
        ],
    )
    def test_edges_hold(self, changes: dict[str, Any]) -> None:
        assert number(replace(GOOD, **changes)) is None

    def test_money_is_judged_where_it_is_known(self) -> None:
        facts = replace(GOOD, amount=1, purse=None)
        assert number(facts) is None
        assert number(facts.with_purse(Purse())) == 9

    def test_one_that_is_open_is_in_the_way_after_the_wait(self) -> None:
        old = Purse(balance=50_000, requested_at=NOW - timedelta(days=70), open=True)
        refusal = judge(replace(GOOD, purse=old), CONFIG, NOW)
        assert refusal is not None
        over = timestamp(NOW - timedelta(days=63))  # nobody knows when the open one ends: no time of it is made up
        assert (refusal.number, refusal.told) == (12, {"nextAt": over})

    def test_within_the_wait_its_end_is_told(self) -> None:
        recent = Purse(balance=50_000, requested_at=NOW - timedelta(days=2))
        for purse in (recent, replace(recent, open=True)):
            refusal = judge(replace(GOOD, purse=purse), CONFIG, NOW)
            assert refusal is not None
            assert (refusal.number, refusal.told) == (12, {"nextAt": timestamp(NOW + timedelta(days=5))})


class TestStanding:
    @pytest.mark.parametrize("broken", BROKEN)
    def test_only_what_may_change_is_judged_again(self, broken: int) -> None:
        refusal = judge_standing(replace(GOOD, **BROKEN[broken]), CONFIG, NOW)
        expected = broken if broken in STANDING else None
        assert (refusal and refusal.number) == expected


class TestJudged:
    @pytest.mark.parametrize("broken", BROKEN)
    def test_all_are_listed(self, broken: int) -> None:
        found = judged(replace(GOOD, **BROKEN[broken]), CONFIG, NOW)
        assert [each.number for each in found] == list(range(1, 13))
        assert not found[broken - 1].holds

    def test_of_money_nobody_knows_nothing_is_said(self) -> None:
        found = judged(replace(GOOD, purse=None), CONFIG, NOW)
        assert [each.holds for each in found] == [True] * 7 + [None] * 5
