"""E-mail addresses: one stored form per mailbox, and the subset of RFC 5321 that may register.

An address is a dot-atom, ``@`` and a domain name; quoted local parts and address literals are valid in RFC 5322 but
are refused here, for hardly anybody has one and every system that passes them on quotes them differently.
"""

import re
import unicodedata
from functools import lru_cache

import idna

MAX_LOCAL = 64
MAX_DOMAIN = 253
MAX_LABEL = 63

DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LDH_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


def nfkc(text: str) -> str:
    """Compatibility composition (UAX 15): full-width letters become plain ones, accents join their letter."""
    return unicodedata.normalize("NFKC", text)


def trim(text: str) -> str:
    return text.strip()


def lower(text: str) -> str:
    """Lower case, composed again: lowering a dotted capital I splits it, which may leave its marks out of order."""
    return unicodedata.normalize("NFC", text.lower())


def idna_domain(text: str) -> str:
    """The text with the domain behind its last ``@`` in ASCII (UTS 46, non-transitional, STD3 rules).

    A domain that cannot be encoded stays as it is, and so does a text without ``@``; ``is_valid`` judges them later.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        return text
    encode = ascii_domain if len(domain) <= MAX_DOMAIN else ascii_domain.__wrapped__
    try:
        encoded = encode(domain)
    except UnicodeError:  # of which IDNAError is one
        return text
    return f"{local}@{encoded}"


# Most people share a few domains, and each costs what the rest of a request does.
@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """Raises UnicodeError for one that cannot be encoded."""
    return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")


STEPS = {"nfkc": nfkc, "trim": trim, "lower": lower, "idna": idna_domain}


def normalize(address: str) -> str:
    """The form in which an address is stored and compared. Never raises; doing it twice changes nothing more."""
    for step in STEPS.values():
        address = step(address)
    return address


def is_valid(address: str) -> bool:
    """Whether a normalised address may register: RFC 5321 limits, RFC 5322 dot-atom, RFC 1123 host name."""
    local, _, domain = address.rpartition("@")
    return len(local) <= MAX_LOCAL and DOT_ATOM.fullmatch(local) is not None and is_domain(domain)


def is_domain(domain: str) -> bool:
    """Whether it is a host name in ASCII, of two labels at least."""
    labels = domain.split(".")
    # A last label of digits only would be an IPv4 address or a piece of one (RFC 3696 section 2).
    return len(domain) <= MAX_DOMAIN and len(labels) >= 2 and all(map(_is_label, labels)) and not labels[-1].isdigit()


def _is_label(label: str) -> bool:
    return len(label) <= MAX_LABEL and LDH_LABEL.fullmatch(label) is not None


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def is_disposable(domain: str, blocked: frozenset[str]) -> bool:
    """Whether the domain or one above it is blocked: throw-away services hand out subdomains by the thousand."""
    while domain:
        if domain in blocked:
            return True
        domain = domain.partition(".")[2]
    return False
