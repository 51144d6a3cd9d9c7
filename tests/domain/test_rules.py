"""What a rule of moderation matches, and where."""

import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.trust.folding import MOST, fold
from domain.trust.rules import Rule, Ruleset, canonical, faults, folded_pattern, strongest

SCOPES = ("username", "display_name", "bio")


def rule(pattern: str, match: str = "WORD", kind: str = "TERM", **changes: Any) -> Rule:
    kept = canonical(kind, pattern)
    assert kept is not None
    row: dict[str, Any] = {
        "id": uuid4(),
        "kind": kind,
        "pattern": kept,
        "match": match,
        "scopes": SCOPES,
        "action": "FLAG",
        "locale": "",
    }
    return Rule(**row | changes)


def spots(ruleset: Ruleset, text: str, scope: str = "bio") -> list[str]:
    """What of the original each match covers."""
    return [text[match.start : match.end] for match in ruleset.matches(text, scope)]


class TestFolding:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("FREE", "free"),
            ("\uff26\uff52\uff45\uff45", "free"),
            ("fr\u00e9\u00e9", "free"),
            ("fre\u0301e", "free"),
            ("f\u200br\u2060ee", "free"),
            ("fr\u0435\u0435", "free"),  # Cyrillic
            ("\U0001d41f\U0001d42b\U0001d41e\U0001d41e", "free"),  # mathematical letters
            ("m\u03bfn\u03b5y", "money"),  # Greek
            ("M0NEY", "money"),
            ("$cam", "scam"),
            ("\ufb01", "fi"),
            ("\u0130", "i"),
        ],
    )  # fmt: skip
    def test_what_reads_alike_becomes_the_same(self, written: str, read: str) -> None:
        assert fold(written).text == fold(read).text

    def test_vowels_of_indic_scripts_stay(self) -> None:
        assert fold("कि").text != fold("का").text

    def test_each_character_knows_where_it_comes_from(self) -> None:
        text = "a\u200b\ufb01\u0435"
        folded = fold(text)
        assert [text[place] for place in folded.at] == ["a", "\ufb01", "\ufb01", "\u0435"]

    def test_no_text_costs_more_than_its_first_characters(self) -> None:
        folded = fold("\ufdfa" * 10 * MOST)
        assert len(set(folded.at)) == MOST


class TestTerms:
    def test_a_word_is_found_between_others_and_not_within_one(self) -> None:
        rules = Ruleset([rule("ass")])
        assert spots(rules, "An ass, an ASS; \u00e1ss!") == ["ass", "ASS", "\u00e1ss"]
        assert spots(rules, "assess the class") == []

    def test_a_prefix_is_the_beginning_of_a_word(self) -> None:
        assert spots(Ruleset([rule("scam", "PREFIX")]), "Scammers run a scam, not a descam") == ["Scam", "scam"]

    def test_exact_is_the_whole_text(self) -> None:
        rules = Ruleset([rule("admin", "EXACT")])
        assert spots(rules, "  Adm1n ", "display_name") == ["Adm1n"]
        assert spots(rules, "admin of ada", "display_name") == []

    def test_phrases_are_found_across_lines(self) -> None:
        assert spots(Ruleset([rule("free money")]), "Get FREE\nm\u043eney now") == ["FREE\nm\u043eney"]

    def test_scripts_without_spaces_have_words_anywhere(self) -> None:
        assert spots(Ruleset([rule("\u574f\u8bcd")]), "\u8fd9\u662f\u574f\u8bcd\u5417") == ["\u574f\u8bcd"]

    def test_all_that_overlap_are_told_in_their_order(self) -> None:
        rules = Ruleset([rule("free money"), rule("money"), rule("free")])
        assert spots(rules, "free money") == ["free", "free money", "money"]

    def test_a_rule_holds_for_its_scopes(self) -> None:
        rules = Ruleset([rule("scam", scopes=("bio",))])
        assert spots(rules, "scam", "display_name") == []
        assert spots(rules, "scam", "bio") == ["scam"]

    def test_a_rule_of_a_language_holds_for_its_accounts(self) -> None:
        rules = Ruleset([rule("gift", locale="de")])
        told = {locale: len(rules.matches("gift", "bio", locale)) for locale in ("de", "en", "", None)}
        assert told == {"de": 1, "en": 0, "": 0, None: 1}

    def test_without_rules_there_is_nothing(self) -> None:
        assert spots(Ruleset(), "anything") == []


