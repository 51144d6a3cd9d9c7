"""How the front ends look."""

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import admin as wire
from persistence.models.base import Base, Created, Identified, one_of

EMPTY = text("'{}'::jsonb")
IS_ACTIVE = text("state = 'ACTIVE'")
IS_OFFERED = text("state IN ('PUBLISHED', 'ACTIVE')")
NEWEST = (text("created_at DESC"), text("id DESC"))


class ThemePreset(Identified, Created, Base):
    """At most one of a target is active; which targets there are, the contract says. Tokens and assets go by names."""

    __tablename__ = "theme_presets"
    __table_args__ = (
        one_of("state", get_args(wire.ThemeState)),
        Index("uq_theme_presets_slug", "target", "slug", unique=True),
        Index("uq_theme_presets_active", "target", unique=True, postgresql_where=IS_ACTIVE),
        Index("ix_theme_presets_offered", "target", "name", "id", postgresql_where=IS_OFFERED),
        Index("ix_theme_presets_newest", *NEWEST),
        Index("ix_theme_presets_target", "target", *NEWEST),
        Index("ix_theme_presets_state", "state", *NEWEST),
    )

    name: Mapped[str]
    slug: Mapped[str]
    target: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="DRAFT")
    description: Mapped[str | None]
    thumbnail: Mapped[str | None]
    light_tokens: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY)
    dark_tokens: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY)
    typography: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY)
    layout: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY)
    assets: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    published_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
