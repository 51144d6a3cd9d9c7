"""What a terminal is told while something takes a while, and a box at the end: on standard error, as logs are."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from runtime.settings import Settings

NAME = "biore"
HOME = "/docs"
QUARTERS = (25, 50, 75)
PAUSE_SECONDS = 3.0


class Startup:
    """Of ``biore serve`` in development: each stage with the seconds since the start, then where everything is."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._began = time.monotonic()

    def stage(self, words: str) -> None:
        click.echo(f"{_seconds(self._began):>7}  {words}", err=True)

    def ready(
        self, settings: Settings, *, with_worker: bool, unowned: bool, examples: Sequence[str] = (), api: str = ""
    ) -> None:
        title = f"BIO.RE {self._version} is running; it started in {_seconds(self._began)}"
        rows = [
            ("API", f"{settings.own_origin}{api}"),
            ("Portal", f"{settings.own_origin}{HOME}{_state(settings)}"),
            ("Contract", f"{settings.own_origin}/openapi.yaml"),
            ("Mailbox", f"{invoked_as()} mailbox" if with_worker else f"none until `{invoked_as()} worker` runs"),
            ("First call", "see README.md"),
            *([("Examples", f"{', '.join(examples)}; `{invoked_as()} demo clear` removes them")] if examples else []),
            *([("First owner", f"{invoked_as()} admin create EMAIL")] if unowned else []),
            ("Stop", "Ctrl-C"),
        ]
        click.echo(box(title, rows), err=True)


class PortalBuild:
    """Of ``biore portal build``. ``beside`` a server there is a line at the beginning, at each quarter of a build that
    takes a while, and at the end; alone there is one line that grows, or without a terminal a line for each stage.
    """

    def __init__(self, *, beside: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._beside = beside
        self._clock = clock
        self._began = self._said = clock()
        self._stage = ""
        self._told = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        changed, self._stage = stage != self._stage, stage
        percent = 100 * done // total if total else 0
        if not self._beside:
            self._show(changed, stage, f" {percent} %" if total else "")
        elif not self._told and changed:
            self._told = 1
            self._say("building the pages in the background")
        elif self._clock() - self._said > PAUSE_SECONDS and (
            passed := [quarter for quarter in QUARTERS if self._told < quarter <= percent]
        ):
            self._told = passed[-1]
            self._say(f"{passed[-1]} % of the pages after {self._seconds}")

    def end(self, where: str) -> None:
        if not self._beside and sys.stderr.isatty():
            click.echo(err=True)
        self._say(f"ready after {self._seconds}: {where}")

    def _show(self, changed: bool, stage: str, percent: str) -> None:
        """On a terminal one line that grows; elsewhere a line for each stage."""
        if sys.stderr.isatty():
            click.echo(f"\r{f'portal: {stage}{percent}, {self._seconds}':<70}", nl=False, err=True)
        elif changed:
            self._say(f"{stage}, after {self._seconds}")

    @property
    def _seconds(self) -> str:
        return f"{self._clock() - self._began:.1f} s"

    def _say(self, words: str) -> None:
        self._said = self._clock()
        click.echo(f"portal: {words}", err=True)


def box(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A frame of lines where the terminal can show them."""
    width = max(len(name) for name, _ in rows)
    lines = [title, "", *(f"{name:<{width}}  {value}" for name, value in rows)]
    inner = max(map(len, lines))
    corners = "┌─┐│└┘" if "utf" in (sys.stderr.encoding or "").lower() else "+-+|++"
    left, line, right, side, low_left, low_right = tuple(corners)
    return "\n".join(
        (
            f"{left}{line * (inner + 2)}{right}",
            *(f"{side} {text:<{inner}} {side}" for text in lines),
            f"{low_left}{line * (inner + 2)}{low_right}",
        )
    )


def invoked_as() -> str:
    """The command as it was typed, where that can be typed again."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == NAME else NAME


def _state(settings: Settings) -> str:
    if (settings.portal_folder / "docs" / "index.html").is_file():
        return ""
    return "  (being built; the page shows how far it is)" if settings.portal_dir is None else "  (not built)"


def _seconds(since: float) -> str:
    return f"{time.monotonic() - since:.1f} s"
