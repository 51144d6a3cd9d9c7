"""What calls without a principal show of ours, by which they are counted: whoever shares a network shares no fate.

Looked at before the body is read and without the database, so a mark is good by its HMAC alone: no stranger can make
one up. It may be of a session that ended, or of a device that no account knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.auth.devices import read_device
from domain.keys import Purpose
from runtime.web.call import Call
from runtime.web.cookie import RefreshCookie, cookies_of
from runtime.web.visitor import DeviceCookie
from services.keyring import Keyring
from services.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Mark:
    """``read`` gives the mark of a call, if it has one.

    ``wide`` is how many times its own limit all marked calls of one network may make together: a session takes a
    sign-in, while who signs in again and again gets a device each time, and guesses passwords with it.
    """

    read: Callable[[Call], str | None]
    wide: int


def marks(refresh: RefreshCookie, device: DeviceCookie, tokens: Tokens, keyring: Keyring) -> Mapping[str, Mark]:
    """By ``Policy.counted_by``."""

    def session(call: Call) -> str | None:
        shown = map(tokens.read_refresh, cookies_of(call, refresh.name))
        return next((str(token.session_id) for token in shown if token is not None), None)

    def known_device(call: Call) -> str | None:
        keys = keyring.keys(Purpose.DEVICE)
        shown = (read_device(value, keys) for value in cookies_of(call, device.name))
        return next((str(device_id) for device_id in shown if device_id is not None), None)

    return {"session": Mark(session, wide=256), "device": Mark(known_device, wide=16)}
