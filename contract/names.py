"""Names of the contract, as Python has them."""

import re
from functools import cache

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@cache
def argument_name(name: str) -> str:
    """The name under which a handler takes a parameter: ``creatorId`` -> ``creator_id``."""
    return CAMEL.sub("_", name).replace("-", "_").lower()
