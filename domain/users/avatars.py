"""Which addresses an avatar may have: whoever looks at it calls its host."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from domain.errors import ApiError
from domain.upload import is_usable

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_HOST = 253
# Names that no public host has (RFC 6761, 6762, 7686, 8375; ICANN for .internal), and what routers and offices use.
PRIVATE = {
    "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "mail",
    "onion", "private", "test",
}  # fmt: skip


def avatar_columns(url: str, key: str | None, upload: Any, user_id: UUID, *, loopback: bool) -> dict[str, str | None]:
    """What an account keeps of its picture. Raises ApiError error.user.avatar_not_allowed.

    ``key`` and ``upload`` are those of a file that lies with us. Only the account's own are good, and only they are
    shown to others. ``loopback``: an address of this machine is good, too.
    """
    good = is_usable(upload, user_id) if key else (loopback and url.startswith("http://")) or has_public_host(url)
    if not good:
        raise ApiError("error.user.avatar_not_allowed")
    return {"avatar_url": url, "avatar_key": key}


def has_public_host(url: str) -> bool:
    """The contract lets no port, credentials, fragment or number of a host through, and ``http`` only of loopback."""
    parts = urlsplit(url)
    labels = (parts.hostname or "").split(".")
    well_formed = all(LABEL.fullmatch(label) for label in labels) and len(parts.netloc) <= LONGEST_HOST
    public = parts.scheme == "https" and len(labels) > 1 and labels[-1].isalpha() and labels[-1] not in PRIVATE
    return well_formed and public
