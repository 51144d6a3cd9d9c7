"""Codes and phone numbers as people type, paste and dictate them: each has one form in which it is compared."""

import re
import unicodedata

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    parse,
)

TRUNK_ZERO = re.compile(r"\(0\)")  # +49 (0) 30 …: dialled within the country only
ABROAD = re.compile(r"\+[1-9][0-9]{0,18}")
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
    """In E.164, as the plan of its country has it: one number has one form, however it is dialled at home.

    What no plan has room for loses its plus, so that it is refused like anything else that is no number.
    """
    plain = _plain(text)
    forms = [_ungrouped(TRUNK_ZERO.sub("", plain)), _ungrouped(plain)]  # +39 (0) 6 …: of Italy's numbers it is a part
    if ABROAD.fullmatch(forms[0]) is None:
        return forms[0]
    possible = [number for number in map(_in_its_plan, forms) if number is not None]
    known = (number for number in possible if is_valid_number(parse(number)))
    return next(known, possible[0] if possible else forms[0].removeprefix("+"))


def in_one_form(stored: str) -> str:
    """A phone that was stored before numbers had one form. What is no number is not made another one."""
    cleaned = clean_phone(stored)
    return cleaned if cleaned.startswith("+") else stored


def compact(text: str) -> str:
    """Without blanks, dashes and what cannot be seen, as numbers of accounts are printed in groups."""
    return "".join(one for one in text if unicodedata.category(one) not in GROUPING_CATEGORIES)


def _ungrouped(text: str) -> str:
    """Without what groups its digits, and with a plus where 00 leads abroad."""
    bare = "".join(one for one in compact(text) if one not in GROUPING)
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def _in_its_plan(number: str) -> str | None:
    """Without what is dialled within the country only. None for a number that cannot be dialled from abroad."""
    try:
        read = parse(number)
    except NumberParseException:
        return None
    if is_possible_number_with_reason(read) != ValidationResult.IS_POSSIBLE:
        return None
    written = format_number(read, PhoneNumberFormat.E164)
    return written if len(written) >= len(number) else _in_its_plan(written)


STEPS = {"code": clean_code, "phone": clean_phone, "compact": compact}
