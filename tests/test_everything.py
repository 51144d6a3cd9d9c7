"""The shares of a whole run, and what their processes tell each other."""

from pathlib import Path

import pytest

from tests.everything import ELSEWHERE, HERE, SECONDS, parts, shares
from tests.reached import keep, recall


@pytest.mark.parametrize("count", [1, 3, 16])
def test_each_file_is_in_one_share(count: int) -> None:
    files = [
        file
        for share in shares(count)
        for part in share
        for file in (part.rglob("test_*.py") if part.is_dir() else [part])
    ]
    apart = {file for place in ELSEWHERE for file in (place.rglob("test_*.py") if place.is_dir() else [place])}
    assert sorted(files) == sorted(set(HERE.rglob("test_*.py")) - apart)


def test_what_is_measured_is_there() -> None:
    assert {HERE / name for name in SECONDS} <= set(parts())


def test_what_one_process_reached_another_knows(tmp_path: Path) -> None:
    keep(tmp_path, {"auth.me": {"auth.unauthenticated"}, "auth.logout": set()})
    reached = {"auth.me": {"service.unavailable"}}
    recall(tmp_path, reached)
    assert reached == {"auth.me": {"auth.unauthenticated", "service.unavailable"}, "auth.logout": set()}
