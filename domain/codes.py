"""Codes and phone numbers as people type, paste and dictate them: each has one form in which it is compared."""

import re
import unicodedata

TRUNK_ZERO = re.compile(r"\(0\)")  # +49 (0) 30 …: dialled within the country only
# Blanks and dashes of every kind, invisible marks that travel with what was copied, and what groups digits.
GROUPING_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})
GROUPING = frozenset("().,/·")


def _plain(text: str) -> str:
    """With full-width characters as plain ones, and the decimal digits of every script as 0 to 9."""
    # One by one, so that no character joins its neighbour.
    narrow = "".join(unicodedata.normalize("NFKC", one) for one in text)
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in narrow)


def clean_code(text: str) -> str:
    """Letters in upper case and digits; nothing of what stands between or around them."""
    return "".join(one for one in _plain(text).upper() if one.isalnum())


def clean_phone(text: str) -> str:
    """Without what groups its digits, and with a plus where 00 leads abroad. Anything else is left to be refused."""
    bare = "".join(
        one
        for one in TRUNK_ZERO.sub("", _plain(text))
        if one not in GROUPING and unicodedata.category(one) not in GROUPING_CATEGORIES
    )
    return f"+{bare[2:]}" if bare.startswith("00") else bare


STEPS = {"code": clean_code, "phone": clean_phone}
