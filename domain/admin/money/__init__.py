"""What whoever decides on the money of others must keep to."""

from collections.abc import Sequence
from uuid import UUID

from domain.errors import ApiError, transition_invalid
from domain.money.ledger import FROZEN_BY_STAFF
from domain.users import Principal


def require_not_own(user_id: UUID, principal: Principal) -> None:
    """Of the account that is decided on. Raises ApiError admin.finance.own_account."""
    if user_id == principal.user_id:
        raise ApiError("admin.finance.own_account")


def freeze_to_end(reasons: Sequence[str], named: str | None) -> str | None:
    """Which of the reasons for which a wallet is frozen staff ends: the one that is named, or else the only one that
    staff has set. None where the one that is named does not hold.

    Raises ApiError admin.transition_invalid where none is named, and the platform has set them all or staff several.
    """
    given = [why for why in reasons if why in FROZEN_BY_STAFF and named in {None, why}]
    if named is not None and not given:
        return None
    if len(given) != 1:
        raise transition_invalid("+".join(given or reasons), "UNFROZEN")
    return given[0]
