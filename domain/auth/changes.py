"""What a mail about a change of an account carries."""

import json
from dataclasses import asdict, dataclass, replace

from domain.config_keys import IntKey

UNDO_HOURS = IntKey("auth.undo_hours", 72, "hours for which a change of sign-in data can be undone", 1, 720)
YOUNG_DAYS = IntKey(
    "auth.young_days",
    7,
    "a platform or second factor younger than this is removed when the address is verified again by mail or platform",
    0,
    365,
)

OPENED = "account_opened"
MOVED = "address_changed"


@dataclass(frozen=True, slots=True)
class Notice:
    """``to``: the address that was proven before the change; ``undo``: the token that undoes it.

    ``link``: the token of another link in the same mail.
    """

    to: str = ""
    undo: str = ""
    link: str = ""

    def written(self, link: str = "") -> str:
        """As the secret of the mail's job."""
        return json.dumps(asdict(replace(self, link=link)))


def read_notice(secret: str) -> Notice:
    """Of a job; an empty one for a job that a release without such notices left behind."""
    try:
        return Notice(**json.loads(secret))
    except (ValueError, TypeError):
        return Notice()
