"""Config keys in texts, told as the values that hold unless an admin sets others."""

from pathlib import Path

import pytest

from portal.config_values import with_values
from services.config.catalogue import CATALOGUE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("within `auth.undo_hours` it", "within 72 hours it"),
        ("within `auth.undo_hours` hours it", "within 72 hours it"),
        ("after `auth.lockout_threshold` failures", "after 5 failures"),
        ("one of `sms.allowed_countries`", "one of `sms.allowed_countries`"),
        ("refused with `auth.login.account_locked`", "refused with `auth.login.account_locked`"),
    ],
)
def test_a_number_stands_for_its_key(text: str, told: str) -> None:
    assert with_values(text, CATALOGUE) == told


def test_a_meaning_is_told_alike_everywhere(built: Path) -> None:
    """On the page of the error, on that of an operation, and in the Markdown of both."""
    where = ("errors/auth/index.html", "errors/auth.md", "errors.md", "auth/change-password/index.html")
    told = [" ".join((built / "docs" / name).read_text().split()) for name in where]
    assert [name for name, text in zip(where, told, strict=True) if "older than 5 minutes" not in text] == []
