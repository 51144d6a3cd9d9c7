"""Announcements to everybody."""

from typing import Any

from domain.presenting import presented
from domain.wire import content as wire


def announcement_view(row: Any) -> wire.PublicAnnouncement:
    return presented(wire.PublicAnnouncement, row, content=row.html, locale=row.locale or None)
