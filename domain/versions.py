"""Rows that nobody overwrites unseen (``x-biore-versioned``). The handler's UPDATE says ``WHERE version = :v``."""

from domain.errors import ApiError


def moved_on(current: int) -> ApiError:
    """What to raise when the row has another version than the caller has read: 412, which tells the present one."""
    detail = {"field": "If-Match", "rule": "version", "limit": str(current)}
    return ApiError("precondition.failed", details=[detail], version=current)
