"""A verdict must follow from the numbers, for people and for programs."""

import json
from pathlib import Path

import pytest

from benchmarks.report import Report, Row, at_least, at_most, compared, ratio_at_least, ratio_at_most, row, spread


def test_a_row_is_the_median_of_its_rounds_and_tells_their_spread() -> None:
    measured = row("me", "ours", "requests/s", [300, 100, 110])
    assert (measured.value, measured.spread, measured.met, measured.target) == (110, 2.0, None, "")


def test_a_single_round_has_no_spread() -> None:
    assert spread([5]) is None


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (at_most(10), 10.0, True),
        (at_most(10), 10.01, False),
        (at_least(0.92), 0.92, True),
        (at_least(0.92), 0.919, False),
    ],
)
def test_a_bound_of_the_value_belongs_to_what_is_allowed(target: object, value: float, met: bool) -> None:
    assert row("me", "ours", "p99", [value], "ms", target).met is met  # type: ignore[arg-type]


def test_ratios_are_those_of_each_round() -> None:
    """The machine was twice as slow in the second round; the ratio of the medians would be 6."""
    ours, theirs = [800.0, 400.0, 600.0], [100.0, 50.0, 100.0]
    judged = compared(row("me", "ours", "requests/s", ours), ours, "others", theirs, ratio_at_least(8))
    assert (judged.value, judged.ratio, judged.to, judged.met) == (600, 8, "others", True)
    assert judged.spread == pytest.approx(1 / 3)


def test_a_ratio_judges_the_row_anew() -> None:
    base = row("me", "ours", "p99", [5.0], "ms", at_most(10))
    judged = compared(base, [5.0], "others", [4.0], ratio_at_most(1))
    assert (base.met, judged.met) == (True, False)
    assert judged.target == "<= 1 \u00d7"


def test_rounds_of_both_sides_are_as_many() -> None:
    base = row("me", "ours", "requests/s", [1.0])
    with pytest.raises(ValueError, match="shorter"):
        compared(base, [1.0, 2.0], "others", [1.0])


def test_a_target_of_a_ratio_needs_one() -> None:
    with pytest.raises(ValueError, match="there is no ratio to judge"):
        Row("me", "ours", "p99", 1).judged(ratio_at_most(1))


def test_a_report_is_good_while_nothing_is_missed() -> None:
    met, untold = Row("me", "ours", "p99", 1, met=True), Row("me", "others", "p99", 1)
    assert Report({}, [met, untold], {}).good
    assert not Report({}, [met, Row("me", "ours", "p99", 1, met=False)], {}).good
    assert not Report({}, [met], {"scale": "it did not start"}).good


def test_one_table_for_people_and_programs(tmp_path: Path) -> None:
    ours = compared(row("me", "ours", "requests/s", [6512.4], ""), [6512.4], "others", [600.0], ratio_at_least(8))
    p99 = row("me", "ours", "p99", [12.34, 12.0], "ms", at_most(10))
    Report({"machine": "two cores"}, [ours, p99], {"scale": "it did not start"}).write(tmp_path, "latest")
    text = (tmp_path / "latest.md").read_text()
    assert "- machine: two cores" in text
    assert "| me | ours | requests/s | 6 512 | 10.9 \u00d7 others |  | >= 8 \u00d7 | met |" in text
    assert "| me | ours | p99 | 12.2 ms |  | 3% | <= 10 ms | not met |" in text
    assert "**scale was not measured**: it did not start" in text
    found = json.loads((tmp_path / "latest.json").read_text())
    assert [entry["verdict"] for entry in found["rows"]] == ["met", "not met"]
    assert found["rows"][0]["ratio"] == pytest.approx(10.854)
    assert found["failed"] == {"scale": "it did not start"}