class TestDomains:
    def test_a_domain_has_those_below_it(self) -> None:
        rules = Ruleset([rule("evil.example", kind="DOMAIN")])
        text = "https://evil.example/x www.EVIL.example. notevil.example evil.example.com evil.example-x"
        assert spots(rules, text) == ["evil.example", "EVIL.example"]

    def test_exact_has_none_below_it(self) -> None:
        rules = Ruleset([rule("evil.example", "EXACT", kind="DOMAIN")])
        assert spots(rules, "www.evil.example evil.example") == ["evil.example"]

    def test_both_spellings_of_other_scripts_are_found(self) -> None:
        rules = Ruleset([rule("b\u00f6se.example", kind="DOMAIN")])
        assert spots(rules, "b\u00f6se.example and xn--bse-sna.example") == ["b\u00f6se.example", "xn--bse-sna.example"]


class TestUsernames:
    @pytest.mark.parametrize("name", ["support", "supp0rt", "s.u.p-port", "support-team"])
    def test_a_prefix_is_read_as_people_read_names(self, name: str) -> None:
        rules = Ruleset([rule("support", "PREFIX", kind="USERNAME", scopes=("username",))])
        assert spots(rules, name, "username")

    def test_other_names_are_none_of_it(self) -> None:
        rules = Ruleset([rule("support", "PREFIX", kind="USERNAME", scopes=("username",))])
        assert spots(rules, "my-support", "username") == []

    def test_terms_are_found_in_names_too(self) -> None:
        rules = Ruleset([rule("scam")])
        assert spots(rules, "big.scam", "username") == ["scam"]
        assert spots(rules, "s.c.a.m", "username") == ["s.c.a.m"]

    def test_reserved_names_are_rules(self) -> None:
        admin, shop = (
            rule("admin", "EXACT", "USERNAME", action="BLOCK"),
            rule("shop", "EXACT", "USERNAME", action="BLOCK"),
        )
        rules = Ruleset([], {"admln": admin, "shop": shop})
        assert [match.rule for match in rules.matches("adm1n", "username")] == [admin]
        assert [match.rule for match in rules.matches("bi0re-shop", "username")] == [shop]
        assert rules.matches("workshop", "username") == []
        assert rules.matches("admin", "bio") == []


class TestFaults:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"pattern": "\u200b \u0301"}, "pattern"),
            ({"pattern": "a"}, "pattern"),
            ({"kind": "DOMAIN", "pattern": "no domain"}, "pattern"),
            ({"kind": "DOMAIN", "pattern": "localhost"}, "pattern"),
            ({"kind": "DOMAIN", "pattern": "evil.example", "match": "PREFIX"}, "match"),
            ({"kind": "USERNAME", "pattern": "n\u00e4me", "scopes": ["username"]}, "pattern"),
            ({"kind": "USERNAME", "pattern": "...", "scopes": ["username"]}, "pattern"),
            ({"kind": "USERNAME", "pattern": "name", "scopes": ["username", "bio"]}, "scopes"),
            (
                {"kind": "USERNAME", "pattern": "name", "scopes": ["username"], "match": "EXACT", "action": "BLOCK"}
                | {"locale": "de"},
                "locale",
            ),
        ],
    )
    def test_what_no_rule_can_be_is_told_by_field(self, changes: dict[str, Any], field: str) -> None:
        row = {"kind": "TERM", "pattern": "term", "match": "WORD", "scopes": ["bio"], "action": "FLAG"}
        assert list(faults(row)) == []
        assert [fault["field"] for fault in faults(row | changes)] == [field]

    def test_one_character_is_enough_where_it_is_a_word(self) -> None:
        row = {"kind": "TERM", "pattern": "\u6bd2", "match": "WORD", "scopes": ["bio"], "action": "FLAG"}
        assert list(faults(row)) == []

    def test_two_spellings_are_one_rule(self) -> None:
        assert folded_pattern("TERM", "Fr\u00e9e") == folded_pattern("TERM", "free")
        assert canonical("DOMAIN", "B\u00d6SE.example.") == canonical("DOMAIN", "xn--bse-sna.example")


class TestCost:
    def test_the_strongest_action_is_told(self) -> None:
        rules = Ruleset([rule("one", action="FLAG"), rule("two", action="BLOCK"), rule("three", action="QUARANTINE")])
        assert strongest(rules.matches("one two three", "bio")) == "BLOCK"
        assert strongest(rules.matches("one three", "bio")) == "QUARANTINE"
        assert strongest([]) is None

    def test_a_text_is_read_once_however_many_rules_there_are(self) -> None:
        """Terms that are prefixes of each other are the worst that an automaton has."""
        rules = Ruleset([rule("a" * length, "PREFIX", id=UUID(int=length)) for length in range(2, 65)])
        text = "a" * 5000
        before = time.process_time()
        assert len(rules.matches(text, "bio")) <= 100
        assert time.process_time() - before < 1
