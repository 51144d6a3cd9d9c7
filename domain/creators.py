"""The creator side of an account, as callers see it."""

from typing import Any, Protocol

from domain.users import timestamp


class ConnectedAccount(Protocol):
    platform: Any
    platform_username: Any
    verified: Any
    created_at: Any


def social_account_view(account: ConnectedAccount) -> dict[str, Any]:
    """``platform`` as recorded, in lower case."""
    return {
        "platform": account.platform,
        "platformUsername": account.platform_username,
        "verified": account.verified,
        "connectedAt": timestamp(account.created_at),
    }
