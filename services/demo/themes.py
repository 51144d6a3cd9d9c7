"""A theme for the web client, in light and dark."""

from datetime import datetime

from domain.platform.themes import ACTIVE, EDITION
from persistence.models import ThemePreset
from persistence.repositories import Repositories

LIGHT = {
    "background": "#fbfaff",
    "surface": "#ffffff",
    "foreground": "#1d1d26",
    "muted": "#5b5b6b",
    "border": "#e4e2f0",
    "primary": "#4338ca",
    "primaryForeground": "#ffffff",
    "accent": "#db2777",
    "success": "#15803d",
    "warning": "#b45309",
    "danger": "#b91c1c",
    "shadow": "0 1px 2px rgb(29 29 38 / 8%), 0 8px 24px rgb(67 56 202 / 10%)",
}
DARK = {
    "background": "#12121a",
    "surface": "#1c1c28",
    "foreground": "#f4f4f7",
    "muted": "#a5a5b8",
    "border": "#32324a",
    "primary": "#a5b4fc",
    "primaryForeground": "#1e1b4b",
    "accent": "#f9a8d4",
    "success": "#86efac",
    "warning": "#fcd34d",
    "danger": "#fca5a5",
    "shadow": "0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 30%)",
}
TYPOGRAPHY = {
    "fontSans": 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
    "fontMono": "ui-monospace, Menlo, Consolas, monospace",
    "baseSize": "1rem",
    "lineHeight": "1.55",
    "headingWeight": "650",
}
LAYOUT = {"radius": "0.75rem", "gap": "1.5rem", "pageWidth": "min(100%, 72rem)"}


async def seed(db: Repositories, now: datetime) -> None:
    await db.editions.move_on(EDITION)
    await db.demo.add(
        ThemePreset,
        name="Daylight",
        slug="daylight",
        target="CLIENT",
        state=ACTIVE,
        description="An example, made by the first start.",
        light_tokens=LIGHT,
        dark_tokens=DARK,
        typography=TYPOGRAPHY,
        layout=LAYOUT,
        published_at=now,
        activated_at=now,
    )
