"""Which coding of a page a client takes (RFC 9110, 12.5.3)."""

import re
from functools import lru_cache

LONGEST = 512  # of all that is kept of what strangers send
WEIGHTED = re.compile(
    r"(?P<coding>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*[qQ]=(?P<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)


def takes_gzip(accepted: str) -> bool:
    """Whether gzip suits the client, and not less than the page as it is. ``accepted``: all lines, joined by commas."""
    return len(accepted) <= LONGEST and _takes_gzip(accepted)


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    weights = {}
    for part in accepted.split(","):
        if (match := WEIGHTED.fullmatch(part.strip(" \t"))) is not None:
            weights[match["coding"].lower()] = float(match["weight"] or 1)
    others = weights.get("*", 0.0)
    gzip = weights.get("gzip", weights.get("x-gzip", others))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)
