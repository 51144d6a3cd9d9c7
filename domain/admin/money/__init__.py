"""What whoever decides on the money of others must keep to."""

from uuid import UUID

from domain.errors import ApiError
from domain.users import Principal


def require_not_own(user_id: UUID, principal: Principal) -> None:
    """Of the account that is decided on. Raises ApiError admin.finance.own_account."""
    if user_id == principal.user_id:
        raise ApiError("admin.finance.own_account")
