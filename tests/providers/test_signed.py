"""Signatures of the scheme ``t=…,v1=…``: whatever is changed by one bit is refused."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from domain.webhooks import RawNotice
from providers.ports import ProviderRejected
from providers.signed import LONGEST, TOLERANCE, require_signed, signature, signed

SECRET, FORMER = "whsec_abcdefghijklmnopqrstuvwxyz", "whsec_the-one-before"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
BODY = (b'{"id":"evt_1","data":"' + b"x" * 2048)[:2046] + b'"}'
RIGHT = signature(SECRET, BODY, MOMENT)
WRONG = "0" * 64


def accepted(*lines: str, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET, FORMER)) -> bool:
    headers = {"x-signature": lines} if lines else {}
    try:
        require_signed(RawNotice(headers, body), "x-signature", secrets, NOW)
    except ProviderRejected:
        return False
    return True


def at(seconds: int) -> str:
    moment = MOMENT + seconds
    return f"t={moment},v1={signature(SECRET, BODY, moment)}"


GOOD = {
    "as it is made": signed(SECRET, BODY, NOW),
    "by the former secret": signed(FORMER, BODY, NOW),
    "the right one last": f"t={MOMENT},v1={WRONG},v1={RIGHT}",
    "the right one first": f"t={MOMENT},v1={RIGHT},v1={WRONG}",
    "another scheme beside it": f"t={MOMENT},v1={RIGHT},v0={WRONG}",
    "the time last": f"v1={RIGHT},t={MOMENT}",
    "as old as may be": at(-TOLERANCE),
    "as far ahead as may be": at(TOLERANCE),
    "a part without a value": f"t={MOMENT},x,v1={RIGHT}",
    "an empty part": f"t={MOMENT},,v1={RIGHT}",
}
BAD = {
    "empty": "",
    "blank": " ",
    "no time": f"v1={RIGHT}",
    "no signature": f"t={MOMENT}",
    "an empty signature": f"t={MOMENT},v1=",
    "an empty time": f"t=,v1={RIGHT}",
    "two times": f"t={MOMENT},t={MOMENT},v1={RIGHT}",
    "another time": f"t={MOMENT + 1},v1={RIGHT}",
    "a second too old": at(-TOLERANCE - 1),
    "a second too far ahead": at(TOLERANCE + 1),
    "a negative time": f"t=-{MOMENT},v1={RIGHT}",
    "a time with a sign": f"t=+{MOMENT},v1={RIGHT}",
    "a time with a blank": f"t= {MOMENT},v1={RIGHT}",
    "a time with a point": f"t={MOMENT}.0,v1={RIGHT}",
    "a time in Arabic digits": f"t={''.join(chr(0x660 + int(digit)) for digit in str(MOMENT))},v1={RIGHT}",
    "an endless time": f"t={'9' * 1000},v1={RIGHT}",
    "a time that is a word": f"t=now,v1={RIGHT}",
    "in hexadecimals": f"t={MOMENT:#x},v1={RIGHT}",
    "the old scheme alone": f"t={MOMENT},v0={RIGHT}",
    "the scheme in capitals": f"T={MOMENT},V1={RIGHT}",
    "the signature in capitals": f"t={MOMENT},v1={RIGHT.upper()}",
    "half of the signature": f"t={MOMENT},v1={RIGHT[:32]}",
    "more than the signature": f"t={MOMENT},v1={RIGHT}0",
    "a blank before it": f"t={MOMENT},v1= {RIGHT}",
    "a blank behind it": f"t={MOMENT},v1={RIGHT} ",
    "a zero behind it": f"t={MOMENT},v1={RIGHT}\0",
    "what is no ASCII": f"t={MOMENT},v1=é{RIGHT}",
    "what is no ASCII alone": "é" * 64,
    "two of another secret": f"t={MOMENT},v1={WRONG},v1={signature('another', BODY, MOMENT)}",
    "of an empty secret": f"t={MOMENT},v1={signature('', BODY, MOMENT)}",
    "semicolons": f"t={MOMENT};v1={RIGHT}",
    "colons": f"t:{MOMENT},v1:{RIGHT}",
    "quotes": f't="{MOMENT}",v1="{RIGHT}"',
    "the signature alone": RIGHT,
    "of another body": f"t={MOMENT},v1={signature(SECRET, b'', MOMENT)}",
    "of the body without the time": f"t={MOMENT},v1={signature(SECRET, BODY, 0)}",
    "ten thousand signatures": f"t={MOMENT}," + ",".join([f"v1={WRONG}"] * 10_000) + f",v1={RIGHT}",
    "ten thousand commas": f"t={MOMENT},v1={RIGHT}" + "," * 10_000,
    "too long by one": f"t={MOMENT},v1={RIGHT}," + "x" * (LONGEST + 1),
    "a JSON object": '{"t": 1}',
    "a line break": f"t={MOMENT}\n,v1={RIGHT}",
    "equals": "====",
}


class TestRequireSigned:
    @pytest.mark.parametrize("name", GOOD)
    def test_good_ones(self, name: str) -> None:
        assert accepted(GOOD[name])

    @pytest.mark.parametrize("name", BAD)
    def test_bad_ones(self, name: str) -> None:
        assert not accepted(BAD[name])

    def test_there_are_forty_of_them(self) -> None:
        assert len(BAD) >= 40

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
