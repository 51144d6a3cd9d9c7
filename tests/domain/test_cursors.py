"""Cursors: what is written is read, and nothing else is."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.cursors import LONGEST, InvalidCursor, Walk, decode, digest_of, encode
from domain.errors import ApiError

DIGEST = digest_of({"genre": "poem"})
NOW = datetime(2026, 1, 2, 10, 0, 0, 123456, tzinfo=UTC)
ID = UUID("5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64")
KEYS = (
    st.integers(-(2**63) + 1, 2**63 - 1)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    | st.datetimes(timezones=st.just(UTC))
    | st.uuids()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
)


def walk(cursor: str | None, sort: str = "-createdAt", digest: str = DIGEST, limit: int = 2) -> Walk:
    return Walk(limit, sort, digest, cursor, "list.invalid_cursor")


def made(*parts: Any) -> str:
    """A cursor of any parts."""
    raw = json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class TestCodec:
    @given(st.lists(KEYS, min_size=1, max_size=3))
    def test_what_is_written_is_read(self, keys: list[Any]) -> None:
        cursor = encode("-createdAt", keys, DIGEST)
        assert len(cursor) <= LONGEST
        assert cursor.replace("-", "").replace("_", "").isalnum()
        kinds: Any = [type(key) for key in keys]
        assert walk(cursor).after(*kinds) == tuple(keys)

    def test_is_a_list_in_base64url(self) -> None:
        cursor = encode("-createdAt", (NOW, ID), DIGEST)
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert json.loads(raw) == [1, "-createdAt", "2026-01-02T10:00:00.123456+00:00", str(ID), DIGEST]

    def test_a_time_is_one_wherever_it_is_told(self) -> None:
        elsewhere = NOW.astimezone(timezone(timedelta(hours=3)))
        assert encode("", (elsewhere, ID), DIGEST) == encode("", (NOW, ID), DIGEST)

    @pytest.mark.parametrize("key", [True, 1.5, None, b"x", NOW.replace(tzinfo=None), [1]])
    def test_takes_no_other_keys(self, key: Any) -> None:
        with pytest.raises(TypeError):
            encode("", (key,), DIGEST)

    def test_is_never_longer_than_it_may_be(self) -> None:
        with pytest.raises(ValueError, match="sort by something shorter"):
            encode("", ("x" * 400, ID), DIGEST)

    def test_filters_are_told_apart(self) -> None:
        digests = [digest_of(f) for f in ({}, {"a": None}, {"a": ""}, {"a": "b"}, {"b": "a"}, {"a": 1}, {"a": "1"})]
        assert len(set(digests)) == len(digests)
        assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})


GOOD = (1, "-createdAt", "2026-01-02T10:00:00.123456+00:00", str(ID), DIGEST)
BROKEN = {
    "empty": "",
    "no base64": "%%%",
    "beyond ascii": "é",
    "with padding": encode("-createdAt", (NOW, ID), DIGEST) + "=",
    "base64 of the other kind": "+/" + encode("-createdAt", (NOW, ID), DIGEST)[2:],
    "no JSON": base64.urlsafe_b64encode(b"nonsense").rstrip(b"=").decode(),
    "not UTF-8": base64.urlsafe_b64encode(b"\xff\xfe\xfd").rstrip(b"=").decode(),
    "nested": base64.urlsafe_b64encode(b"[" * 380).rstrip(b"=").decode(),
    "an object": base64.urlsafe_b64encode(b'{"a":1}').rstrip(b"=").decode(),
    "white space": base64.urlsafe_b64encode(json.dumps(GOOD).encode()).rstrip(b"=").decode(),
    "another version": made(2, *GOOD[1:]),
    "a flag for a version": made(True, *GOOD[1:]),
    "half a version": made(1.0, *GOOD[1:]),
    "another sort": made(1, "name", *GOOD[2:]),
    "another filter": made(*GOOD[:-1], digest_of({})),
    "too few": made(*GOOD[:2], GOOD[-1]),
    "a key less": made(*GOOD[:3], GOOD[-1]),
    "a key more": made(*GOOD[:4], "x", GOOD[-1]),
    "no time": made(*GOOD[:2], "yesterday", *GOOD[3:]),
    "a time without a zone": made(*GOOD[:2], "2026-01-02T10:00:00", *GOOD[3:]),
    "a time in another form": made(*GOOD[:2], "2026-01-02T10:00:00.123456Z", *GOOD[3:]),
    "a time before all times": made(*GOOD[:2], "0001-01-01T00:00:00+14:00", *GOOD[3:]),
    "a number for a time": made(*GOOD[:2], 7, *GOOD[3:]),
    "no id": made(*GOOD[:3], "5b0f", GOOD[4]),
    "an id in another form": made(*GOOD[:3], str(ID).upper(), GOOD[4]),
    "a key that is null": made(*GOOD[:2], None, *GOOD[3:]),
    "a key that is a list": made(*GOOD[:2], [], *GOOD[3:]),
}


class TestWalk:
    def test_begins_without_keys(self) -> None:
        assert walk(None).after(datetime, UUID) is None

    def test_goes_on_from_the_last_row(self) -> None:
        assert walk(made(*GOOD)).after(datetime, UUID) == (NOW, ID)

    @pytest.mark.parametrize("cursor", BROKEN.values(), ids=BROKEN)
    def test_takes_no_other_cursor(self, cursor: str) -> None:
        with pytest.raises(ApiError, match=r"list\.invalid_cursor"):
            walk(cursor).after(datetime, UUID)

    @pytest.mark.parametrize(
        ("kind", "key"),
        [(int, 2**63), (int, -(2**64)), (int, "7"), (int, True), (str, 7), (str, "a\0b"), (Decimal, "NaN"),
         (Decimal, "1E+999"), (Decimal, "x"), (Decimal, 1), (Decimal, "Infinity"), (UUID, 7), (datetime, True)],
    )  # fmt: skip
    def test_takes_no_key_of_another_kind(self, kind: Any, key: Any) -> None:
        with pytest.raises(ApiError, match=r"list\.invalid_cursor"):
            walk(made(1, "-createdAt", key, DIGEST)).after(kind)

    def test_lone_surrogates_are_none(self) -> None:
        cursor = (
            base64.urlsafe_b64encode(b'[1,"-createdAt","\\ud800","' + DIGEST.encode() + b'"]').rstrip(b"=").decode()
        )
        with pytest.raises(ApiError):
            walk(cursor).after(str)

    @given(st.text(max_size=LONGEST))
    def test_whatever_comes_is_refused_and_no_fault(self, text: str) -> None:
        with pytest.raises(InvalidCursor):
            decode(text, "", DIGEST)

    @given(st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), max_size=5))
    def test_so_is_any_list(self, keys: list[Any]) -> None:
        cursor = made(1, "-createdAt", *keys, DIGEST) if all(key == key for key in keys) else "x"
        for kinds in ((int,), (str,), (datetime,), (UUID,), (Decimal,), (int, str), (datetime, UUID, str)):
            try:
                found: Any = walk(cursor).after(*kinds)
            except ApiError:
                continue
            assert [type(key) for key in found] == list(kinds)

    def test_shows_no_more_than_the_limit(self) -> None:
        rows = [(NOW, uuid4()) for _ in range(3)]
        page = walk(None)
        assert page.rows == 3
        shown, further = page.page(rows, lambda row: row)
        assert shown == rows[:2]
        assert further == encode("-createdAt", rows[1], DIGEST)
        assert page.page(rows[:2], lambda row: row) == (rows[:2], None)
        assert page.page([], lambda row: row) == ([], None)
