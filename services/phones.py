"""Where a phone is, by Google's list of number plans."""

from functools import lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneNumberType,
    number_type,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)

parse("+12025550143")  # loads its plans, which takes too long for a request to wait for

# No country: satellites, global networks, codes that nobody has.
NOWHERE = {None, "001", "ZZ"}
# What calls and messages to them cost is set by their owners, or they take none.
NOT_PHONES = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}


@lru_cache(maxsize=1024)
def region_of(phone: str) -> str | None:
    """The ISO 3166 code of an E.164 number's country; None when no message of ours should go there.

    A number that its country's plan does not know counts as one of the first country of its calling code.
    """
    try:
        number = parse(phone)
    except NumberParseException:
        return None
    if number_type(number) in NOT_PHONES:
        return None
    region = region_code_for_number(number) or region_code_for_country_code(number.country_code or 0)
    return None if region in NOWHERE else region
