import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config_keys import InvalidConfig, Rate


class TestRate:
    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ("10/hour", Rate(10, 3600)),
            ("1/second", Rate(1, 1)),
            ("120/minute", Rate(120, 60)),
            ("3/10 min", Rate(3, 600)),
            ("3/10min", Rate(3, 600)),
            ("5/2 days", Rate(5, 172_800)),
            ("999999/day", Rate(999_999, 86_400)),
        ],
    )
    def test_reads(self, text: str, rate: Rate) -> None:
        assert Rate.parse(text) == rate

    @pytest.mark.parametrize(
        "text",
        ["", "10", "/hour", "0/hour", "-1/hour", "1.5/hour", "10/", "10/week", "10 /hour", "10/0 min", "10/hour\n",
         "10/Hour", "none", "10/hour/user", "1000000/hour", "\u0661/hour", "10/99999 min"],
    )  # fmt: skip
    def test_refuses(self, text: str) -> None:
        with pytest.raises(InvalidConfig, match="is not a rate"):
            Rate.parse(text)

    @given(st.text())
    def test_never_fails_otherwise(self, text: str) -> None:
        try:
            rate = Rate.parse(text)
        except InvalidConfig:
            return
        assert rate.limit > 0
        assert rate.window > 0
