"""Owners who are told that staff was asked to recover their account, and the new address of such an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.auth import read_one_time_token
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import auth as wire
    from handlers.needs import Clock, Repositories


async def stop(body: wire.StopRecoveryRequest, db: Repositories, clock: Clock) -> None:
    """A second press of the button finds it stopped, and changes nothing."""
    token = read_one_time_token(body["token"])
    request = await db.recoveries.hold_by_stop(token) if token is not None else None
    if request is None or request.state not in ("PENDING", "STOPPED"):
        raise ApiError("auth.recovery.invalid_token")
    if await db.recoveries.end(request.id, "STOPPED", clock()) is not None:
        await db.outbox.add(topics.RecoveryEnded(request.user_id))
        await db.audit.record("auth.recovery.stopped", target=request.user_id, request=str(request.id))


async def confirm(body: wire.ConfirmRecoveryRequest, db: Repositories, clock: Clock) -> None:
    """It proves who reads the address, and opens nothing: the request takes effect in its own time."""
    token = read_one_time_token(body["token"])
    request = await db.recoveries.hold_by_proof(token) if token is not None else None
    if request is None or request.state != "PENDING":
        raise ApiError("auth.recovery.invalid_token")
    if await db.recoveries.prove(request.id, clock()):
        await db.audit.record("auth.recovery.confirmed", target=request.user_id, request=str(request.id))
