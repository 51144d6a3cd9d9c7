"""What exceptions of any layer amount to."""

from errno import EACCES, EMFILE, ENFILE

import psycopg
import pytest
from structlog.testing import capture_logs

from runtime.web.errors import as_api_error

DEADLOCK = psycopg.errors.DeadlockDetected("deadlock detected")


@pytest.mark.parametrize(
    ("number", "code"), [(EMFILE, "service.unavailable"), (ENFILE, "service.unavailable"), (EACCES, "internal.error")]
)
def test_a_process_without_files_is_busy_and_not_broken(number: int, code: str) -> None:
    assert as_api_error(OSError(number, "")).code == code


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (DEADLOCK, "database.deadlock"),
        (psycopg.OperationalError("no answer"), "database.unavailable"),
    ],
)
def test_a_deadlock_is_no_outage_but_passes_like_one(error: Exception, event: str) -> None:
    with capture_logs() as logs:
        assert as_api_error(error).code == "service.unavailable"
    assert [entry["event"] for entry in logs] == [event]
