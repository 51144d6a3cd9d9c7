"""What a handler may ask for, by the name of its parameter. Types only: nothing of this is imported at run time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from domain.config_keys import Config
from domain.keys import DigestsOf
from domain.users import Client
from persistence.repositories import Repositories
from persistence.uow import UnitOfWork
from providers.dns.deliverability import MailRules
from providers.registry import GeoIpFamily as GeoIp
from providers.registry import LeakedPasswordsFamily as LeakedPasswords
from providers.registry import OAuthFamily as OAuth
from providers.registry import StorageFamily as Storage
from runtime.call import Principal
from runtime.changes import Changes
from runtime.cookie import Carrier
from runtime.current_password import CurrentPassword
from runtime.hasher import CallersHasher as Hasher
from runtime.links import ExportLinks
from runtime.second_factor import SecondFactor
from runtime.tokens import Tokens
from runtime.turns import OneByOne
from runtime.visitor import Visitor

Body: TypeAlias = Mapping[str, Any]
Clock: TypeAlias = Callable[[], datetime]
RandomBytes: TypeAlias = Callable[[int], bytes]
AvatarColumns: TypeAlias = Callable[[Repositories, str, UUID], Awaitable[dict[str, str | None]]]
Say: TypeAlias = Callable[[str], str]
QrCode: TypeAlias = Callable[[str], str]
SitePaths: TypeAlias = Collection[str]
RegionOf: TypeAlias = Callable[[str], str | None]
DeviceOf: TypeAlias = Callable[[str | None], str | None]

__all__ = [
    "AvatarColumns",
    "Body",
    "Carrier",
    "Changes",
    "Client",
    "Clock",
    "Config",
    "CurrentPassword",
    "DeviceOf",
    "DigestsOf",
    "ExportLinks",
    "GeoIp",
    "Hasher",
    "LeakedPasswords",
    "MailRules",
    "OAuth",
    "OneByOne",
    "Principal",
    "QrCode",
    "RandomBytes",
    "RegionOf",
    "Repositories",
    "Say",
    "SecondFactor",
    "SitePaths",
    "Storage",
    "Tokens",
    "UnitOfWork",
    "Visitor",
]
