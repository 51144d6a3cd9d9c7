"""Categories of the blog, of the help center and of questions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from persistence.engine.connection import Connection
from persistence.models import ContentCategory

Row = ContentCategory
SHOWN = select(Row.id, Row.slug, Row.name, Row.description, Row.icon, Row.icon_background, Row.sort_order)


class Categories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def active(self, kind: str, limit: int, locale: str | None = None) -> Sequence[Any]:
        """In their order; of one language, or of all."""
        rows = SHOWN.where(Row.kind == kind, Row.active)
        if locale is not None:
            rows = rows.where(Row.locale == locale)
        return await self._connection.rows(rows.order_by(Row.sort_order, Row.id).limit(limit))
