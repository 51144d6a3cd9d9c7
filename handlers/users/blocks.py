"""Whom a person does not want to hear from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import ApiError
from domain.users.blocks import blocked_view

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Principal, Repositories


async def list(principal: Principal, db: Repositories, max_items: int) -> wire.BlockedUsers:  # noqa: A001
    rows, total = await db.blocks.list_for(principal.user_id, max_items)
    return {"items": [blocked_view(row) for row in rows], "total": total}


async def add(user_id: str, principal: Principal, db: Repositories) -> None:
    owner, blocked = principal.user_id, UUID(user_id)
    if blocked == owner:
        raise ApiError("user.block.self")
    await db.users.require_present(owner, blocked)
    if not await db.blocks.add(owner, blocked):
        raise ApiError("user.block.already_blocked")
    await db.audit.record("user.block.success", actor=owner, target=blocked)


async def remove(user_id: str, principal: Principal, db: Repositories) -> None:
    owner, blocked = principal.user_id, UUID(user_id)
    if not await db.blocks.remove(owner, blocked):
        raise ApiError("user.block.not_blocked")
    await db.audit.record("user.unblock.success", actor=owner, target=blocked)
