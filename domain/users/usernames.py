"""What a username may look like, and how often it may change."""

import math
import re
from collections.abc import Collection
from datetime import datetime, timedelta

from domain.config_keys import Config, IntKey
from domain.errors import ApiError

MIN_LENGTH = IntKey("site.username_min_length", 3, "minimum length of a username", 1, 100)
MAX_LENGTH = IntKey("site.username_max_length", 30, "maximum length of a username", 1, 100)
CHANGE_COOLDOWN_DAYS = IntKey("username.change_cooldown_days", 30, "days between two changes of a username", 0, 365)

# ASCII only, so that no letter of another script can pass for one of these.
FORM = re.compile(r"[a-z0-9._-]+")
# What browsers, search engines and proofs of ownership ask for at the root of a site is a file of one of these kinds.
FILES = re.compile(r".*\.(css|env|gz|html?|ico|js|json|map|md|mjs|pdf|php|png|svg|txt|wasm|webmanifest|xml|ya?ml)")


OWN = "biore"
# Characters that are read as others, those others, and signs that are hardly read at all.
ALIKE = ("01i5", "olls", "._-")
READ_AS = str.maketrans(*ALIKE)


def skeleton(username: str) -> str:
    """What is left of a name to who reads it in passing: of two that look alike it is the same."""
    return username.translate(READ_AS)


def readings(username: str) -> tuple[str, str]:
    """What it looks like, and what is left of that behind our own name, where reserved words could stand."""
    whole = skeleton(username)
    return whole, whole.removeprefix(skeleton(OWN))


def words_within(text: str) -> list[str]:
    """All that could be a word of it."""
    return [text[start:stop] for start in range(len(text)) for stop in range(start + 1, len(text) + 1)]


def is_made_of(text: str, words: Collection[str]) -> bool:
    """Whether it is nothing but words, one after the other."""
    reached = {0}
    for start in range(len(text)):
        if start in reached:
            reached |= {start + len(word) for word in words if text.startswith(word, start)}
    return len(text) in reached


def _spelt(letter: str) -> str:
    """All that reads as the letter."""
    shape = skeleton(letter)
    alike = [sign for sign in sorted({letter, shape, *ALIKE[0]}) if skeleton(sign) == shape]
    return f"[{''.join(alike)}]"


_SIGNS = f"[{ALIKE[2]}]*"
# However it is spelt, and as a word: other words begin alike, such as bioreactor.
OWN_FIRST = re.compile(_SIGNS + _SIGNS.join(map(_spelt, OWN)) + "(?![a-z])")


def passes_for_us(username: str) -> bool:
    """Whether our own name is its first word, so that it reads as one of our own accounts."""
    return OWN_FIRST.match(username) is not None


def require_well_formed(username: str, config: Config) -> None:
    """Raises ApiError error.user.username_length or username_format."""
    shortest, longest = config[MIN_LENGTH], config[MAX_LENGTH]
    if not shortest <= len(username) <= longest:
        raise ApiError("error.user.username_length", minLen=shortest, maxLen=longest)
    if not FORM.fullmatch(username):
        raise ApiError("error.user.username_format")


def is_name(username: str) -> bool:
    """Whether it reads as a name and not as a path: a letter or digit, no dot at an end, no two in a row, no file."""
    dotted = username.startswith(".") or username.endswith(".") or ".." in username
    return any(map(str.isalnum, username)) and not dotted and not FILES.fullmatch(username)


def require_no_path(username: str | None, site_paths: Collection[str]) -> None:
    """Raises ApiError username_unavailable for our own name, and for what the site serves: bio pages stand beside it.

    ``site_paths``: the first segment of every path that it answers.
    """
    if username is not None and (username in site_paths or not is_name(username) or passes_for_us(username)):
        raise ApiError("auth.register.username_unavailable")


def may_be_asked_for(username: str, config: Config, site_paths: Collection[str]) -> bool:
    """Whether no rule stands against it; whether it is free is another question."""
    try:
        require_well_formed(username, config)
        require_no_path(username, site_paths)
    except ApiError:
        return False
    return True


def require_rested(changed_at: datetime | None, now: datetime, days: int) -> None:
    """Raises ApiError error.user.username_cooldown while the last change is younger than ``days``."""
    left = timedelta(0) if changed_at is None else changed_at + timedelta(days=days) - now
    if left > timedelta(0):
        days_left = math.ceil(left / timedelta(days=1))
        raise ApiError("error.user.username_cooldown", retry_after=left.total_seconds(), daysLeft=days_left)
