"""What a handler may ask for, by the name of its parameter. Types only: nothing of this is imported at run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from domain.config_keys import Config
from domain.users import Client
from persistence.repositories import Repositories
from persistence.uow import UnitOfWork
from providers.dns.deliverability import MailRules
from providers.registry import GeoIpFamily as GeoIp
from runtime.call import Principal
from runtime.hasher import Hasher
from runtime.tokens import Tokens
from runtime.wiring import Carrier

Body: TypeAlias = Mapping[str, Any]
Clock: TypeAlias = Callable[[], datetime]
Digest: TypeAlias = Callable[..., bytes]
RandomBytes: TypeAlias = Callable[[int], bytes]
Say: TypeAlias = Callable[[str], str]

__all__ = [
    "Body",
    "Carrier",
    "Client",
    "Clock",
    "Config",
    "Digest",
    "GeoIp",
    "Hasher",
    "MailRules",
    "Principal",
    "RandomBytes",
    "Repositories",
    "Say",
    "Tokens",
    "UnitOfWork",
]
