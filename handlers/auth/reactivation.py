"""The way back into a deactivated account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.auth import read_one_time_token
from domain.users import reactivation_view

if TYPE_CHECKING:
    from domain.wire import auth as wire
    from handlers.needs import Clock, Repositories


async def validate(token: str, db: Repositories, clock: Clock) -> wire.Reactivation:
    parsed = read_one_time_token(token)
    found = await db.reactivation_tokens.state(parsed, clock()) if parsed is not None else None
    return reactivation_view(found)
