"""A country or city database in the MaxMind format, on our own disk."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import structlog
from maxminddb import MODE_MEMORY, Reader, open_database

from domain.config_keys import Config, TextKey
from providers.ports import ProviderUnavailable
from providers.settings import required

PATH = TextKey("external.geoip.maxmind.path", "", "a MaxMind-format country or city database; empty for none")

RECHECK_SECONDS = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Opened:
    path: str
    modified: int | None
    reader: Reader | None


class MaxMind:
    """A replaced file is noticed within a minute. Until then a file that did not open is not tried again."""

    name = "maxmind"

    def __init__(self, config: Config, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._monotonic = monotonic
        self._opening = asyncio.Lock()
        self._opened = _Opened("", None, None)
        self._recheck_at = 0.0
        self._fault_told_of: _Opened | None = None

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        path = self._config[PATH]
        if ip is None or not path:
            return None
        opened = await self._current(path)
        if opened.reader is None:
            return None
        try:
            return _country_of(opened.reader.get(_address(ip)))
        except Exception as fault:
            self._tell_once(opened, fault)
            return None

    async def probe(self) -> str:
        """What the file says of itself."""
        path = required(self._config, PATH)
        try:
            about = await asyncio.to_thread(_about, path)
        except Exception as fault:  # as in _reopen
            raise ProviderUnavailable(f"the database cannot be used ({type(fault).__name__})") from None
        return about

    async def _current(self, path: str) -> _Opened:
        if self._is_fresh(path):
            return self._opened
        async with self._opening:
            if not self._is_fresh(path):
                await self._reopen(path)
            return self._opened

    def _is_fresh(self, path: str) -> bool:
        return path == self._opened.path and self._monotonic() < self._recheck_at

    async def _reopen(self, path: str) -> None:
        try:
            self._opened = await asyncio.to_thread(_open_if_changed, path, self._opened)
        except Exception as fault:  # a file that is none of ours makes the parser raise anything
            self._opened = _Opened(path, None, None)
            log.warning("geoip.database_unusable", path=path, fault=type(fault).__name__)
        self._recheck_at = self._monotonic() + RECHECK_SECONDS

    def _tell_once(self, opened: _Opened, fault: Exception) -> None:
        # Such as an IPv6 address in an IPv4 database: true of every other request, and its text repeats the address.
        if self._fault_told_of is not opened:
            self._fault_told_of = opened
            log.warning("geoip.lookup_failed", path=opened.path, fault=type(fault).__name__)


def _open_if_changed(path: str, opened: _Opened) -> _Opened:
    modified = os.stat(path).st_mtime_ns
    if path == opened.path and modified == opened.modified:
        return opened
    return _Opened(path, modified, open_database(path, MODE_MEMORY))


def _about(path: str) -> str:
    with open_database(path, MODE_MEMORY) as reader:
        about = reader.metadata()
    return f"database of {datetime.fromtimestamp(about.build_epoch, UTC):%Y-%m-%d}, IPv{about.ip_version}"


def _address(ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(ip)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _country_of(record: Any) -> str | None:
    country = record.get("country") if isinstance(record, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else None
