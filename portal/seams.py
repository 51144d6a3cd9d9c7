"""Parts of the portal that are made elsewhere: a build goes on without those that are not there yet."""

import importlib
from importlib.util import find_spec
from typing import Any


def part(module: str, name: str) -> Any:
    """``name`` of ``portal.<module>``, or None while there is no such module."""
    full = f"portal.{module}"
    return getattr(importlib.import_module(full), name) if find_spec(full) else None
