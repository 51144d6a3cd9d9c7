"""Names of devices: what browsers send is read, and not more of it than they send."""

import asyncio
from uuid import uuid4

import pytest

from services.devices import MOST_CHARACTERS, device_of, devices_of

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


def test_other_calls_have_their_turn_after_each_device_of_many() -> None:
    hostile = [f"{CHROME} {uuid4()}" for _ in range(20)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def name_them() -> None:
        beside = asyncio.create_task(others())
        devices = await devices_of([*hostile, None, hostile[0]])
        beside.cancel()
        assert devices == dict.fromkeys(hostile, "Chrome on macOS") | {None: None}

    asyncio.run(name_them())
    assert turns >= len(hostile)
