"""Preconditions and ranges, by the words of RFC 9110."""

import time
from datetime import UTC, datetime

import pytest
from starlette.datastructures import Headers

from runtime.web.http.conditional import Judgement, Version, is_named, judge

VERSION = Version("abc", datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), 1000)
NOW, BEFORE, AFTER = (
    "Fri, 02 Jan 2026 03:04:05 GMT",
    "Fri, 02 Jan 2026 03:04:04 GMT",
    "Fri, 02 Jan 2026 03:04:06 GMT",
)
WHOLE = Judgement("whole", 0, 1000)


def verdict(method: str = "GET", **headers: str) -> str:
    return judged(method, **headers).verdict


def judged(method: str = "GET", **headers: str) -> Judgement:
    return judge(method, Headers({name.replace("_", "-"): value for name, value in headers.items()}), VERSION)


def test_a_condition_takes_no_time() -> None:
    began = time.thread_time()
    assert not is_named("v", "a" + " " * 4000 + "b")
    assert time.thread_time() - began < 0.01


class TestPreconditions:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("tags", ['"abc"', 'W/"abc"', "*", '"x", "abc"', '"x",W/"abc" , "y"'])
    def test_a_known_tag_is_unchanged(self, method: str, tags: str) -> None:
        assert verdict(method, if_none_match=tags) == "unchanged"

    @pytest.mark.parametrize("tags", ['"x"', '"ABC"', "", '"abc', '"ab", "c"', '"x",' * 5000])
    def test_another_tag_is_not(self, tags: str) -> None:
        assert verdict(if_none_match=tags) == "whole"

    @pytest.mark.parametrize(("since", "expected"), [(NOW, "unchanged"), (AFTER, "unchanged"), (BEFORE, "whole")])
    def test_dates_are_compared_by_the_second(self, since: str, expected: str) -> None:
        assert verdict(if_modified_since=since) == expected

    @pytest.mark.parametrize("since", ["", "yesterday", "Fri, 99 Jan 2026 03:04:05 GMT", "0"])
    def test_what_is_no_date_is_ignored(self, since: str) -> None:
        assert verdict(if_modified_since=since, if_unmodified_since=since) == "whole"

    @pytest.mark.parametrize("name", ["if_modified_since", "if_unmodified_since", "if_range"])
    @pytest.mark.parametrize(
        "date",
        [
            *(f"Mon, 01 Jan {'9' * digits} 00:00:00 GMT" for digits in (5, 10, 20, 4000)),
            *(f"Mon, {'9' * digits} Jan 2026 00:00:00 GMT" for digits in (3, 20)),
            *(f"Mon, 01 Jan 2026 {'9' * digits}:00:00 GMT" for digits in (3, 20)),
            *(f"Mon, 01 Jan 2026 00:00:00 {sign}{'9' * digits}" for sign in "+-" for digits in (4, 6, 14, 40)),
            "Mon, 01 Jan 0000 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359",
            "Mon, 01 Jan -1 00:00:00 GMT", "Mon, 01 Jan \u0662\u0660\u0662\u0666 00:00:00 GMT",
        ],
    )  # fmt: skip
    def test_a_date_beyond_every_calendar_is_no_fault(self, name: str, date: str) -> None:
        headers = {"range": "bytes=0-9", name.replace("_", "-"): date}
        assert judge("GET", headers, VERSION).verdict in ("whole", "part", "failed", "unchanged")

    def test_tags_win_over_dates(self) -> None:
        assert verdict(if_none_match='"x"', if_modified_since=AFTER) == "whole"
        assert verdict(if_match='"abc"', if_unmodified_since=BEFORE) == "whole"

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"if_match": '"abc"'}, "whole"),
            ({"if_match": "*"}, "whole"),
            ({"if_match": 'W/"abc"'}, "failed"),
            ({"if_match": '"x"'}, "failed"),
            ({"if_unmodified_since": BEFORE}, "failed"),
            ({"if_unmodified_since": NOW}, "whole"),
            ({"if_match": '"x"', "if_none_match": '"abc"'}, "failed"),
            ({"if_match": '"abc"', "if_none_match": '"abc"'}, "unchanged"),
            ({"if_none_match": '"abc"', "range": "bytes=0-9"}, "unchanged"),
            ({"if_match": '"x"', "range": "bytes=5000-"}, "failed"),
        ],
    )
    def test_the_order_is_the_standards(self, headers: dict[str, str], expected: str) -> None:
        assert verdict(**headers) == expected


class TestRanges:
    @pytest.mark.parametrize(
        ("given", "start", "stop"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=990-", 990, 1000),
            ("bytes=-5", 995, 1000),
            ("bytes=-5000", 0, 1000),
            ("bytes=999-99999", 999, 1000),
            ("bytes=0-" + "9" * 4000, 0, 1000),
            ("Bytes= 1-2 ", 1, 3),
        ],
    )
    def test_one_is_given(self, given: str, start: int, stop: int) -> None:
        assert judged(range=given) == Judgement("part", start, stop)

    @pytest.mark.parametrize("given", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
    def test_one_behind_the_end_is_not_satisfiable(self, given: str) -> None:
        assert verdict(range=given) == "unsatisfiable"

    @pytest.mark.parametrize(
        "given",
        ["items=0-1", "bytes", "bytes=", "bytes=a-b", "bytes=5-3", "bytes=1-2-3", "0-1", "bytes=+1-2", "bytes=1 - 2",
         "bytes=0-1,2-3", "bytes=" + "0-,"*9000, "bytes=-", "bytes=0-1,x", "bytes=\u0661-\u0662"],
    )  # fmt: skip
    def test_another_unit_a_broken_set_and_several_are_ignored(self, given: str) -> None:
        assert judge("GET", {"range": given}, VERSION) == WHOLE

    def test_head_has_none(self) -> None:
        assert judged("HEAD", range="bytes=0-9") == WHOLE

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ('"abc"', True),
            (NOW, True),
            ('W/"abc"', False),
            ('"x"', False),
            (BEFORE, False),
            (AFTER, False),
            ("", False),
        ],
    )
    def test_a_part_is_given_to_whom_has_the_rest(self, condition: str, holds: bool) -> None:
        assert verdict(range="bytes=0-9", if_range=condition) == ("part" if holds else "whole")
