"""The creator side of an account, as callers see it."""

from typing import Any, Protocol

from domain.presenting import presented
from domain.wire import creators as wire


class ConnectedAccount(Protocol):
    platform: Any
    platform_username: Any
    verified: Any
    connected_at: Any


def social_account_view(account: ConnectedAccount) -> wire.SocialAccount:
    """``platform`` as recorded, in lower case."""
    return presented(wire.SocialAccount, account)
