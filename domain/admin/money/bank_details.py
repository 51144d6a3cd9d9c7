"""Bank details of creators as the staff sees and decides on them."""

from typing import Any

from domain.creators.bank import PENDING, UNREADABLE, BankDetails
from domain.errors import transition_invalid
from domain.presenting import presented
from domain.wire import admin as wire


def require_move(before: str, after: str) -> None:
    """What was decided can be decided otherwise. Raises ApiError admin.transition_invalid."""
    if before == after or after == PENDING:
        raise transition_invalid(before, after)


def details_view(
    row: Any, details: BankDetails, verified_name: str | None, tax_name: str | None
) -> wire.BankDetailsToReview:
    """``row``: of the account and its profile, with the row of the details."""
    return presented(
        wire.BankDetailsToReview,
        row.BankDetail,
        creatorId=str(row.creator_id),
        username=row.username,
        displayName=row.display_name,
        kycStatus=row.kyc_status,
        verifiedName=verified_name,
        taxName=tax_name,
        accountHolderName=details.account_holder_name or UNREADABLE,
        bankName=details.bank_name,
        swiftCode=details.swift_code,
        bankCountry=details.bank_country,
        ibanLast4=row.BankDetail.last4,
    )
