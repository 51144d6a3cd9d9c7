"""What a username may look like, and how often it may change."""

import math
import re
from datetime import datetime, timedelta

from domain.config_keys import Config
from domain.errors import ApiError

# ASCII only, so that no letter of another script can pass for one of these.
FORM = re.compile(r"[a-z0-9._-]+")


def require_well_formed(username: str, config: Config) -> None:
    """Raises ApiError error.user.username_length or username_format."""
    shortest, longest = config["site.username_min_length"], config["site.username_max_length"]
    if not shortest <= len(username) <= longest:
        raise ApiError("error.user.username_length", minLen=shortest, maxLen=longest)
    if not FORM.fullmatch(username):
        raise ApiError("error.user.username_format")


def is_well_formed(username: str, config: Config) -> bool:
    try:
        require_well_formed(username, config)
    except ApiError:
        return False
    return True


def require_rested(changed_at: datetime | None, now: datetime, days: int) -> None:
    """Raises ApiError error.user.username_cooldown while the last change is younger than ``days``."""
    left = timedelta(0) if changed_at is None else changed_at + timedelta(days=days) - now
    if left > timedelta(0):
        raise ApiError("error.user.username_cooldown", daysLeft=math.ceil(left / timedelta(days=1)))
