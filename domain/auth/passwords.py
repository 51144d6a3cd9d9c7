"""Passwords: the one form in which they are judged and compared, and those that everybody tries first."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from domain.config_keys import IntKey
from domain.errors import ApiError

SALT_ROUNDS = IntKey("auth.salt_rounds", 12, "bcrypt cost of new password hashes", 10, 16)

# Composing takes quadratic time for combining marks in a hostile order. The longest field for a password has 1024
# characters, and composing makes a fourth of a text at most: what is longer than this breaks ``maxLength`` as it is.
LONGEST_COMPOSED = 4 * 1024
# What people add to a word when a rule asks for a digit or a sign: a year, "123", "-1", "!".
DECORATED = re.compile(r"[ -@\[-`{-~]{0,5}([^ -@\[-`{-~].*[^ -@\[-`{-~])[ -@\[-`{-~]{0,5}", re.DOTALL)
LONGEST_COMMON = 40
ALIKE = 2
SITE = ("bio.re", "biore", "bio-re", "bio_re")
SHORTEST_WORD = 3


def nfc(text: str) -> str:
    """Canonical composition (RFC 8265, OpaqueString): nothing is folded or trimmed.

    Systems type one letter as one character or as several. Compatible characters (NFKC) stay different: to make them
    one would let other passwords in than the one that was chosen.
    """
    return unicodedata.normalize("NFC", text) if len(text) <= LONGEST_COMPOSED else text


@cache
def common_passwords() -> Mapping[str, str]:
    """By how they begin, one in each line, in lower case, from the leaks of many sites: see common_passwords.md.

    Some hundred texts take far less memory than a set of all passwords, and a search in one takes a microsecond.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for password in files("domain.auth").joinpath("common_passwords.txt").read_text(encoding="utf-8").splitlines():
        alike[password[:ALIKE]].append(password)
    return {start: "\n".join(["", *passwords, ""]) for start, passwords in alike.items()}


def is_common(password: str) -> bool:
    """Whether it stands in the list, in any case, as it is or with up to five digits and signs around it."""
    if len(password) > LONGEST_COMMON:
        return False
    folded = password.lower()
    return _is_listed(folded) or _is_listed(_undecorated(folded))


def _is_listed(password: str) -> bool:
    return "\n" not in password and f"\n{password}\n" in common_passwords().get(password[:ALIKE], "")


def _undecorated(folded: str) -> str:
    match = DECORATED.fullmatch(folded)
    return match[1] if match else folded


def require_impersonal(field: str, password: str, email: str | None, username: str | None) -> None:
    """Raises ApiError validation.failed when the password is nothing but our name, the address or the username."""
    folded = password.lower()
    if not {folded, _bare(folded), _bare(_undecorated(folded))}.isdisjoint(_own_words(email, username)):
        raise refusal(field, "personal_password")


def _own_words(email: str | None, username: str | None) -> set[str]:
    words: Iterable[str] = (*SITE, email or "", (email or "").partition("@")[0], username or "")
    return {form for word in words for form in (word.lower(), _bare(word)) if len(form) >= SHORTEST_WORD}


def _bare(text: str) -> str:
    """Without signs and without the digits at its ends."""
    return re.sub(r"[\W_]", "", text.lower()).strip("0123456789")


def require_unleaked(field: str, *, leaked: bool) -> None:
    """Raises ApiError validation.failed."""
    if leaked:
        raise refusal(field, "leaked_password")


def refusal(field: str, rule: str) -> ApiError:
    return ApiError("validation.failed", details=[{"field": field, "rule": rule}])


def missing(field: str) -> ApiError:
    """The refusal of a body without a field that is asked for in this case alone."""
    return refusal(field, "required")


STEPS = {"nfc": nfc}
CHECKS = {"common_password": is_common}
