"""Personal data as staff sees it that may not see it whole."""

from domain.auth import mask_ip
from domain.users import mask_email

SHOWN_DIGITS = 2


def masked_email(email: str | None) -> str | None:
    """``a***@e***.com``."""
    return None if email is None else mask_email(email)


def masked_phone(phone: str | None) -> str | None:
    """The last two digits: ``***12``."""
    return None if phone is None else f"***{phone[-SHOWN_DIGITS:]}"


def masked_ip(ip: str | None) -> str | None:
    """Without its last part, as the owner of a session is shown it."""
    return mask_ip(ip)
