"""Words that descriptions, side effects and errors are not written in, with the ones to use in their place."""

import re
from collections.abc import Iterator

INSTEAD = {
    r"answers?|answered|answering": "respond, return, response",
    r"anew": "again",
    r"asks? for|asked for|asking for": "require, request",
    r"e-mails?": "email",
    r"good for": "valid for",
    r"heeds?|heeded": "follow, support",
    r"hereby": "by this call",
    r"looks? at|looked at|looking at": "check, read",
    r"mends?|mended|mending": "fix, correct",
    r"nothing to say": "no data",
    r"proves? the address|proved the address": "verify the address",
    r"somebody|whoever": "the user, the caller, someone",
    r"tells?|told|telling": "return, state, notify",
    r"trades?|traded": "exchange",
    r"wish|wishes|wished": "request",
}
REFUSED = re.compile("|".join(rf"(\b(?:{words})\b)" for words in INSTEAD), re.IGNORECASE)
REMEDIES = tuple(INSTEAD.values())
# A name in code, or a value, is what it is.
CODE = re.compile(r"`[^`]*`")


def faults(text: str) -> Iterator[tuple[str, str]]:
    """Each refused word of a text, and what to write in its place."""
    for found in REFUSED.finditer(" ".join(CODE.sub(" ", text).split())):
        yield found[0], REMEDIES[(found.lastindex or 1) - 1]
