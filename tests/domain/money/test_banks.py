"""Numbers and codes of banks, held against what a library knows of them."""

from string import ascii_uppercase, digits

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from schwifty.registry import Registry

from domain.codes import compact
from domain.money.banks import LENGTHS, is_bic, is_iban, is_same_land
from domain.money.countries import COUNTRIES


def known(text: str) -> bool:
    try:
        return IBAN(text, allow_invalid=False) is not None
    except SchwiftyException:
        return False


class TestIban:
    def test_lengths_are_those_of_the_registry(self) -> None:
        registry = Registry()
        assert {land: registry.get_iban_spec(land).iban_length for land in LENGTHS} == LENGTHS
        for land in COUNTRIES - LENGTHS.keys():
            with pytest.raises(SchwiftyException):
                registry.get_iban_spec(land)

    @pytest.mark.parametrize("land", sorted(LENGTHS))
    def test_one_of_each_country_is_taken_and_another_digit_is_not(self, land: str) -> None:
        number = str(IBAN.random(land))
        assert is_iban(number)
        other = f"{land}{int(number[2:4]) % 98 + 1:02}{number[4:]}"
        assert not is_iban(other)
        assert not is_iban(number + "0")

    @given(st.sampled_from(sorted(LENGTHS)), st.text(ascii_uppercase + digits, min_size=11, max_size=31))
    def test_whatever_the_library_takes_is_taken(self, land: str, rest: str) -> None:
        text = land + rest
        if known(text):
            assert is_iban(text)

    @pytest.mark.parametrize(
        "text", ["", "DE", "DE\u0668\u0669370400440532013000", "de89370400440532013000", "DE00370400440532013000"]
    )
    def test_what_is_none_is_not_taken(self, text: str) -> None:
        assert not is_iban(text)

    def test_of_two_check_digits_with_one_remainder_one_is_given(self) -> None:
        found = [digits_ for digits_ in (f"{n:02}" for n in range(100)) if is_iban(f"DE{digits_}370400440532013000")]
        assert found == ["89"]


class TestBic:
    @pytest.mark.parametrize("text", ["COBADEFF", "BARCGGG1XXX", "AAAAQQ22"])
    def test_it_names_a_country(self, text: str) -> None:
        try:
            expected = BIC(text).country_code is not None
        except SchwiftyException:
            expected = False
        assert is_bic(text) is expected


class TestCountries:
    def test_they_are_those_of_the_standard(self) -> None:
        assert COUNTRIES - {"XK"} == {land.alpha_2 for land in pycountry.countries}

    def test_a_territory_goes_by_its_state(self) -> None:
        assert is_same_land("GP", "FR")
        assert is_same_land("GG", "JE")
        assert not is_same_land("DE", "FR")


class TestCompact:
    def test_blanks_dashes_and_what_cannot_be_seen_go(self) -> None:
        assert compact(" DE89\u00a03704\u20110044\u200b-0532\t0130\n00 ") == "DE89370400440532013000"
