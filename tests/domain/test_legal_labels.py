"""How versions of legal texts are called."""

import pytest

from domain.admin.content.texts import next_label


@pytest.mark.parametrize(
    ("own", "published", "in_force", "consent", "label"),
    [
        ([], [], "1.0", False, "1.0"),
        ([], [], "1.0", True, "2.0"),
        ([], [], "2024-05", True, "2.0"),
        ([], [], "3.2", False, "3.2"),
        (["1.0"], ["1.0"], "1.0", False, "1.1"),
        (["1.0", "1.1"], ["1.1", "1.0"], "1.0", True, "2.0"),
        (["1.9"], ["1.9"], "1.0", False, "1.10"),
        (["1.9"], ["1.9", "1.10"], "1.0", False, "1.10"),
        # Another language has that version already.
        ([], ["2.0"], "1.0", True, "2.0"),
        ([], ["2.0"], "2.0", False, "2.0"),
        (["1.0"], ["1.0", "2.0"], "1.0", True, "2.0"),
        (["2.0"], ["1.0", "2.0"], "2.0", True, "3.0"),
        # An operator has named a later one.
        (["1.0"], ["1.0"], "4.0", True, "5.0"),
        (["1.0", None], ["1.0", None], "1.0", False, "1.1"),
    ],
)
def test_the_next_one(
    own: list[str | None], published: list[str | None], in_force: str, consent: bool, label: str
) -> None:
    assert next_label(own, published, in_force, consent=consent) == label
