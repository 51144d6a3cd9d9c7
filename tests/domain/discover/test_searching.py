"""What is nearly the same, and by what that is found."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.discover.entries import LONGEST_MISSPELT, SHORTEST_MISSPELT, Texts, document, facets, forms, forms_sought
from domain.discover.searching import allowed, closest, distance, sought

WORDS = st.text("abc", min_size=SHORTEST_MISSPELT, max_size=LONGEST_MISSPELT)


def misspelt(word: str) -> Iterator[str]:
    """Each way of one letter wrong."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + "x" + word[at:]
        yield word[:at] + "x" + word[at + 1 :]
    yield word + "x"
    for at, (one, other) in enumerate(pairwise(word)):
        yield word[:at] + other + one + word[at + 2 :]


class TestForms:
    @given(WORDS)
    def test_have_something_in_common_with_those_of_each_misspelling(self, word: str) -> None:
        kept = set(forms(word))
        for typed in misspelt(word):
            if len(typed) >= SHORTEST_MISSPELT:
                assert kept & set(forms_sought(typed)), typed

    @given(WORDS)
    def test_are_few(self, word: str) -> None:
        assert len(list(forms(word))) <= 8
        assert len(list(forms_sought(word))) <= 14


class TestDistance:
    @given(WORDS)
    def test_of_a_misspelling_is_one(self, word: str) -> None:
        assert all(distance(word, typed) == (typed != word) for typed in misspelt(word))

    @given(st.text("ab", max_size=8), st.text("ab", max_size=8))
    def test_is_the_same_both_ways_and_counted_to_three(self, one: str, other: str) -> None:
        assert distance(one, other) == distance(other, one) == min(slowly(one, other), 3)


def slowly(one: str, other: str) -> int:
    """By the book: optimal string alignment."""
    table = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            swapped = i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (one[i - 1] != other[j - 1]),
                *([table[i - 2][j - 2] + 1] if swapped else []),
            )
    return table[-1][-1]


class TestClosest:
    def test_comes_first_and_what_is_too_far_never(self) -> None:
        names: list[Any] = ["leopold", "leonardi", "leonardo da vinci", "leandro"]
        assert closest(["leonardo"], names, str, 9) == ["leonardo da vinci", "leonardi"]
        assert closest(["leonardo", "vinci"], names, str, 9) == ["leonardo da vinci"]
        assert closest(["leonardo"], names, str, 1) == ["leonardo da vinci"]

    @pytest.mark.parametrize(("word", "letters"), [("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2)])
    def test_allows_long_words_more(self, word: str, letters: int) -> None:
        assert allowed(word) == letters


class TestSought:
    def test_wants_all_words_in_any_spelling_and_the_beginning_of_the_last(self) -> None:
        assert sought("Jörg mül").whole(2) == "('2jorg' | '2joerg') & ('2mul':* | '2muel':*)"

    @pytest.mark.parametrize(
        ("query", "username"),
        [("@Ada.Love", "ada.love"), ("ada love", ""), ("ädä", ""), ("@@ada", ""), ("ada_", "ada_")],
    )
    def test_may_be_a_username(self, query: str, username: str) -> None:
        assert sought(query).username == username

    def test_is_bounded(self) -> None:
        long = sought("a1 " * 66)
        assert len(long.words) == 12
        assert len(sought("abcdefghijklmnopqrstuvwxyz" * 5).parts(0)) == 12
        assert len(sought("abcd efgh ijkl mnop").misspelt()) == 3


class TestEntries:
    def test_are_bounded_whatever_somebody_writes(self) -> None:
        texts = Texts("a" * 30, "b c " * 5000, "d " * 5000, ["x"] * 50, ["y"] * 50, "FREE")
        assert len(document(texts, 3)) < 20_000
        assert len(facets(texts)) <= 4 * 20 * 11
        many = Texts("ada", None, " ".join(map(str, range(5000))), [], [], None)
        assert len(document(many, 3).split(" ")) <= 400
