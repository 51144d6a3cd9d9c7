"""Files that nobody shows any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.needs import Job


async def delete_file(job: Job) -> None:
    """No file is kept here yet, so none is left to delete."""
