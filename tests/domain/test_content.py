"""What becomes of a text that is published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.pages import Page
from domain.content.publishing import columns_of, folded, minutes_to_read
from domain.trust.folding import MOST


class TestFolded:
    def test_spaces_and_letters_that_read_alike_are_one(self) -> None:
        assert folded("  İSTANBUL\n\t Ça\u200bfé ") == folded("istanbul cafe")

    def test_a_letter_is_the_same_however_it_is_composed(self) -> None:
        assert folded("한국어 é") == folded("\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 e\u0301")

    def test_a_long_text_is_folded_to_its_end(self) -> None:
        assert folded("A" * MOST + "B" * MOST + "C").endswith("bbc")

    @given(st.text(), st.text(), st.text())
    def test_what_a_text_contains_is_found_in_it(self, before: str, sought: str, after: str) -> None:
        assert folded(sought) in folded(f"{before} {sought} {after}")


class TestMinutes:
    @pytest.mark.parametrize(
        ("text", "minutes"),
        [
            ("", 1),
            ("word " * 200, 1),
            ("word " * 201, 2),
            ("字" * 500, 1),
            ("字" * 501, 2),
            ("word " * 100 + "字" * 251, 2),
        ],
    )
    def test_by_words_or_by_characters(self, text: str, minutes: int) -> None:
        assert minutes_to_read(text) == minutes


class TestColumns:
    def test_only_what_is_shown_can_be_found(self) -> None:
        made = columns_of("post", {"title": "T", "excerpt": None, "html": "<p>Hi</p><script>secret</script>"})
        assert (made["html"], made["folded"], made["minutes"]) == ("<p>Hi</p>", f"t\n{folded('hi')}", 1)
        assert columns_of("page", {"title": "T", "html": ""})["minutes"] is None


class TestPage:
    def test_a_last_page_that_is_not_full_counts(self) -> None:
        page = Page(3, 20)
        assert page.offset == 40
        assert [page.numbers(total)["totalPages"] for total in (0, 1, 20, 21)] == [0, 1, 1, 2]
