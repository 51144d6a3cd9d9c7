import os
import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from domain.auth.two_factor import (
    BACKUP_ALPHABET,
    STEP_SECONDS,
    backup_codes,
    is_totp,
    matching_step,
    new_secret,
    otpauth_url,
)

# RFC 6238, appendix B, SHA-1: the last six of their eight digits. The key is "12345678901234567890".
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


class TestCode:
    @pytest.mark.parametrize(("at", "code"), VECTORS)
    def test_is_that_of_rfc_6238(self, at: int, code: str) -> None:
        assert matching_step(SECRET, code, at, 0) == at // STEP_SECONDS

    @pytest.mark.parametrize(("window", "off"), [(0, 1), (1, 2), (5, 6)])
    def test_is_good_within_the_window_only(self, window: int, off: int) -> None:
        at, code = VECTORS[2]
        step = at // STEP_SECONDS
        for steps in range(-window, window + 1):
            assert matching_step(SECRET, code, at + steps * STEP_SECONDS, window) == step
        for steps in (-off, off):
            assert matching_step(SECRET, code, at + steps * STEP_SECONDS, window) is None

    @pytest.mark.parametrize("code", ["", "287083", "28708", "2870820", "94287082"])
    def test_no_other_is_right(self, code: str) -> None:
        assert matching_step(SECRET, code, 59, 0) is None

    @pytest.mark.parametrize("code", ["٢٨٧٠٨٢", "28708a", "K7Q2M9TX", "28708"])
    def test_six_ascii_digits_are_one(self, code: str) -> None:
        assert not is_totp(code)


class TestSecret:
    def test_holds_all_random_bits(self) -> None:
        assert new_secret(lambda size: b"12345678901234567890"[:size]) == SECRET

    def test_apps_read_it_from_the_url(self) -> None:
        url = urlsplit(otpauth_url(SECRET, "ada+1@example.com"))
        assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", "/BIO.RE:ada+1@example.com")
        assert parse_qs(url.query) == {"secret": [SECRET], "issuer": ["BIO.RE"]}


class TestBackupCodes:
    def test_have_no_letters_that_look_alike(self) -> None:
        codes = backup_codes(50, os.urandom)
        assert len(set(codes)) == 50
        assert all(re.fullmatch(rf"[{BACKUP_ALPHABET}]{{4}}-[{BACKUP_ALPHABET}]{{4}}", code) for code in codes)
        assert not set("01OI") & set(BACKUP_ALPHABET)

    def test_are_all_different_though_chance_repeats_itself(self) -> None:
        assert len(set(backup_codes(3, counting_slowly()))) == 3


def counting_slowly() -> Callable[[int], bytes]:
    """Each number comes twice."""
    calls = iter(range(100))
    return lambda size: (next(calls) // 2).to_bytes(size, "big")
