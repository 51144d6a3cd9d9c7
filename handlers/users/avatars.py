"""The picture of an account. Files that are not shown any more are deleted by the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from handlers.needs import Body, Principal, Repositories


async def change(body: Body, principal: Principal, db: Repositories) -> dict[str, Any]:
    await _show(db, principal.user_id, body["avatarUrl"])
    return {"avatarUrl": body["avatarUrl"]}


async def remove(principal: Principal, db: Repositories) -> None:
    await _show(db, principal.user_id, None)


async def _show(db: Repositories, user_id: UUID, url: str | None) -> None:
    user = await db.users.get_held(user_id)
    former = user.avatar_url
    if former == url:
        return
    await db.users.change(user_id, avatar_url=url)
    if former is not None:
        await db.outbox.add("storage.delete_file", url=former, user=str(user_id))
