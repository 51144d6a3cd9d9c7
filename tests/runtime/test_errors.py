"""What exceptions of any layer amount to."""

from errno import EACCES, EMFILE, ENFILE

import pytest

from runtime.errors import as_api_error


@pytest.mark.parametrize(
    ("number", "code"), [(EMFILE, "service.unavailable"), (ENFILE, "service.unavailable"), (EACCES, "internal.error")]
)
def test_a_process_without_files_is_busy_and_not_broken(number: int, code: str) -> None:
    assert as_api_error(OSError(number, "")).code == code
