"""Whose a bio page is."""

from uuid import UUID

from domain.errors import ApiError
from domain.users import Principal


def creator_of(principal: Principal) -> UUID:
    """The profile of whoever calls an operation of scope ``creator``. Raises ApiError error.creator.not_found."""
    if principal.creator_id is None:
        raise ApiError("error.creator.not_found")
    return principal.creator_id


def require_own(principal: Principal, creator_id: str) -> UUID:
    """Raises ApiError not_owner, the same whether there is such a profile or not."""
    own = creator_of(principal)
    if own != UUID(creator_id):
        raise ApiError("creator.bio.not_owner")
    return own
