"""What a platform says of a person, cleaned: it is told by others, and goes into our tables and mails."""

import re
from typing import Any

from domain.email_address import is_valid, normalize
from domain.texts import line, something, visible
from providers.ports import ProviderRejected

MAX_ADDRESS = 254
MAX_LABEL = 100
MAX_UNCLEANED = 4 * MAX_LABEL
SUBJECT = re.compile(r"[!-~]{1,255}")


class NoSubject(ProviderRejected):
    """The platform answered, and said of nobody who it is."""


def subject(value: Any) -> str:
    """Raises NoSubject when there is none."""
    if not isinstance(value, str) or SUBJECT.fullmatch(value) is None:
        raise NoSubject("the platform named no subject")
    return value


def address(value: Any) -> str | None:
    """The address as it may register here, or None."""
    if not isinstance(value, str) or len(value) > MAX_ADDRESS:
        return None
    normalized = normalize(value)
    return normalized if is_valid(normalized) and len(normalized) <= MAX_ADDRESS else None


def label(value: Any) -> str | None:
    """A name to be shown: in one line, nothing invisible, of a bounded length."""
    return something(line(visible(value[:MAX_UNCLEANED]))[:MAX_LABEL].strip()) if isinstance(value, str) else None
