"""What a ``Host`` may be (RFC 9112, 3.2), and whether it names this machine alone."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

LONGEST = 255 + len(":65535")
MOST_DOMAINS = 3
# Names as DNS has them, percent-encoded ones included. The grammar allows "," too: no host has it, merged lines do.
HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+))(?::(?P<port>[0-9]*))?"
)


def is_host(value: str) -> bool:
    """Whether the value names a host, with or without a port."""
    return _name(value) is not None


def is_loopback(host: str) -> bool:
    """Whether the value of ``Host`` is ``localhost`` or a loopback address: a name that no foreign DNS answers for."""
    name = _name(host)
    return name is not None and is_loopback_address(name)


def is_loopback_address(host: str) -> bool:
    """As ``is_loopback``, of a host without port and brackets."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().removesuffix(".") == "localhost"


def _name(value: str) -> str | None:
    return _read(value) if len(value) <= LONGEST else None


@lru_cache(maxsize=1024)
def _read(value: str) -> str | None:
    """The host in lower case, without port and brackets; None where there is none."""
    match = HOST.fullmatch(value)
    if match is None or int(match["port"] or 0) > 65535 or (match["v6"] and not _is_v6(match["v6"])):
        return None
    return (match["v6"] or match["name"]).lower()


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def domains_of(host: str) -> list[str]:
    """The domains whose cookies a browser sends to the host: its own name and those above it; none for an address."""
    name = _name(host)
    labels = (name or "").removesuffix(".").split(".")
    if len(labels) < 2 or ":" in labels[0] or labels[-1].isdecimal():
        return []
    return [".".join(labels[at:]) for at in range(len(labels) - 1)][-MOST_DOMAINS:]
