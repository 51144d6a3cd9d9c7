"""Pages of the site."""

from typing import Any

from domain.presenting import presented
from domain.wire import content as wire


def page_view(row: Any) -> wire.SitePage:
    return presented(wire.SitePage, row, content=row.html)


def summary_view(row: Any) -> wire.SitePageSummary:
    return presented(wire.SitePageSummary, row)
