"""What the nightly comparison of the search with the creators has found."""

from collections.abc import Mapping

import structlog

log = structlog.get_logger(__name__)


class SearchReport:
    def tell(self, found: Mapping[str, int]) -> None:
        """A line of the log, and a warning where creators could not be found, or not as they are."""
        faults = sum(count for name, count in found.items() if name != "compared")
        (log.warning if faults else log.info)("discover.compared", **found)
