"""Signatures of the scheme ``t=…,v1=…``: whatever is changed by one bit is refused."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from domain.webhooks import RawNotice
from providers.ports import ProviderRejected
from providers.signed import require_signed, signature, signed
from tests.providers.forged import SHAPES, bad_headers, good_headers

SECRET, FORMER = "whsec_abcdefghijklmnopqrstuvwxyz", "whsec_the-one-before"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
BODY = (b'{"id":"evt_1","data":"' + b"x" * 2048)[:2046] + b'"}'
RIGHT = signature(SECRET, BODY, MOMENT)


def accepted(*lines: str, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET, FORMER)) -> bool:
    headers = {"x-signature": lines} if lines else {}
    try:
        require_signed(RawNotice(headers, body), "x-signature", secrets, NOW)
    except ProviderRejected:
        return False
    return True


GOOD, BAD = good_headers(SECRET, FORMER, BODY, MOMENT), bad_headers(SECRET, BODY, MOMENT)


class TestRequireSigned:
    @pytest.mark.parametrize("name", GOOD)
    def test_good_ones(self, name: str) -> None:
        assert accepted(GOOD[name])

    @pytest.mark.parametrize("name", BAD)
    def test_bad_ones(self, name: str) -> None:
        assert not accepted(BAD[name])

    def test_there_are_forty_of_them(self) -> None:
        assert len(BAD) >= SHAPES

    def test_a_header_that_is_missing_or_stands_there_twice(self) -> None:
        right = signed(SECRET, BODY, NOW)
        assert not accepted()
        assert not accepted(right, right)
        assert not accepted("", right)

    def test_no_secret_accepts_nothing(self) -> None:
        assert not accepted(signed("", BODY, NOW), secrets=("", ""))
        assert not accepted(signed(SECRET, BODY, NOW), secrets=())

    def test_each_bit_of_the_body_counts(self) -> None:
        right, body = signed(SECRET, BODY, NOW), bytearray(BODY)
        assert len(body) == 2048
        for place in range(len(body)):
            for bit in range(8):
                body[place] ^= 1 << bit
                assert not accepted(right, body=bytes(body), secrets=(SECRET,))
                body[place] ^= 1 << bit
        assert accepted(right, body=bytes(body))

    def test_each_bit_of_the_header_counts(self) -> None:
        right = signed(SECRET, BODY, NOW)
        for place, letter in enumerate(right):
            for bit in range(8):
                changed = right[:place] + chr(ord(letter) ^ (1 << bit)) + right[place + 1 :]
                assert not accepted(changed)

    def test_it_is_as_good_however_long_it_takes_within_the_minutes(self) -> None:
        headers = {"x-signature": [signed(SECRET, BODY, NOW)]}
        notice = RawNotice(headers, BODY)
        for seconds in (-300, 0, 300):
            require_signed(notice, "x-signature", (SECRET,), NOW + timedelta(seconds=seconds))

    def test_how_much_is_right_does_not_show_in_the_time(self) -> None:
        """Of one wrong in its first letter and one wrong in its last; the fastest of many rounds, interleaved."""
        first = "f" if RIGHT[0] != "f" else "e"
        last = "f" if RIGHT[-1] != "f" else "e"
        ones = [f"t={MOMENT},v1={first}{RIGHT[1:]}", f"t={MOMENT},v1={RIGHT[:-1]}{last}"]
        spent = [[0.0] * 400, [0.0] * 400]
        for turn in range(400):
            for kind, header in enumerate(ones):
                began = time.perf_counter()
                accepted(header)
                spent[kind][turn] = time.perf_counter() - began
        fastest = [min(times) for times in spent]
        assert abs(fastest[0] - fastest[1]) < 0.25 * max(fastest)
