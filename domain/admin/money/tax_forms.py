"""Tax forms of creators as the staff reviews them."""

from collections.abc import Mapping
from typing import Any

from domain.clock import timestamp
from domain.creators.tax import APPROVED, PENDING, REJECTED, shown
from domain.errors import transition_invalid
from domain.presenting import presented
from domain.wire import admin as wire

MOVES = {(PENDING, APPROVED), (PENDING, REJECTED), (APPROVED, REJECTED)}


def require_move(before: str, after: str) -> None:
    """Raises ApiError admin.transition_invalid."""
    if (before, after) not in MOVES:
        raise transition_invalid(before, after)


def form_view(row: Any, secret: Mapping[str, Any]) -> wire.TaxFormToReview:
    """``row``: of the account, with the row of the form. The tax number itself is not shown."""
    return presented(
        wire.TaxFormToReview,
        row.TaxForm,
        username=row.username,
        displayName=row.display_name,
        **shown(secret),
        submittedAt=timestamp(row.TaxForm.created_at),
    )
