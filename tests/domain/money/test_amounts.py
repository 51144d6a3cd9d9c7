"""Amounts: what is one, and that no cent is made or lost on the way."""

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money.amounts import MOST, Currency, Money, share

MINOR = st.integers(-MOST, MOST)
WRITTEN = st.integers(0, 10**9 - 1)  # what seven digits and two more can say


class TestParse:
    @pytest.mark.parametrize(
        ("text", "minor"),
        [
            ("25", 2500), ("25.5", 2550), ("25.00", 2500), ("0", 0), ("0.01", 1), ("19.99", 1999), ("00005.00", 500),
            ("9999999.99", 999_999_999),
        ],
    )  # fmt: skip
    def test_reads_digits_with_at_most_two_behind_the_point(self, text: str, minor: int) -> None:
        assert Money.parse(text) == Money(minor)

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", " 5", "5 ", "5\n", "5\x00", "5.", ".5", "5,00", "5.001", "5.0.0", "1e3", "5_000", "5 000", "0x10",
            "1/2", "+5", "-5", "-0", "\u22125", "\u22120", "\u0665", "\u0665.\u0660\u0660", "\uff15", "\u4e94",
            "NaN", "Infinity", "10000000", "1" + "0" * 400,
        ],
    )  # fmt: skip
    def test_refuses_everything_else(self, text: str) -> None:
        with pytest.raises(ValueError, match="an amount is up to 7 digits"):
            Money.parse(text)

    @given(st.text())
    def test_takes_ascii_digits_only(self, text: str) -> None:
        try:
            found = Money.parse(text)
        except ValueError:
            return
        assert text.isascii()
        assert found == Money.of(Decimal(text))

    @given(WRITTEN)
    def test_reads_what_is_written(self, minor: int) -> None:
        assert Money.parse(str(Money(minor))) == Money(minor)


class TestOf:
    @pytest.mark.parametrize(
        ("number", "minor"),
        [
            ("19.99", 1999), ("5.", 500), ("1e3", 100_000), ("1E-2", 1), ("-0", 0), ("-0.00", 0), ("-12.34", -1234),
            ("5.000000000000000000000000000000000000", 500), ("1e10", MOST), ("0e-999999", 0), ("0e999999", 0),
        ],
    )  # fmt: skip
    def test_takes_whole_cents(self, number: str, minor: int) -> None:
        assert Money.of(Decimal(number)) == Money(minor)

    def test_adds_up_in_decimals(self) -> None:
        assert Money.of(Decimal("0.1") + Decimal("0.2")) == Money(30)

    @pytest.mark.parametrize("number", ["0.001", "19.995", "1e-3", "1e-999999", "5." + "0" * 40 + "1"])
    def test_refuses_parts_of_a_cent(self, number: str) -> None:
        with pytest.raises(ValueError, match="no whole number of cents"):
            Money.of(Decimal(number))

    @pytest.mark.parametrize("binary", [0.1 + 0.2, 19.99])
    def test_refuses_what_was_a_float(self, binary: float) -> None:
        with pytest.raises(ValueError, match="no whole number of cents"):
            Money.of(Decimal(binary))

    @pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_no_number(self, number: str) -> None:
        with pytest.raises(ValueError, match="no whole number of cents"):
            Money.of(Decimal(number))

    @pytest.mark.parametrize("number", ["1e400", "-1e400", "1e999999", "10000000000.01", "1" + "0" * 400 + ".001"])
    def test_refuses_more_than_any_leg_may_move(self, number: str) -> None:
        """Before a whole number of so many digits is made of it."""
        with pytest.raises(ValueError, match="no amount"):
            Money.of(Decimal(number))

    @given(MINOR)
    def test_gives_back_what_it_was_given(self, minor: int) -> None:
        assert Money.of(Money(minor).major) == Money(minor)

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_is_exact_or_refused(self, number: Decimal) -> None:
        try:
            found = Money.of(number)
        except ValueError:
            return
        numerator, denominator = number.as_integer_ratio()
        assert found.minor * denominator == numerator * 100


class TestMoney:
    @given(MINOR)
    def test_is_written_with_two_decimals(self, minor: int) -> None:
        text = str(Money(minor))
        assert Decimal(text) == Money(minor).major
        assert text[-3] == "."
        assert "-0.00" not in text

    @given(MINOR, MINOR)
    def test_nothing_is_lost_by_adding_and_taking_away(self, a: int, b: int) -> None:
        assert Money(a) + Money(b) == Money(a + b)
        assert Money(a) + Money(b) - Money(b) == Money(a)

    def test_nothing_is_false(self) -> None:
        assert not Money(0)
        assert Money(-1)

    def test_currencies_are_not_added(self) -> None:
        other = Money(1, cast("Currency", "EUR"))
        with pytest.raises(ValueError, match="USD"):
            Money(1) + other
        with pytest.raises(ValueError, match="USD"):
            Money(1) - other

    @pytest.mark.parametrize("number", [1, 1.5, Decimal(1)])
    def test_numbers_are_no_money(self, number: Any) -> None:
        with pytest.raises(AttributeError):
            Money(1) + number


class TestShare:
    @given(WRITTEN, st.integers(0, 10_000))
    def test_never_takes_more_than_its_part(self, minor: int, basis_points: int) -> None:
        kept = share(minor, basis_points)
        assert 0 <= kept <= minor
        assert kept * 10_000 <= minor * basis_points < (kept + 1) * 10_000

    @pytest.mark.parametrize(("minor", "bps", "kept"), [(500, 1999, 99), (1, 9999, 0), (1, 10_000, 1), (999, 0, 0)])
    def test_is_rounded_down(self, minor: int, bps: int, kept: int) -> None:
        assert share(minor, bps) == kept
