"""Names of devices: what browsers send is read, and not more of it than they send."""

import pytest

from services.devices import MOST_CHARACTERS, device_of

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (None, None),
        ("", None),
        ("curl/8.0", None),
        (CHROME, "Chrome on macOS"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox on Ubuntu"),
        (CHROME + " " * MOST_CHARACTERS + "Firefox/120.0", "Chrome on macOS"),
        (" " * MOST_CHARACTERS + CHROME, None),
    ],
)
def test_device_of(user_agent: str | None, device: str | None) -> None:
    assert device_of(user_agent) == device
