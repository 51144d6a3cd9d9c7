"""Names of devices, as people know them."""

from functools import lru_cache

from ua_parser import parse

parse("")  # compiles its patterns, which takes too long for a request to wait for


@lru_cache(maxsize=1024)
def device_of(user_agent: str | None) -> str | None:
    """``Chrome on macOS`` from a User-Agent; None when it names neither browser nor system."""
    if not user_agent:
        return None
    parsed = parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else None
    system = parsed.os.family.replace("Mac OS X", "macOS") if parsed.os else None
    return f"{browser} on {system}" if browser and system else browser or system
