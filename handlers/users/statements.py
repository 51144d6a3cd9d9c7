"""Restrictions of the account and its content, with their reasons."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.users.statements import own_statement_view

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Config, Principal, Repositories, Walk


async def list(principal: Principal, db: Repositories, walk: Walk, config: Config) -> wire.OwnStatements:  # noqa: A001
    rows = await db.statements.of(principal.user_id, walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row[0].created_at, row[0].id))
    return {"items": [own_statement_view(row, config) for row in shown], "nextCursor": further}
