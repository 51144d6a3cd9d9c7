"""What a comparison of visits with their sums has found."""

from datetime import date

import structlog

log = structlog.get_logger(__name__)


class VisitReport:
    def tell(self, day: date, wrong: int) -> None:
        """A line of the log, and a warning where sums of pages had to be made anew."""
        (log.warning if wrong else log.info)("visits.recounted", day=str(day), wrong=wrong)
