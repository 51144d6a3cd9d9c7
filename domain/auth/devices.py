"""Devices and networks from which an account was signed in to before."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

KNOWN_LIFE = timedelta(days=365)
MAX_KNOWN = 50
"""Pairs of device and network that an account is remembered to have signed in from."""

ID_BYTES = 16
MAC_BYTES = 32
VERSION = b"\x01"


def write_device(device_id: UUID, key: bytes) -> str:
    """URL-safe text that names a device, authenticated with HMAC-SHA256 under ``key``."""
    message = VERSION + device_id.bytes
    return base64.urlsafe_b64encode(message + hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")


def read_device(text: str, keys: Mapping[str, bytes]) -> UUID | None:
    """The device, or None when the text is malformed or signed by none of the ``keys``."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    message, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(message) != len(VERSION) + ID_BYTES or not message.startswith(VERSION):
        return None
    if not any(hmac.compare_digest(mac, hmac.digest(key, message, hashlib.sha256)) for key in keys.values()):
        return None
    return UUID(bytes=message[len(VERSION) :])


def device_hash(user_id: UUID, device_id: UUID) -> bytes:
    """What an account keeps of a device: accounts that share one cannot be told by it."""
    return hashlib.sha256(user_id.bytes + device_id.bytes).digest()


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a call comes from. Networks are keyed hashes, under the key in use first and then under retired ones.

    ``network`` is what counters use, ``area`` coarser: /24 or /48. ``device_id`` is None without our cookie.
    """

    device_id: UUID | None
    family: str | None
    network: tuple[bytes, ...]
    area: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What an account knows of a sighting: its device by the cookie, its network, or enough to say nothing new."""

    device: bool = False
    network: bool = False
    familiar: bool = False
