# ruff: noqa: RUF001 - letters of many scripts, some of which look alike
"""Folding, asked of all that Unicode has."""

import sys
import unicodedata
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.discover.folding import LONGEST_WORD, fold, letters, spellings, words

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def assigned() -> Iterator[str]:
    """Every character that is one, but for those that are ideographs alone, of which a part does."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) not in ("Cn", "Co", "Cs") and (code < 0x3400 or code % 7 == 0):
            yield character


class TestEveryCharacter:
    def test_is_folded_once_and_for_all(self) -> None:
        assert [one for one in assigned() if fold(fold(one)) != fold(one)] == []

    def test_is_folded_alike_in_all_forms(self) -> None:
        unlike = [one for one in assigned() for form in FORMS if fold(unicodedata.normalize(form, one)) != fold(one)]
        assert unlike == []

    def test_is_folded_alike_in_either_case(self) -> None:
        unlike = [one for one in assigned() for other in (one.upper(), one.lower()) if fold(other) != fold(one)]
        assert unlike == []

    def test_makes_words_that_no_query_of_the_database_is_broken_by(self) -> None:
        for one in assigned():
            for word in words(one):
                assert word.isprintable()
                assert not set(word) & set(" '\\:*&|!()<>~%_"), one
                assert words(word) == [word]


class TestEveryText:
    @given(TEXTS)
    def test_is_folded_once_and_for_all(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)
        assert letters(letters(text)) == letters(text)

    @given(TEXTS)
    def test_has_words_of_letters_and_digits(self, text: str) -> None:
        for ways in spellings(text):
            for word in ways:
                assert 0 < len(word) <= LONGEST_WORD
                assert not set(word) & set(" '\\:*&|!()<>~%_")

    @given(TEXTS)
    def test_is_spelt_as_its_words_are(self, text: str) -> None:
        assert [ways[0] for ways in spellings(text)] == words(text)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("İSTANBUL ISTANBUL ıstanbul istanbul", ["istanbul"] * 4),
            ("Straße, Ærø & Łódź!", ["strasse", "aero", "lodz"]),
            ("ada_love.99", ["ada", "love", "99"]),
            ("東京タワー", ["東京", "京た", "たわ", "わー"]),
            ("ガ", ["が"]),
            ("한국어", ["한국", "국어"]),
            ("rock東京band", ["rock", "東京", "band"]),
            ("ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]),
            ("फ़िल्म", ["फिल्म"]),
            ("Здравствуйте Ёлка", ["здравствуите", "елка"]),
            ("ΟΔΥΣΣΕΥΣ Οδυσσεύς", ["οδυσσευσ"] * 2),
            ("שָׁלוֹם", ["שלום"]),
            ("🎉 ❤️ !?", []),
        ],
    )
    def test_are_what_people_would_call_so(self, text: str, found: list[str]) -> None:
        assert words(text) == found

    def test_with_two_spellings_have_both(self) -> None:
        assert spellings("Jörg Müller") == [("jorg", "joerg"), ("muller", "mueller")]
        assert spellings("Jorg") == [("jorg",)]
