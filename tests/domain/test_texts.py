import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.texts import line, something, visible

PLAIN = [
    "Ada",
    "Ada Lovelace ✨",
    "Ünsal Öz",
    "李小龍",
    "عائشة",
    "דנה",
    "जॉन",
    "two\nlines\tand a tab",
    "👍🏽",
    "❤️",
    "“c”",
]
JOINED = ["می‌خواهم", "क्‍ष", "👩‍💻", "❤️‍🔥", "🏳️‍🌈"]
# Bidirectional marks, embeddings, overrides and isolates (UAX 9); what is drawn without width or as a blank.
HIDING = (
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    "\u200b\u2060\ufeff\u00ad\u3164\u115f\uffa0\u034f\U000e0041"
)


class TestVisible:
    @pytest.mark.parametrize("text", [*PLAIN, *JOINED])
    def test_what_people_write_stays(self, text: str) -> None:
        assert visible(text) == text

    @pytest.mark.parametrize("character", HIDING)
    def test_what_hides_or_turns_goes(self, character: str) -> None:
        assert visible(f"A{character}da{character}") == "Ada"

    def test_controls_go_but_for_tab_and_line_feed(self) -> None:
        controls = "".join(chr(code) for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r\x85")
        assert visible(f"a{controls}\tb\n") == "a\tb\n"

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
    def test_lines_end_in_one_way(self, end: str) -> None:
        assert visible(f"a{end}b") == "a\nb"

    @pytest.mark.parametrize(
        "text", ["A\u200dda", "\u200cAda", "Ada\u200d", "A\u200c\u200dda", "É \u200c É", "É\u200da"]
    )
    def test_a_joiner_that_joins_nothing_goes(self, text: str) -> None:
        assert visible(text) == text.replace("\u200c", "").replace("\u200d", "")

    @given(st.text())
    def test_it_only_takes_away_and_twice_is_as_once(self, text: str) -> None:
        cleaned = visible(text)
        assert len(cleaned) <= len(text)
        assert visible(cleaned) == cleaned

    @given(st.text())
    def test_no_direction_is_left(self, text: str) -> None:
        turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        assert not turning & {unicodedata.bidirectional(character) for character in visible(text)}


class TestFlags:
    """Of England, Scotland and Wales: a black flag and the tags of the region."""

    def test_stay(self) -> None:
        for region in ("gbeng", "gbsct", "gbwls", "usca"):
            flag = "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
            assert visible(f"I am {flag}!") == f"I am {flag}!"

    @pytest.mark.parametrize(
        "tags", ["gbeng", "gbeng\x7f", "\U0001f3f4gb\x7f", "\U0001f3f4hidden text\x7f", "\U0001f3f4gbeng"]
    )
    def test_tags_that_make_none_go(self, tags: str) -> None:
        text = "".join(one if one > "\x7f" else chr(0xE0000 + ord(one)) for one in tags)
        assert visible(text) == text[:1].strip("".join(map(chr, range(0xE0000, 0xE0080))))


class TestSomething:
    @pytest.mark.parametrize("text", ["a", " a", "1", "-", "\U0001f600", "\u2764\ufe0f", "\u4e2d", "\uf8ff"])
    def test_is_what_can_be_seen(self, text: str) -> None:
        assert something(text) == text

    @pytest.mark.parametrize(
        "text", [None, "", " ", "\u3000", "\u2800\u2800", "\u0301", "\ufe0f", "\u200d", "\U000e0100"]
    )
    def test_is_nothing_else(self, text: str | None) -> None:
        assert something(text) is None


class TestLine:
    def test_white_space_is_one_space(self) -> None:
        assert line(" Ada \n\t\u3000Lovelace\u00a0") == "Ada Lovelace"

    @given(st.text())
    def test_there_is_one_line(self, text: str) -> None:
        assert len(line(visible(text)).splitlines()) <= 1
