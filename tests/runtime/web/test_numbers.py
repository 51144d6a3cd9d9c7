"""Amounts in answers that have them as numbers."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest

from domain.money.amounts import MOST, Money
from runtime.web.answers.successes import exactly_written

ENDS = [0, 1, 5, 10, 99, 100, 2040, 2550, 1_000_000_00, MOST - 1, MOST, 10**18 + 1]


def written(value: Any) -> bytes:
    return orjson.dumps({"total": value}, default=exactly_written)


class TestDecimals:
    @pytest.mark.parametrize("minor", [*ENDS, *(-each for each in ENDS if each)])
    def test_are_written_to_the_cent(self, minor: int) -> None:
        raw = written(Money(minor).major)
        assert raw == b'{"total":%s}' % str(Money(minor)).encode()
        assert json.loads(raw, parse_float=Decimal)["total"] * 100 == minor

    def test_who_reads_them_as_binary_numbers_gets_the_nearest_one(self) -> None:
        for minor in range(0, 200_000, 7):
            read = orjson.loads(written(Money(minor).major))["total"]
            assert read == float(str(Money(minor)))
            assert round(read * 100) == minor

    @pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), b"25.00"])
    def test_what_json_has_not_is_refused(self, value: Any) -> None:
        with pytest.raises(TypeError, match="not JSON serializable"):
            written(value)
