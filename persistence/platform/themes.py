"""Themes. Changes move the edition first: there they wait for each other, so that a target has one active theme."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from domain.platform.themes import ACTIVE, BEFORE, PUBLISHED
from persistence.engine.keyset import Keyset
from persistence.engine.versioned import VersionedRows
from persistence.models import ThemePreset
from persistence.models.platform.themes import IS_ACTIVE, IS_OFFERED

Row = ThemePreset
SHOWN = 100
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
ACTIVE_ONE = select(Row).where(Row.target == bindparam("target"), IS_ACTIVE)
OFFERED = select(Row).where(Row.target == bindparam("target"), IS_OFFERED).order_by(Row.name, Row.id).limit(SHOWN)


class Themes(VersionedRows[ThemePreset]):
    model = Row

    async def active(self, target: str) -> ThemePreset | None:
        return await self._connection.scalar(ACTIVE_ONE, target=target)

    async def offered(self, target: str) -> Sequence[ThemePreset]:
        """By name, as many as are shown."""
        return await self._connection.scalars(OFFERED, target=target)

    async def newest(
        self, keys: Sequence[Any] | None, rows: int, target: str | None, state: str | None
    ) -> Sequence[ThemePreset]:
        themes = select(Row)
        if target is not None:
            themes = themes.where(Row.target == target)
        if state is not None:
            themes = themes.where(Row.state == state)
        return await self._connection.scalars(NEWEST.page(themes, keys, rows))

    async def move(self, theme: ThemePreset, to: str, version: int, now: datetime) -> ThemePreset | None:
        """The theme as it is then. None when it has another version, or is in a state that does not lead there.

        The theme that an active one replaces is freed by the same statement.
        """
        moved = (
            update(Row)
            .where(Row.id == theme.id, Row.version == version, Row.state.in_(BEFORE[to]))
            .values(
                state=to,
                version=version + 1,
                updated_at=now,
                published_at=func.coalesce(Row.published_at, now) if to == PUBLISHED else Row.published_at,
                activated_at=now if to == ACTIVE else Row.activated_at,
            )
            .returning(Row)
        )
        if to == ACTIVE:
            freed = _freed(theme.target, now)
            # To read what was freed is what makes the database free it first.
            moved = moved.add_cte(freed).where(select(func.count()).select_from(freed).scalar_subquery() >= 0)
        return await self._connection.scalar(moved)


def _freed(target: str, now: datetime) -> Any:
    former = update(Row).where(Row.target == target, IS_ACTIVE)
    return former.values(state=PUBLISHED, version=Row.version + 1, updated_at=now).returning(Row.id).cte("freed")
