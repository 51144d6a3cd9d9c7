"""Changes of how an account is signed in to that its owner did not make."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import topics
from domain.auth import RESET_TTL_MINUTES, read_one_time_token
from domain.auth.changes import YOUNG_DAYS
from domain.errors import ApiError
from domain.users import mask_email

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.wire import auth as wire
    from handlers.needs import Changes, Clock, Config, Repositories


async def undo(body: wire.UndoChangeRequest, db: Repositories, config: Config, clock: Clock, changes: Changes) -> None:
    token, now = read_one_time_token(body["token"]), clock()
    change = await db.credential_changes.take(token, now) if token is not None else None
    if change is None:
        raise ApiError("auth.undo_change.invalid_token")
    if change.former is None:
        await _disown(db, change, now)
    else:
        await _give_back(db, change, change.former, config, changes, now)
    await db.sessions.revoke_all(change.user_id, now)
    await db.known_devices.forget(change.user_id)
    await db.audit.record("auth.undo_change.success", actor=change.user_id, target=change.user_id, kind=change.kind)


async def _disown(db: Repositories, change: Any, now: datetime) -> None:
    """Somebody opened the account with the address of another, who wants none: it is gone, or if there was a session
    forgotten within days, unless claimed. What was uploaded goes in either case."""
    if not await db.users.forget_unused(change.user_id):
        await db.users.void(change.user_id, now)
        await db.users.change(change.user_id, email_verified=False, avatar_url=None, avatar_key=None)
        await db.files.disown(change.user_id)
        await _stay_open(db, change.user_id, now)


async def _give_back(
    db: Repositories, change: Any, former: str, config: Config, changes: Changes, now: datetime
) -> None:
    """All as before the change, but the password: whoever made the change may know it, so a new one is to be chosen."""
    held = await db.users.get_for_update(change.user_id)
    left, left_proven, left_name = held.email, held.email_verified, held.username
    await changes.put_back(db, change, former)
    user = await db.users.get_for_update(change.user_id)
    if user.email != left:
        await _move_back(db, user, left if left_proven else None)
    # The name that is left was not the owner's choice: it is free at once.
    if user.username is not None and user.username != left_name:
        await db.usernames.remember(user.id, left_name, user.username, now)
        await db.referrals.repoint(user.id, user.username)
    # A young platform may be that of whoever made the change, and would sign in before the owner does.
    await db.oauth_links.remove_since(change.user_id, now - timedelta(days=config[YOUNG_DAYS]))
    await db.users.void_links(change.user_id, now)
    await _stay_open(db, change.user_id, now)
    token = await db.password_resets.start(change.user_id, now, timedelta(minutes=config[RESET_TTL_MINUTES]))
    await db.outbox.add(topics.ChangeUndone(change.user_id), secret=str(token))


async def _stay_open(db: Repositories, user_id: UUID, now: datetime) -> None:
    """Leaving is taken back, too: it was not the owner's wish."""
    await db.users.change_status(user_id, "DEACTIVATED", "ACTIVE")
    await db.gdpr_requests.cancel_deletion(user_id, now)


async def _move_back(db: Repositories, user: Any, left: str | None) -> None:
    """A mailbox that was left is no way past a second factor: whoever moved the account away had passed the one that
    was on. So it stays, also at the reset that follows. Who reads the address ``left`` now learns of it at once."""
    if user.two_factor_enabled:
        await db.users.change(user.id, owner_unproven=False)
    if left is not None:
        await db.outbox.add(topics.AddressReturned(user.id, mask_email(user.email)), secret=left)
