"""Amounts: whole minor units (cents) in one currency, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

Currency = Literal["USD"]
USD: Currency = "USD"
MINOR = 100  # minor units in a major one: a currency with another number needs a table here
MOST = 10**12
"""The most minor units that one leg of a transfer may move."""
# Not ``\d``, which takes digits of all scripts.
TEXT = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """``minor``: whole minor units; negative where something is owed."""

    minor: int
    currency: Currency = USD

    @classmethod
    def parse(cls, text: str, currency: Currency = USD) -> Self:
        """``25``, ``25.5`` or ``25.00``. Raises ValueError for anything else."""
        found = TEXT.fullmatch(text)
        if found is None:
            raise ValueError("an amount is up to 7 digits, with a point and up to 2 more where there are cents")
        whole, cents = found.groups()
        return cls(int(whole) * MINOR + int((cents or "").ljust(2, "0")), currency)

    @classmethod
    def of(cls, amount: Decimal, currency: Currency = USD) -> Self:
        """Raises ValueError for what is no number, has parts of a cent, or is more than a leg may move."""
        sign, digits, exponent = amount.as_tuple()
        if isinstance(exponent, str):  # a letter tells what else it is
            raise ValueError(f"{amount} is no whole number of cents")  # noqa: TRY004 - it is a wrong value
        # Not ``scaleb``, which rounds to the 28 digits of the context.
        scaled = Decimal((sign, digits, exponent + 2))
        if scaled.copy_abs() > MOST:
            raise ValueError(f"{amount} is no amount: it is more than {cls(MOST)}")
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} is no whole number of cents")
        return cls(int(scaled), currency)

    @property
    def major(self) -> Decimal:
        return Decimal(self.minor).scaleb(-2)

    def __str__(self) -> str:
        """With two decimals: ``25.00``, ``-0.05``."""
        sign = "-" if self.minor < 0 else ""
        whole, cents = divmod(abs(self.minor), MINOR)
        return f"{sign}{whole}.{cents:02}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + other._of(self.currency), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - other._of(self.currency), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def _of(self, currency: Currency) -> int:
        if self.currency != currency:
            raise ValueError(f"{self.currency} is not {currency}")
        return self.minor


WHOLE = 10_000
"""All of an amount, in basis points, which are hundredths of a percent."""


def share(minor: int, basis_points: int) -> int:
    """That many of ``WHOLE`` parts, rounded down: a cent that cannot be split stays with the other side."""
    return minor * basis_points // WHOLE
