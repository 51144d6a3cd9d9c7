"""What keys demand of each other, and which are dangerous."""

import pytest

from domain.config.rules import (
    DANGEROUS,
    RULES,
    AtMost,
    ConflictingConfig,
    Needs,
    concerning,
    is_dangerous,
    require_consistent,
)
from services.config.catalogue import CATALOGUE

DEFAULTS = {name: key.default for name, key in CATALOGUE.items()}
of_each_rule = pytest.mark.parametrize(
    "rule", [rule for rule in RULES if isinstance(rule, AtMost)], ids=lambda rule: " <= ".join(rule.names)
)
of_each_need = pytest.mark.parametrize(
    "need", [rule for rule in RULES if isinstance(rule, Needs)], ids=lambda need: need.needed.name
)


@pytest.mark.parametrize("env", ["development", "staging", "production"])
def test_the_defaults_agree(env: str) -> None:
    require_consistent({name: key.default_in(env) for name, key in CATALOGUE.items()}, CATALOGUE)


@of_each_rule
def test_each_rule_can_be_kept_and_broken(rule: AtMost) -> None:
    """One that always holds, or never does, says nothing."""
    lower, upper = rule.lower, rule.upper
    assert rule.holds({lower.name: lower.minimum, upper.name: upper.maximum})
    assert not rule.holds({lower.name: lower.maximum, upper.name: upper.minimum})


@of_each_rule
def test_whoever_breaks_it_is_told_the_other_key(rule: AtMost) -> None:
    values = DEFAULTS | {rule.lower.name: rule.lower.maximum, rule.upper.name: rule.upper.minimum}
    for changed, other in (rule.names, tuple(reversed(rule.names))):
        with pytest.raises(ConflictingConfig, match="must be at most") as refusal:
            require_consistent(values, {changed})
        assert (refusal.value.key, refusal.value.other) == (changed, other)


@of_each_need
def test_a_choice_has_what_it_needs(need: Needs) -> None:
    chosen, empty, filled = {need.chooser: need.choice}, {need.needed.name: ""}, {need.needed.name: "x"}
    assert need.holds({need.chooser: "none"} | empty)
    assert need.holds(chosen | filled)
    others = {rule.needed.name: "x" for rule in RULES if isinstance(rule, Needs)}
    for changed, other in (need.names, tuple(reversed(need.names))):
        with pytest.raises(ConflictingConfig, match=f"{need.needed.name} must be set") as refusal:
            require_consistent(DEFAULTS | others | chosen | empty, {changed})
        assert (refusal.value.key, refusal.value.other) == (changed, other)


def test_what_was_broken_before_stops_no_other_change() -> None:
    assert list(concerning({"legal.terms_version"})) == []
    require_consistent({}, {"legal.terms_version"})


def test_every_beginning_of_dangerous_names_begins_one() -> None:
    assert [start for start in DANGEROUS if not any(name.startswith(start) for name in CATALOGUE)] == []


def test_what_lets_people_in_is_dangerous() -> None:
    lets_in = ("auth.", "admin.", "external.", "ratelimit.")
    assert [name for name in CATALOGUE if name.startswith(lets_in) and not is_dangerous(name)] == []
    assert is_dangerous("ratelimit.auth.login")
    assert not is_dangerous("username.change_cooldown_days")
