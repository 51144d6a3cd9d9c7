from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config_keys import CATALOGUE, ConfigKey, InvalidConfig, Rate, check

KINDS: dict[str, type] = {"bool": bool, "int": int, "text": str, "secret": str, "list": list, "rate": str}
of_each = pytest.mark.parametrize("key", CATALOGUE.values(), ids=CATALOGUE)


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


class TestCatalogue:
    @of_each
    def test_defaults_fit_their_own_rules(self, key: ConfigKey) -> None:
        for env in ("development", "staging", "production"):
            default = key.default_in(env)
            assert type(default) is KINDS[key.kind]
            assert key.check(default) == default

    @of_each
    def test_every_key_says_what_it_means(self, key: ConfigKey) -> None:
        assert len(key.meaning) > 10
        assert CATALOGUE[key.name] is key

    @of_each
    def test_bounds_hold(self, key: ConfigKey) -> None:
        for bound, outside in ((key.minimum, -1), (key.maximum, 1)):
            if bound is not None:
                assert key.check(bound) == bound
                with pytest.raises(InvalidConfig, match=key.name):
                    key.check(bound + outside)

    @of_each
    @pytest.mark.parametrize("value", [None, {}, 1.5, b"x", ["\0", 1]], ids=repr)
    def test_another_kind_is_refused(self, key: ConfigKey, value: Any) -> None:
        with pytest.raises(InvalidConfig):
            key.check(value)

    @of_each
    def test_choices_hold(self, key: ConfigKey) -> None:
        if key.choices is None:
            return
        for choice in key.choices:
            assert key.check([choice] if key.kind == "list" else choice)
        with pytest.raises(InvalidConfig, match=key.choices[0]):
            key.check(["nonsense"] if key.kind == "list" else "nonsense")

    def test_numbers_have_bounds(self) -> None:
        numbers = [key for key in CATALOGUE.values() if key.kind == "int"]
        assert [key.name for key in numbers if key.minimum is None or key.maximum is None] == []

    def test_true_is_no_number(self) -> None:
        with pytest.raises(InvalidConfig, match="whole number"):
            CATALOGUE["auth.refresh_grace_seconds"].check(True)

    def test_development_may_differ(self) -> None:
        key = CATALOGUE["auth.email_mx_check"]
        assert [key.default_in(env) for env in ("development", "staging", "production")] == [False, True, True]


class TestCheck:
    def test_an_override_belongs_to_an_operation(self) -> None:
        assert check("ratelimit.auth.login", "3/minute", {"auth.login"}) == "3/minute"
        for name in ("ratelimit.auth.logout", "ratelimit.", "ratelimit", "x.ratelimit.auth.login"):
            with pytest.raises(InvalidConfig, match="no config key"):
                check(name, "3/minute", {"auth.login"})

    def test_the_switch_is_no_override(self) -> None:
        assert check("ratelimit.enabled", False, {"enabled"}) is False

    def test_a_secret_is_not_repeated(self) -> None:
        with pytest.raises(InvalidConfig) as refusal:
            check("external.email.smtp.url", ["hunter2"], ())
        assert "hunter2" not in str(refusal.value)
