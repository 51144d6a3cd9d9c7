"""A little of the drill of money, so that it works when it is needed; and a cent that is lost is told."""

from benchmarks.money.drill import markdown, rehearse
from benchmarks.money.house import MoneyHouse
from benchmarks.money.judge import Sides, differences
from benchmarks.money.plan import Plan
from tests.conftest import Databases

SAMPLE = Plan(
    6.0, clients=8, restarts=0, servers=1, workers=2, kill_every=1.0, faults=0.2, late=0.5, pause=0.2, hurry=True
)


def plant(house: MoneyHouse) -> None:
    """A cent less at the vendor, and then one that it booked for somebody else."""
    with house.biore.tables() as tables:
        assert [*differences(house, tables)] == []
        one, other = [line for line in house.till.lines if line["type"] == "charge"][:2]
        one["net"] -= 1
        assert len([*differences(house, tables)]) == 1
        other["net"] += 1
        assert len([*differences(house, tables)]) == 2
        transfer = next(iter(house.world.transfers.values()))
        transfer["amount_reversed"] += 1
        assert len([*differences(house, tables)]) == 3


def test_nothing_is_lost_and_what_is_would_be_told(databases: Databases) -> None:
    outcome = rehearse(SAMPLE, databases.migrated(), plant)
    assert (outcome.lost, outcome.left, dict(outcome.faults)) == ([], {}, {})
    assert outcome.passed
    assert outcome.figures["workers killed"] > 2
    assert outcome.figures["loads paid"] > 5
    assert outcome.figures["payouts"] > 0
    assert outcome.calls["none"] < outcome.calls.total()
    assert "Both books agree to the cent" in "".join(markdown(outcome))


def test_differences_are_of_ids_whatever_the_sums_are() -> None:
    sides = Sides("a vendor", {"a": 100, "b": 50, "c": 0}, {"a": 99, "b": 51})
    assert [*sides.differences()] == ["a vendor a: 100 cents there, 99 here", "a vendor b: 50 cents there, 51 here"]
