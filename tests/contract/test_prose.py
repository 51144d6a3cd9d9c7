"""Words of descriptions: which are refused, and what is written in their place."""

import pytest

from contract.readable.prose import faults


class TestProse:
    @pytest.mark.parametrize(
        ("text", "word", "instead"),
        [
            ("Answers an access token.", "Answers", "return"),
            ("Prove\n  the address first.", "Prove the address", "verify"),
            ("The owner is told.", "told", "notify"),
            ("By whoever reads it.", "whoever", "the caller"),
            ("It is asked for.", "asked for", "require"),
            ("An e-mail is sent.", "e-mail", "email"),
            ("The link is good for an hour.", "good for", "valid for"),
        ],
    )
    def test_refused_words_have_others_in_their_place(self, text: str, word: str, instead: str) -> None:
        ((found, remedy),) = faults(text)
        assert found == word
        assert instead in remedy

    @pytest.mark.parametrize(
        "text",
        [
            "Returns an access token.",
            "Verifies the address.",
            "Names `answer` and `told_by`.",
            "A taskforce retells it.",
        ],
    )
    def test_names_in_code_and_longer_words_are_none_of_them(self, text: str) -> None:
        assert list(faults(text)) == []

    def test_each_is_found(self) -> None:
        assert [word for word, _ in faults("Ask for what somebody wished, and answer.")] == [
            "Ask for", "somebody", "wished", "answer",
        ]  # fmt: skip
