"""The picture of an account. Files that are not shown any more are deleted by the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import topics

if TYPE_CHECKING:
    from uuid import UUID

    from domain.wire import users as wire
    from handlers.needs import AvatarColumns, Principal, Repositories


async def change(
    body: wire.Avatar, principal: Principal, db: Repositories, avatar_columns: AvatarColumns
) -> wire.Avatar:
    await _show(db, principal.user_id, await avatar_columns(db, body["avatarUrl"], principal.user_id))
    return {"avatarUrl": body["avatarUrl"]}


async def remove(principal: Principal, db: Repositories) -> None:
    await _show(db, principal.user_id, {"avatar_url": None, "avatar_key": None})


async def _show(db: Repositories, user_id: UUID, columns: dict[str, Any]) -> None:
    user = await db.users.get_for_update(user_id)
    former, ours = user.avatar_url, user.avatar_key is not None
    if former == columns["avatar_url"]:
        return
    await db.users.change(user_id, **columns)
    if former is not None and ours:  # nothing of ours lies at an address elsewhere
        await db.outbox.add(topics.DeleteFile(former, user_id))
