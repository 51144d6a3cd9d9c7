"""Account numbers and codes of banks: what of them can be told to be wrong without asking a bank."""

from domain.money.countries import COUNTRIES

# ISO 13616: how long an IBAN of a country is. Tests hold the table against the registry that a library brings.
LANDS_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "AX DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE GG IE IM JE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV GW LY MZ PT ST",
    26: "DZ IR IS TR",
    27: "BI BL CF CG CM DJ FR GA GF GP GQ GR IT KM MC MF MG MQ MR NC PF PM RE SM TD TF WF YT",
    28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
LENGTHS = {land: length for length, lands in LANDS_BY_LENGTH.items() for land in lands.split()}
# Whose banks have account numbers or codes of another land.
LEANING = {"FI": "AX", "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT", "GB": "GG IM JE"}
STATES = {land: state for state, lands in LEANING.items() for land in lands.split()}
ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def is_iban(text: str) -> bool:
    """Whether the length is that of the country, and the check digits are right (ISO 7064, MOD 97-10)."""
    if LENGTHS.get(text[:2]) != len(text) or not ALPHANUMERIC.issuperset(text):
        return False
    digits = text[2:4]
    if not ("02" <= digits <= "98" and digits.isdigit()):  # of 00 and 97 one only is ever given
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def is_bic(text: str) -> bool:
    """Of a text in the form of a BIC (ISO 9362): whether its country is one."""
    return text[4:6] in COUNTRIES


def is_same_land(one: str, other: str) -> bool:
    """Whether a bank of one country may go by the country code of the other."""
    return STATES.get(one, one) == STATES.get(other, other)
