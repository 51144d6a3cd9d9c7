"""Addresses and networks of clients, and what they are counted by."""

import ipaddress
from functools import lru_cache
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


MAX_ADDRESS = 45  # an IPv6 address that ends as an IPv4 one; with a zone it is nobody's beyond its link
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address; an IPv4 one wrapped in IPv6 is folded to itself."""
    return _known_address(text) if len(text) <= MAX_ADDRESS and "%" not in text else None


@lru_cache(maxsize=8192)
def _known_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address of a client whose IPv6 one is made from it: by 6to4, by Teredo, or by NAT64 on its way."""
    if address in NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


@lru_cache(maxsize=8192)
def within(text: str, networks: tuple[Network, ...]) -> bool:
    address = address_of(text)
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=8192)
def network_of(ip: str | None) -> str:
    """What a client is counted by: an IPv4 address, or the /64 of an IPv6 one, which is one customer's. Who has an
    IPv4 address has as many of those made from it as he likes: they count as that one, but no proxy is trusted by it.
    """
    address = address_of(ip) if ip else None
    if address is None:
        return "unknown"
    counted = (_carried(address) if address.version == 6 else None) or address
    return str(counted) if counted.version == 4 else str(ipaddress.ip_network((counted, 64), strict=False))


@lru_cache(maxsize=8192)
def wider_networks(network: str) -> tuple[str, ...]:
    """The /56 and the /48 around the /64 of an IPv6 client: providers give their customers as much."""
    address, _, length = network.partition("/")
    if length != "64":
        return ()
    return tuple(str(ipaddress.ip_network((address, wide), strict=False)) for wide in (56, 48))


@lru_cache(maxsize=8192)
def traced_network(network: str) -> str | None:
    """What the audit trail keeps of a network: /24 or /48."""
    address = address_of(network.partition("/")[0])
    if address is None:
        return None
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def is_network(text: str) -> bool:
    """Whether it is a network in CIDR notation whose address has no bits beyond its length."""
    try:
        network(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def network(text: str) -> Network:
    """Raises ValueError."""
    return ipaddress.ip_network(text)
