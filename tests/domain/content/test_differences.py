"""How two texts differ: both can be read from what is told, and it never takes long."""

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from domain.content.differences import MOST, Part, differences

TEXTS = st.lists(st.sampled_from(["a", "b ", "<p>", "\n", "word ", "Grüße", ", ", "日本"]), max_size=30).map("".join)


def sides(parts: list[Part]) -> tuple[str, str]:
    before = "".join(part.text for part in parts if part.change != "ADDED")
    after = "".join(part.text for part in parts if part.change != "REMOVED")
    return before, after


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_it(before: str, after: str) -> None:
    parts = differences(before, after)
    assert sides(parts) == (before, after)
    assert all(part.text for part in parts)


def test_is_word_by_word() -> None:
    assert differences("<p>Hello there.</p>", "<p>Hello world.</p>") == [
        Part("SAME", "<p>Hello "),
        Part("REMOVED", "there"),
        Part("ADDED", "world"),
        Part("SAME", ".</p>"),
    ]
    assert differences("same", "same") == [Part("SAME", "same")]
    assert differences("", "new") == [Part("ADDED", "new")]
    assert differences("", "") == []


def test_long_texts_are_compared_by_lines() -> None:
    lines = [f"line {number} " * 10 + "\n" for number in range(MOST // 10)]
    changed = [line.replace("line", "row") if number % 2 else line for number, line in enumerate(lines)]
    parts = differences("".join(lines), "".join(changed))
    assert sides(parts) == ("".join(lines), "".join(changed))
    assert Part("REMOVED", lines[1]) in parts


def test_a_word_in_a_long_text_is_found() -> None:
    text = "word " * 200_000
    assert differences(f"{text}old {text}", f"{text}new {text}") == [
        Part("SAME", text),
        Part("REMOVED", "old"),
        Part("ADDED", "new"),
        Part("SAME", f" {text}"),
    ]


def test_takes_no_time_whatever_differs() -> None:
    chance = random.Random(1)
    for words in (["a ", "b "], [f"w{number} " for number in range(50)], ["\n"], [f"{n}\n" for n in range(9)]):
        before, after = ("".join(chance.choices(words, k=MOST)) for _ in range(2))
        began = time.thread_time()
        assert sides(differences(before, after)) == (before, after)
        assert time.thread_time() - began < 5
