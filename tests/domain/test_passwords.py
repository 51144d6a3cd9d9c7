import time
import unicodedata

import pytest

from domain.auth.passwords import common_passwords, is_common, nfc, require_impersonal
from domain.errors import ApiError


class TestForm:
    @pytest.mark.parametrize(
        "composed", ["Passw\u00f6rd-2026", "\ud55c\uae00-Pass-1", "\u304c\u304e\u3050-Pass-1", "ti\u1ebfng-Vi\u1ec7t-1"]
    )
    def test_letters_typed_in_pieces_are_composed(self, composed: str) -> None:
        assert nfc(unicodedata.normalize("NFD", composed)) == composed

    @pytest.mark.parametrize(
        "text", ["  Lead-Trail-1 ", "\uff37ide-Pass-1", "\ufb01sh-Pass-1", "Pass-\u00b2-A1", "a\u00a0B1-12345"]
    )
    def test_nothing_is_trimmed_folded_or_replaced_by_what_is_compatible(self, text: str) -> None:
        assert nfc(text) == text

    def test_hostile_marks_take_no_time(self) -> None:
        began = time.process_time()
        for size in (4096, 1024 * 1024):
            nfc("a" + "\u0301\u0316" * (size // 2))
        assert time.process_time() - began < 0.5


class TestCommon:
    def test_the_list_has_what_the_standard_asks_for(self) -> None:
        """ASVS 6.2.4: at least the top 3000 that match our rules; case apart."""
        listed = [password for alike in common_passwords().values() for password in alike.strip("\n").split("\n")]
        fitting = [p for p in listed if len(p) >= 8 and any(map(str.isdigit, p)) and any(map(str.isalpha, p))]
        assert len(fitting) > 3000
        assert all(p == p.lower() for p in listed)
        assert all(map(is_common, listed))

    def test_to_look_one_up_takes_a_fraction_of_a_request(self) -> None:
        is_common("Correct-Horse-7")  # reads the list
        began = time.process_time()
        for number in range(5000):
            is_common(f"Correct-Horse-{number}")
        assert time.process_time() - began < 0.2

    @pytest.mark.parametrize(
        "password",
        [
            "Password1", "Qwerty123", "P@ssw0rd1", "Iloveyou2", "Trustno1", "Password2026!", "!Welcome123",
            "1q2w3e4R", "Zaq12wsx", "Sunshine-2026", "Aaaaaaa1", "Letmein#1",
        ],
    )  # fmt: skip
    def test_what_everybody_tries_is_common(self, password: str) -> None:
        assert is_common(password)

    @pytest.mark.parametrize(
        "password",
        [
            "Correct-Horse-7",
            "SecureP4ss123",
            "Passw\u00f6rd-2026",
            "\u041f\u0430\u0440\u043e\u043b\u044c-12345",
            "Brand-New-Pass-1",
            "Monkey-Dragon-1",
            "1-a-B" * 200,
            "",
            "\n1Aa",
            "123456\n12345",
        ],
    )
    def test_others_are_not(self, password: str) -> None:
        assert not is_common(password)


class TestImpersonal:
    @pytest.mark.parametrize(
        "password",
        [
            "Ada.Lovelace1", "Ada_Lovelace@Example.Com1", "Countess9", "1815-Countess-1852", "Bio.re-2026-1",
            "BIO-RE123456", "BioRe20261",
        ],
    )  # fmt: skip
    def test_own_words_alone_are_refused(self, password: str) -> None:
        with pytest.raises(ApiError) as refusal:
            require_impersonal("password", password, "ada.lovelace@example.com", "countess")
        assert refusal.value.details == [{"field": "password", "rule": "personal_password"}]

    @pytest.mark.parametrize(
        "password", ["Correct-Horse-7", "Countess-of-Numbers-1", "Ada-Loves-Turtles-9", "Xy1-Xy1-Xy1"]
    )
    def test_others_are_not(self, password: str) -> None:
        require_impersonal("password", password, "ada.lovelace@example.com", "countess")
        require_impersonal("password", password, "xy@example.com", None)
