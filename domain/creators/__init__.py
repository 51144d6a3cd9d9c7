"""The creator side of an account, as callers see it."""

from typing import Any, Protocol
from uuid import UUID

from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Principal
from domain.wire import creators as wire


class ConnectedAccount(Protocol):
    platform: Any
    platform_username: Any
    verified: Any
    connected_at: Any
    reconnect: Any


def social_account_view(account: ConnectedAccount) -> wire.SocialAccount:
    """``platform`` as recorded, in lower case."""
    return presented(wire.SocialAccount, account)


def creator_id_of(principal: Principal) -> UUID:
    """The caller's profile. Raises ApiError error.creator.not_found, which scope ``creator`` did before."""
    if principal.creator_id is None:
        raise ApiError("error.creator.not_found")
    return principal.creator_id
