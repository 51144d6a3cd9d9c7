"""Names of operations: what is taken, and what is refused with a remedy."""

import pytest

from contract.loader import load
from contract.readable.titles import MAX_LENGTH, NOUNS, VERBS, faults

OPERATIONS = [node for item in load().document["paths"].values() for node in item.values() if "summary" in node]
FORMER = [
    "Prove the address", "Trade the refresh token for a new pair", "A URL to upload a file by", "Who is signed in",
    "What a challenge is about", "What a reactivation link is good for", "Take back the wish to be erased",
    "How far an export is", "This was not me", "Whether a username may be taken", "Ask for another e-mail address",
]  # fmt: skip


class TestTitles:
    @pytest.mark.parametrize("title", [node["summary"] for node in OPERATIONS])
    def test_of_ours_are_good(self, title: str) -> None:
        assert list(faults(title)) == []

    @pytest.mark.parametrize("title", sorted(NOUNS))
    def test_that_are_documented_need_no_verb(self, title: str) -> None:
        assert list(faults(title)) == []
        assert title.split()[0] not in VERBS

    @pytest.mark.parametrize("title", ["Login with 2FA", "Request Data Export (Deprecated)", "Set Up Two-Factor"])
    def test_have_small_words_digits_and_hyphens(self, title: str) -> None:
        assert list(faults(title)) == []

    @pytest.mark.parametrize("title", FORMER)
    def test_in_private_words_are_refused(self, title: str) -> None:
        assert "begins with no known verb" in dict(faults(title))

    @pytest.mark.parametrize(
        ("title", "told"),
        [
            ("Get What Was Told", "has the word 'What'"),
            ("Get What Was Told", "has the word 'Told'"),
            ("List Answers of Somebody", "has the word 'Somebody'"),
            ("List Answers of Somebody", "has the word 'Answers'"),
            ("Get Asked Wishes", "has the word 'Asked'"),
            ("Get Asked Wishes", "has the word 'Wishes'"),
            ("Verify email", "has 'email', which is not Title Case"),
            ("Get List of", "has 'of', which is not Title Case"),
            ("Get Profile.", "has 'Profile.', which is not Title Case"),
            ("get Profile", "begins with no known verb"),
            ("Current Session", "begins with no known verb"),
            ("", "begins with no known verb"),
            ("Get A B C D E F", "is too long"),
            (f"Get {'X' * MAX_LENGTH}", "is too long"),
        ],
    )
    def test_are_refused_with_a_remedy(self, title: str, told: str) -> None:
        found = dict(faults(title))
        assert len(found[told]) > 5
