"""Kill switches as staff sees and sets them: by whether the feature runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.admin import require_fresh
from domain.admin.config import Entry
from domain.clock import timestamp
from domain.config_keys import Config
from domain.switches import SwitchKey
from domain.users import Principal
from domain.wire import admin as wire


@dataclass(frozen=True, slots=True)
class Switch:
    """With the operations that it stops, and the code that they are refused with."""

    key: SwitchKey
    affects: Sequence[str]
    error: str | None

    @property
    def name(self) -> str:
        return self.key.name

    def value_for(self, *, on: bool) -> bool:
        """What the key is set to."""
        return on is not self.key.stops_while_true

    def is_on(self, entry: Entry) -> bool:
        return not self.key.stops(entry.value)


def switch_view(switch: Switch, entry: Entry, change: Any) -> wire.Switch:
    """``change``: the last one of the key. Nobody set a switch that has its default."""
    told = change if entry.changed else None
    return {
        "name": switch.name,
        "meaning": entry.meaning,
        "on": switch.is_on(entry),
        "since": timestamp(entry.updated_at) if entry.changed else None,
        "by": str(entry.updated_by) if entry.changed and entry.updated_by else None,
        "source": told and told.source,
        "reason": told and told.reason,
        "until": timestamp(entry.until),
        "affects": list(switch.affects),
        "error": switch.error,
        "version": entry.version,
    }


def require_may_switch(
    switch: Switch, entry: Entry, principal: Principal, now: datetime, config: Config, *, on: bool, ends: bool
) -> None:
    """To stop something is quick. What turns it on, now or when the stop ``ends``, asks for a proof.

    Raises ApiError admin.reauthentication_required.
    """
    if on or (ends and not switch.is_on(entry)):
        require_fresh(principal.confirmed_at, now, config)
