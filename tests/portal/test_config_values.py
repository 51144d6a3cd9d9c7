"""Config keys in texts, told as the values that hold unless an admin sets others."""

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
