import html
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.email_address import lower
from domain.texts import MARKUP, MOST_TAGS, TAGS, line, plain, something, upper, visible

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


# What markup is made of, so that texts come near to it.
PIECES = st.sampled_from(
    ["<", ">", "</", "<!--", "-->", "&", "&lt;", "&gt;", "&amp;", "lt;", "amp;", "&#60;", "&#x3c;", "&LT", "b",
     "script", "style", "<b>", "</b>", "<script>", "</script>", "<style>", "/", "!", "?", " ", "=", "'", '"', "a", "3",
     "\n", "\r",
     "\u200b", "\xad", "\u200d", "é", "\u202e", "<plaintext>", "<textarea>", "<![CDATA[", "]]>", "<p", "&nbsp;", "\xa0"]
)  # fmt: skip
MARKED = st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join)


class TestPlain:
    @pytest.mark.parametrize(
        "text",
        ["a < b", "I <3 you", "Tom & Jerry", "1 < 2 > 0", "a<3", "<", "&", "& < >", "AT&T", "x <- y", "5 > 4", "a && b",
         "«naïve»", "two\nlines", *PLAIN, *JOINED],
    )  # fmt: skip
    def test_leaves_text_as_it_is(self, text: str) -> None:
        assert plain(text) == text

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("<b>bold</b> and <i class=x>not</i>", "bold and not"),
            ("before<script>alert(1)</script>after", "beforeafter"),
            ("<style>a{}</style>x", "x"),
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("Tom &amp;amp; Jerry", "Tom & Jerry"),
            ("&lt;script&gt;alert(1)&lt;/script&gt;", ""),
            ("&amp;lt;b&amp;gt;x", "x"),
            ("&#60;img src=x onerror=alert(1)&#62;", ""),
            ("<\u200bscript>x</script>", ""),
            ("<scr\u00adipt>x</script>", ""),
            ("<<b>script>x", ""),
            ("a </", "a /"),
            ("a <</", "a /"),
            ("&</", "&/"),
            ("<!-- secret -->x<?php y ?>z", "xz"),
            ("a<br>b", "ab"),
            ("<a href='https://evil.example'>here</a>", "here"),
            ("", ""),
        ],
    )
    def test_takes_out_what_is_no_text(self, text: str, left: str) -> None:
        assert plain(text) == left

    @pytest.mark.parametrize("levels", range(3, 9))
    def test_what_is_escaped_deeper_loses_its_signs(self, levels: int) -> None:
        text = "<b>x"
        for _ in range(levels):
            text = html.escape(text)
        left = plain(text)
        assert left.endswith("b" + "amp;" * (levels - 4) + ("gt;x" if levels > 3 else ">x"))
        assert not set(left) & set("<&")
        assert plain(left) == left

    @given(MARKED)
    @settings(max_examples=400)
    def test_is_text_and_stays_so(self, text: str) -> None:
        left = plain(text)
        assert MARKUP.search(left) is None
        assert plain(left) == left
        assert visible(left) == left

    @given(st.text())
    def test_what_has_no_signs_is_the_same_the_short_way(self, text: str) -> None:
        """Texts without `<` and `&` are not parsed: nothing would come of it."""
        bare = visible(text).replace("<", "").replace("&", "")
        assert visible(html.unescape(TAGS.clean(bare))) == visible(bare) == plain(bare)

    @pytest.mark.parametrize(
        "text",
        ["<div>" * 8000, "".join(f"<b a={n}>" for n in range(2500)) + "<p>x" * 4000, "&" + "amp;" * 10_000,
         "<" * 40_000,
         "<a " + "b='c' " * 6000, "<div>" * MOST_TAGS, "&lt;div&gt;" * MOST_TAGS,
         "".join(f"<b a={n}>" for n in range(MOST_TAGS // 2)) + "<p>x" * (MOST_TAGS // 2)],
        ids=range(8),
    )  # fmt: skip
    def test_takes_no_time_for_hostile_texts(self, text: str) -> None:
        began = time.thread_time()
        assert MARKUP.search(plain(text)) is None
        assert time.thread_time() - began < 0.05


class TestUpper:
    @pytest.mark.parametrize(
        ("text", "upped"), [("tr", "TR"), ("straße", "STRASSE"), ("é", "É"), ("ǆ", "Ǆ"), ("7", "7")]
    )
    def test_is_upper_case(self, text: str, upped: str) -> None:
        assert upper(text) == upped

    @given(st.text())
    def test_is_one_form(self, text: str) -> None:
        assert upper(upper(text)) == upper(text)
        assert unicodedata.is_normalized("NFC", upper(text))
        assert lower(lower(text)) == lower(text)
